"""Bursts: text that arrives at once, as no one types it, and what it is taken for. Pure."""

from __future__ import annotations

import re

SINGLE = 0.005
"""Seconds in which more follows one character of a paste: a serial line at 9600 baud takes 1 ms for
one, at 2400 baud 4 ms. Nobody presses two keys, and hardly a script sends two, so fast.
"""
FEW = 0.02
"""The same after two characters that came at once: serial adapters hand over every 16 ms."""
LINE = 0.05
"""The same after the end of a line, where pastes are split, and before it: what types a paste, as
the consoles of virtual machines do, presses Enter sooner than anybody.
"""
LARGE = 0.5
"""The same after `LARGE_LENGTH` characters, of which the rest may wait for a slow link."""
LARGE_LENGTH = 512

MAX_KEPT = 1024 * 1024
"""Characters that are kept of a burst, far more than a line of hosts takes."""
MOVEMENTS = frozenset("hjkl")
"""Keys that only move the cursor."""
LEAST_PASTED = 3
"""Characters, not all the same, that arrive at once only as a paste."""

_LIST = re.compile(r"[\r\n]\s*[^\s\x00-\x1f\x7f]")
"""End of a line with something after it."""
_LINE_END = re.compile(r"[\r\n]")
_VISIBLE = re.compile(r"[^\s\x00-\x1f\x7f]")
_INVISIBLE = re.compile(r"[\s\x00-\x1f\x7f]+")
_HELD_BACK = re.compile(r"[\r\n\t]")
"""Enter or Tab: behind text it waits until it is known if more follows."""


class Burst:
    """Text that arrived at once, in one read or in several with hardly a pause between them."""

    def __init__(
        self, pending: str, at: float, typed: str = "", *, continues_paste: bool = False
    ) -> None:
        self.pending = pending
        """Text that has not been delivered."""
        self.at = at
        """Time of the last read, in seconds of `time.monotonic`."""
        self.typed = typed
        """Text before it that has been delivered as keys."""
        self.continues_paste = continues_paste
        """True if a paste ended just before it: its Enter measures nothing, and where no line has
        taken that paste, no character of it is a key.
        """

    @property
    def text(self) -> str:
        """The whole of it."""
        return self.typed + self.pending

    @property
    def patience(self) -> float:
        """Seconds of silence after which nothing more belongs to it."""
        if len(self.text) >= LARGE_LENGTH:
            return LARGE
        if _LINE_END.search(self.text):
            return LINE
        return SINGLE if len(self.text) < 2 else FEW

    def patience_for(self, text: str) -> float:
        """Seconds of silence after which this text does not belong to it."""
        return max(self.patience, LINE) if text[:1] in ("\r", "\n") else self.patience

    def extend(self, text: str, at: float) -> None:
        """Add the text of the next read."""
        self.pending += text[: max(0, MAX_KEPT - len(self.text))]
        self.at = at

    def hold(self, *, in_line: bool) -> float:
        """Seconds to wait for more before it is decided what it is; `in_line` with an Input.

        What is a character of a line either way is shown at once, and movements are done at once.
        """
        if in_line:
            waits = self.is_list or self._has_key_behind_text
        else:
            waits = not self._visible <= MOVEMENTS
        return self.patience if waits else 0.0

    def is_paste(self, *, in_line: bool) -> bool:
        """True for a paste; else it is keys.

        Where keys are commands, that is any text with an Enter and any three characters: a held key
        repeats one character, and of those that only move the cursor no harm comes.
        """
        has_line_end = _LINE_END.search(self.text) is not None
        if in_line:
            return self.is_list or (has_line_end and self.continues_paste and bool(self._visible))
        if self.continues_paste and (has_line_end or self._visible):
            return True
        if self._visible <= MOVEMENTS:
            return False
        count = len(_INVISIBLE.sub("", self.text))
        return has_line_end or (count >= LEAST_PASTED and len(self._visible) > 1)

    @property
    def is_list(self) -> bool:
        """True for several lines."""
        return _LIST.search(self.text) is not None

    @property
    def _has_key_behind_text(self) -> bool:
        text, first = self.text, _VISIBLE.search(self.text)
        return first is not None and bool(
            _HELD_BACK.search(text, max(first.end(), len(self.typed)))
        )

    @property
    def _visible(self) -> set[str]:
        return set(_INVISIBLE.sub("", self.text))


def as_keys(text: str) -> str:
    """Keys of a burst: a line end is one Enter (CR), however it came, and so are blank lines."""
    line = text.rstrip("\r\n")
    if line and line != text:
        return f"{line}\r"
    return text.replace("\r\n", "\r").replace("\n", "\r")


def pasted_text(text: str) -> str:
    """Pasted text without control characters, its line ends and tabs kept."""
    return re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text)


def one_line(text: str) -> str:
    """Pasted text for a line that holds no list: its lines with a space between them."""
    return " ".join(filter(None, map(str.strip, text.splitlines())))

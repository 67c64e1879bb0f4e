"""Terminal input: decoding of what is typed, Escape apart from the key after it."""

from __future__ import annotations

import codecs
import re

from textual.events import Key

_ESCAPE = "\x1b"
_PASTE = re.compile(r"\x1b\[20[01]~")
"""Markers of bracketed paste."""
_PASTE_START = "\x1b[200~"
_SEPARATOR = "\x1b[?0;0$y"
"""Report of terminal mode 0, which does not exist: the parser drops it."""
_AFTER_ESCAPE = re.compile(r"(?<=\x1b)(?=[^\x1b\[Obf\x7f\t]|[\[O]\x1b)")
"""Position between Escape and another key. `[` and `O` begin the sequence of a key; terminals send
the others that are excluded here after Escape for Ctrl+Left, Ctrl+Right, Ctrl+W and Shift+Tab.
"""


class KeyDecoder:
    """Decoder of terminal input that separates Escape from the key after it.

    A byte that is no UTF-8 is replaced: Latin-1 terminals and pasted files have some, and Textual's
    reading thread would end over one, and with it the program.

    Of Escape and a key in one read Textual makes Alt, another character or `^`, or it drops the
    Escape. Its events do not tell these from other keys, so the two are separated before.
    """

    def __init__(self) -> None:
        self._utf8 = codecs.getincrementaldecoder("utf-8")("replace")
        self._tail = ""
        """End of the text so far, one character shorter than a paste marker."""
        self._pasting = False

    def decode(self, data: bytes, final: bool = False) -> str:
        """Decode the next bytes."""
        text = self._utf8.decode(data, final)
        known, seen = len(self._tail), self._tail + text
        self._tail = seen[1 - len(_PASTE_START) :]
        if _ESCAPE not in seen:
            return text
        parts = []
        for marker in (*_PASTE.finditer(seen), None):
            end = marker.end() if marker else len(seen)
            parts.append(seen[known:end] if self._pasting else _split_escapes(seen, known, end))
            if marker:
                self._pasting = marker[0] == _PASTE_START
            known = end
        return "".join(parts)


def _split_escapes(text: str, start: int, end: int) -> str:
    """Return text[start:end] with a separator between Escape and the key after it."""
    before = min(start, 1)
    return _AFTER_ESCAPE.sub(_SEPARATOR, text[start - before : end])[before:]


def split_alt(event: Key) -> tuple[Key, ...]:
    """Return Escape and the key after it where Textual reports Alt instead, else the key.

    It does that for `O` when nothing follows, and on Windows. Alt itself comes without a character.
    """
    if event.key.startswith("alt+") and event.character is not None:
        return Key("escape", _ESCAPE), Key(event.character, event.character)
    return (event,)

"""Reads of the terminal: the text that each holds, and the keys and reports between it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from textual._xterm_parser import XTermParser
from textual.events import Event, Key, Paste
from textual.message import Message

from tui.terminal.key_decoder import KeyDecoder

_ESCAPE = "\x1b"
_PASTE_START = "\x1b[200~"
_PASTE_END = "\x1b[201~"

Part = str | Key | Paste
"""Text that came without brackets, typed or pasted; a key that has a sequence; a paste in brackets.
"""


class TerminalRead(Event, bubble=False):
    """Parts of what one read of the terminal held, in their order."""

    def __init__(self, parts: Sequence[Part], silence: float) -> None:
        """`silence` is how many seconds the terminal had nothing to read before it."""
        super().__init__()
        self.parts = parts
        self.silence = silence


class TerminalReader:
    """Splitter of what a terminal sends: text is kept whole, sequences are what Textual reads."""

    def __init__(self) -> None:
        self._decoder = KeyDecoder()
        self._parser = XTermParser()
        self._last = ""
        """The last characters of the parser, as many as a paste marker has."""
        self._pasting = False

    def read(self, data: bytes, final: bool = False) -> Iterator[str | Message]:
        """Parts and other messages of the next bytes."""
        text, at = self._decoder.decode(data, final), 0
        while at < len(text):
            if self._between_sequences and text[at] != _ESCAPE:
                found = text.find(_ESCAPE, at)
                end = found if found >= 0 else len(text)
                yield text[at:end]
                at = end
            else:
                yield from self._parse(text[at])
                at += 1

    def tick(self) -> Iterator[Message]:
        """Keys of a sequence that did not go on, Escape above all."""
        return iter(self._parser.tick())

    def _parse(self, character: str) -> Iterator[Message]:
        self._last = (self._last + character)[-len(_PASTE_START) :]
        if self._last in (_PASTE_START, _PASTE_END):
            self._pasting = self._last == _PASTE_START
        return iter(self._parser.feed(character))

    @property
    def _between_sequences(self) -> bool:
        return not self._pasting and self._parser._timeout_time is None


def keys_of(text: str, at: float) -> list[Key]:
    """Keys of some text without Escape, pressed at a time."""
    keys = [event for event in XTermParser().feed(text) if isinstance(event, Key)]
    for key in keys:
        key.time = at
    return keys

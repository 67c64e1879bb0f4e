"""Escape and the key after it, which a fast hand or a slow line sends as one, are two keys."""

from __future__ import annotations

from collections.abc import Iterable

from textual._xterm_parser import XTermParser
from textual.events import Key

_ESCAPE = "\x1b"
_BEGIN = "[O"
"""What stands behind Escape at the beginning of a longer sequence."""

_known = XTermParser._sequence_to_key_events


def two_keys(self: XTermParser, sequence: str, alt: bool = False) -> Iterable[Key]:
    """The keys of what a terminal sent; Textual makes Alt of Escape, or `^` when more follows,
    and no command is on Alt.
    """
    keys = list(_known(self, sequence))
    behind = sequence[1:]
    if not keys and len(behind) == 1 and sequence[0] == _ESCAPE and behind not in _BEGIN:
        keys, alt = list(_known(self, behind)), True
    if alt and keys:
        yield Key("escape", _ESCAPE)
    yield from keys

"""Width of text on a terminal, in cells. Pure."""

from __future__ import annotations

import unicodedata

_NO_WIDTH = frozenset({"Mn", "Me", "Cf", "Cc"})
_BREAKS = ("; ", ": ", ", ", " (")


def width(text: str) -> int:
    """Cells that a text takes: two for wide characters (Unicode UAX 11), none for marks."""
    if text.isascii():
        return len(text)
    return sum(map(_width_of, text))


def _width_of(char: str) -> int:
    if unicodedata.category(char) in _NO_WIDTH:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, cells: int) -> str:
    """The text in at most this many cells: whole, its first clauses, or its begin with `…`."""
    if width(text) <= cells:
        return text
    begin = _begin(text, cells)
    # A clause that ends with the room is whole as well.
    ends = [at for at in range(len(begin), 0, -1) if text.startswith(_BREAKS, at)]
    for at in ends:
        if begin.count("(", 0, at) == begin.count(")", 0, at):
            return begin[:at]
    return _begin(text, cells - 1).rstrip(" ,;:(") + "…"


def cut_middle(text: str, cells: int) -> str:
    """The text in at most this many cells, its begin and its end: `2001:db8:…:6`."""
    if width(text) <= cells:
        return text
    tail = _begin(text[::-1], (cells - 1) // 2)[::-1]
    return f"{_begin(text, cells - 1 - width(tail))}…{tail}"


def _begin(text: str, cells: int) -> str:
    used = 0
    for at, char in enumerate(text):
        used += _width_of(char)
        if used > cells:
            return text[:at]
    return text

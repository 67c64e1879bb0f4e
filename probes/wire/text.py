"""Text from the network, made harmless for a screen, a log and a report."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from probes.wire.masking import shown

_ESCAPED = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})
"""Control, format (bidi, zero-width, tags), lone surrogates, private use, unassigned."""
INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0"
    "\U00013441\U00013442\U00016fe4\U0001d159\U000e0100-\U000e0fff]"
)
"""Characters of other categories that show nothing: fillers, joiners, variation selectors, blanks.

Default_Ignorable_Code_Point of Unicode, and letters and symbols that have no mark.
"""
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_BREAKS = "\t\n\v\f\r\x85"
_MAX_MARKS = 2
"""Combining marks in a row; more than that only serves to deface the lines around."""


def printable(raw: str | bytes, limit: int = 200) -> str:
    """One line of visible text of at most `limit` characters, cut with an ellipsis; idempotent.

    Bytes are read as UTF-8, what is not valid is replaced. Escape sequences, controls, bidi
    overrides and invisible characters are shown as `\\\\x1b` or `\\\\u202e`; runs of white space
    become one space. Secrets that a probe was given are masked, before anything is cut.
    """
    text = shown(shown(raw).decode("utf-8", "replace") if isinstance(raw, bytes) else raw)
    if len(text) <= limit and text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")
    kept: list[str] = []
    length = 0
    for piece in _visible(text):
        kept.append(piece)
        length += len(piece)
        if length > limit + 1:
            break
    line = "".join(kept).strip(" ")
    return line if len(line) <= limit else line[: max(limit - 1, 0)].rstrip(" ") + "…"[:limit]


def _visible(text: str) -> Iterator[str]:
    space = True
    marks = 0
    for char in text:
        category = unicodedata.category(char)
        if char in _BREAKS or category in _SPACES:
            if not space:
                yield " "
            space = True
            continue
        space = False
        marks = marks + 1 if category in ("Mn", "Me") else 0
        if category in _ESCAPED or INVISIBLE.match(char):
            yield _escape(ord(char))
        elif marks <= _MAX_MARKS:
            yield char


def _escape(code: int) -> str:
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"

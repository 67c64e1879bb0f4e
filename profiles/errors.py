"""The words of a mistake in a profile: where it stands, what is wrong, what would be right."""

from __future__ import annotations

import difflib
import os
import unicodedata
from collections.abc import Iterable

_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_LONGEST = 80
_LONGEST_PATH = 4096


class Mistake(Exception):
    """One mistake: `place` in the file (may be empty) and `text`, without a full stop."""

    def __init__(self, place: str, text: str) -> None:
        super().__init__(place, text)
        self.place = place
        self.text = text

    def __str__(self) -> str:
        return f"{self.place}: {self.text}" if self.place else self.text


def harmful(text: str) -> str:
    """The first character that could steer a terminal or reorder a line; empty if there is none."""
    # Every one of them is unprintable, and most texts are looked through at once so.
    if text.isprintable():
        return ""
    return next((char for char in text if unicodedata.category(char) in _HARMFUL), "")


def harmless(text: str, limit: int = _LONGEST) -> str:
    """The text cut to `limit` characters, with harmful characters written as U+XXXX."""
    cut = text if len(text) <= limit else text[:limit] + "…"
    if cut.isprintable():
        return cut
    return "".join(f"<U+{ord(char):04X}>" if harmful(char) else char for char in cut)


def quoted(text: str) -> str:
    """A text from the file as it may stand in a sentence."""
    return f'"{harmless(text)}"'


def listed(words: Iterable[str]) -> str:
    """Words as a list in a sentence: `"tcp", "udp", "icmp"`."""
    return ", ".join(quoted(word) for word in words)


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word most like this one; empty if none resembles it."""
    # Comparing is quadratic, and a word of the file may be a megabyte long.
    found = difflib.get_close_matches(word[:_LONGEST], list(known), n=1)
    return found[0] if found else ""


def entry(kind: str, number: int, id: object) -> str:
    """The place of a table: `check 3 ("windows.ldap")`, without the id where it has none."""
    return f"{kind} {number} ({quoted(id)})" if isinstance(id, str) and id else f"{kind} {number}"


def at(place: str, key: str) -> str:
    """The place of a key in a table, or at the top of the file where `place` is empty."""
    return f"{place}, key {quoted(key)}" if place else f"key {quoted(key)}"


def printable_path(path: str | os.PathLike[str]) -> str:
    """Path with the characters that a terminal would act on written as `<U+0009>`."""
    return harmless(os.fspath(path), _LONGEST_PATH)

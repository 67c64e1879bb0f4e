"""Sections of a view: runs of rows, with or without a heading above them. Pure.

A place counts rows only; a line counts headings too. Both begin at 0.
"""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Callable
from typing import NamedTuple


class Section(NamedTuple):
    """A run of rows that belong together."""

    group: int
    first: int
    """Place of its first row."""
    size: int
    """Number of its rows."""
    line: int
    """Its first line, that of its heading if it has one."""
    headed: bool


def never(count: int) -> bool:
    """No section has a heading."""
    return False


def always(count: int) -> bool:
    """Every section has a heading."""
    return True


def of_several(count: int) -> bool:
    """A section of several rows has a heading; a single row says itself what it is of."""
    return count > 1


class Sections:
    """Sections from top to bottom; `headed` tells by the number of rows which have a heading."""

    def __init__(self, headed: Callable[[int], bool] = never) -> None:
        self._headed = headed
        self._groups = array("I")
        self._firsts = array("I")
        self._lines = array("I")
        self.rows = 0
        """Number of rows."""
        self.lines = 0
        """Number of rows and headings."""

    def __len__(self) -> int:
        return len(self._groups)

    def __getitem__(self, at: int) -> Section:
        first, line = self._firsts[at], self._lines[at]
        count = (self._firsts[at + 1] if at + 1 < len(self) else self.rows) - first
        return Section(self._groups[at], first, count, line, self._headed(count))

    def append(self, group: int, count: int = 1) -> None:
        """Append rows of a group; those of the last section's group go on with it."""
        if not count:
            return
        if len(self) and self._groups[-1] == group:
            last = self[-1 + len(self)]
            count += last.size
            self.rows, self.lines = last.first, last.line
        else:
            self._groups.append(group)
            self._firsts.append(self.rows)
            self._lines.append(self.lines)
        self.rows += count
        self.lines += count + self._headed(count)

    def of_place(self, place: int) -> Section:
        """The section of a row; IndexError outside them."""
        if not 0 <= place < self.rows:
            raise IndexError(place)
        return self[bisect_right(self._firsts, place) - 1]

    def at_line(self, line: int) -> Section:
        """The section at a line; IndexError outside them."""
        if not 0 <= line < self.lines:
            raise IndexError(line)
        return self[bisect_right(self._lines, line) - 1]

    def line(self, place: int) -> int:
        """The line of a row; IndexError outside them."""
        section = self.of_place(place)
        return section.line + section.headed + place - section.first

    def place(self, line: int) -> int | None:
        """The row at a line; None for a heading and outside them."""
        if not 0 <= line < self.lines:
            return None
        section = self.at_line(line)
        below = line - section.line - section.headed
        return None if below < 0 else section.first + below

    def nearest_place(self, line: int, direction: int) -> int:
        """The row at a line, of a heading the next one down, or up for a direction below 0.

        Outside them it is the first or last row; 0 if there is none.
        """
        line = max(0, min(line, self.lines - 1))
        place = self.place(line)
        if place is None and self.rows:
            first = self.at_line(line).first
            place = first - 1 if direction < 0 and first else first
        return place or 0

"""Where the table's columns stand in a given width."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from tui.models.rows import Column

STATUS = 14
"""Cells of a sign, a space and the longest status word."""
STATUS_SHORT = 10
"""The same for the short words."""
COMPACT = 76
"""Cells below which words, ports and latencies are written short."""
TITLE = 12
"""Cells of a check's title, by the profile's own limit."""
CHECK_SHORT = 14
"""The most cells of a check with its port in a compact table."""
NOTE = 7
"""The fewest cells in which a note says something: `Refused`, `No ans…`, `TLS 1.3`."""


@dataclass(frozen=True, slots=True)
class Span:
    """One column: its first cell and how many it has."""

    column: Column
    start: int
    width: int


class Longest(NamedTuple):
    """The most cells that a host and a check with its port have, in full and cut short.

    What tells a host from the others is a whole address, or of a name what is before its domain.
    """

    host: int = 0
    host_short: int = 0
    check: int = 0
    check_short: int = 0


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that fit, from left to right; `ports` is false where only titles fit."""

    spans: tuple[Span, ...]
    ports: bool
    compact: bool

    def column_at(self, x: int) -> Column | None:
        """The column at a cell, the gap after it included; None right of them all."""
        last = self.spans[-1]
        if x < 0 or x >= last.start + last.width:
            return None
        return next(span.column for span in reversed(self.spans) if x >= span.start)


def lay_out(width: int, longest: Longest) -> Layout:
    """Columns for `width` cells, given what they hold; the note takes what remains.

    As it gets narrower words become short, long names are cut, and then the note goes, the latency
    and the port beside the check.
    """
    gap = 2 if width >= 100 else 1
    ports = width >= 46
    compact = width < COMPACT
    status = STATUS_SHORT if compact else STATUS
    usual = 28 if width >= 100 else 22 if width >= 90 else 20
    most = (CHECK_SHORT if compact else usual) if ports else TITLE
    check = longest.check_short if compact else longest.check
    check = max(min(check, most), len("Check") + 1)
    name = max(longest.host, len("Host") + 1)
    most = 40 if width >= 140 else max(20, width // 4)
    most = max(12, min(longest.host_short, 15)) if compact else most
    host = max(min(name, most, width - status - check - 2 * gap), 0)

    wanted: list[tuple[Column, int]] = [("status", status), ("host", host), ("check", check)]
    room = width - sum(cells + gap for _, cells in wanted)
    latency = 9 if width >= 100 else 7 if compact else 8
    if room >= latency + gap:
        wanted.append(("latency", latency))
        room -= latency + gap
    noted = len(wanted) > 3 and room >= NOTE
    more = min(name - host, room - (10 if compact else 20) if noted else room)
    if more > 0:
        wanted[1] = ("host", host + more)
        room -= more
    if noted:
        wanted.append(("note", room))

    spans: list[Span] = []
    start = 0
    for column, cells in wanted:
        cells = min(cells, width - start)
        if cells <= 0:
            break
        spans.append(Span(column, start, cells))
        start += cells + gap
    return Layout(tuple(spans), ports, compact)

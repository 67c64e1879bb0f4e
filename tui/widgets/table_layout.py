"""Where the table's columns stand in a given width."""

from __future__ import annotations

from typing import NamedTuple

from tui.rows import Column

STATUS = 14
"""Cells of a sign, a space and the longest status word."""
STATUS_SHORT = 10
"""The same for the short words."""
COMPACT = 70
"""Cells below which words, ports and latencies are written short."""
TITLE = 12
"""Cells of a check's title, by the profile's own limit."""


class Span(NamedTuple):
    """One column: its first cell and how many it has."""

    column: Column
    start: int
    width: int


class Layout(NamedTuple):
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


def lay_out(width: int, host: int, check: int) -> Layout:
    """Columns for `width` cells, given the longest host and check; the note takes what remains.

    As it gets narrower words become short, then the latency goes, the port beside the check, and
    the note. A note of a word or two says less than the rest of a host's name, and gives way to it.
    """
    gap = 2 if width >= 100 else 1
    ports = width >= 46
    compact = width < COMPACT
    status = STATUS_SHORT if compact else STATUS
    most = 16 if compact else 28 if width >= 100 else 20
    check = min(check, most if ports else TITLE)
    check = max(check, len("Check") + 1)
    longest = host
    host = max(
        min(host, 40 if width >= 140 else max(10, width // (5 if compact else 4))), len("Host") + 1
    )
    host = max(min(host, width - status - check - 2 * gap), 0)

    wanted: list[tuple[Column, int]] = [("status", status), ("host", host), ("check", check)]
    room = width - sum(cells + gap for _, cells in wanted)
    latency = 9 if width >= 100 else 7 if compact else 8
    lacks = longest - host if compact else 0
    # Where the note gives way the latency stays, as long as the name gains most of that room.
    if room - latency - gap >= (min(lacks, 10) if lacks > 0 else 10 if compact else 12):
        wanted.append(("latency", latency))
        room -= latency + gap
    if lacks > 0 and room > 0:
        more = min(lacks, room)
        wanted[1] = ("host", host + more)
        room -= more
    if room >= 8:
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

"""Rendering of the table: column widths, cells and strips."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.strip import Strip

from probes.model import Job
from tui.models.rows import Cells, Column, Rows
from tui.text.result_line import latency_text
from tui.text.status import STATUS, Signs

WORD = max(len(status) for status in STATUS) + 2
"""Cells of a sign, a space and the longest status word."""
WORD_SHORT = max(len(info.short) for info in STATUS.values()) + 2
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
    status = WORD_SHORT if compact else WORD
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


HEADINGS: Mapping[Column, str] = {
    "status": "Status",
    "host": "Host",
    "check": "Check",
    "latency": "Latency",
    "note": "Note",
}

SHORTEST = 6
"""Cells below which a title says nothing, and its port gives way."""


def fit(text: str, width: int, signs: Signs, *, right: bool = False) -> str:
    """Clean text in exactly `width` cells, cut with an ellipsis or filled with spaces."""
    text = signs.clean(text)
    cells = cell_len(text)
    if cells > width:
        mark = signs.ellipsis if width > 2 * len(signs.ellipsis) else ""
        return set_cell_size(set_cell_size(text, width - len(mark)).rstrip() + mark, width)
    fill = " " * (width - cells)
    return fill + text if right else text + fill


def check_text(title: str, port: str, *, compact: bool) -> str:
    """A check with its port, in short as nmap's -p takes it: `WinRM 5985`, `SNMP U:161`.

    A range is left away in short: "RPC dynamic" says it.
    """
    if compact:
        transport, _, port = port.rpartition(" ")
        port = "" if "-" in port else f"U:{port}" if transport == "UDP" else port
    return f"{title} {port}".rstrip()


def row_strip(
    cells: Cells,
    layout: Layout,
    width: int,
    signs: Signs,
    styles: tuple[Style, Style],
    marked: bool,
) -> Strip:
    """One row; the first style is that of the sign and word, the second of all after them.

    The sign of a marked row stands in the gap before the host.
    """
    word = STATUS[cells.status].short if layout.compact else cells.status.value
    latency = latency_text(cells.latency)
    texts: dict[Column, str] = {
        "status": f"{signs.status[cells.status]} {word}",
        "host": cells.host,
        "check": _check(cells, layout, signs),
        "latency": latency.replace(" ", "") if layout.compact else latency,
        "note": cells.note,
    }
    line = _line(texts, layout, width, signs)
    if marked and len(layout.spans) > 1:
        at = layout.spans[1].start
        line = f"{line[: at - 1]}{signs.mark}{line[at:]}"
    first = layout.spans[0].width if layout.spans else 0
    # The columns are padded by cells, and the status holds single-cell characters only.
    return Strip([Segment(line[:first], styles[0]), Segment(line[first:], styles[1])], width)


def header_strip(
    layout: Layout, width: int, order: tuple[Column, bool] | None, signs: Signs, style: Style
) -> Strip:
    """The headings, with an arrow at the column that sorts."""
    texts = dict(HEADINGS)
    if order is not None:
        column, reverse = order
        arrow = signs.down if reverse else signs.up
        span = next((span for span in layout.spans if span.column == column), None)
        # A narrow column cuts its name, not the arrow.
        most = len(texts[column]) if span is None else span.width - cell_len(arrow)
        texts[column] = texts[column][:most] + arrow
    return Strip([Segment(_line(texts, layout, width, signs), style)], width)


def hint_strips(hint: str, size: Size, signs: Signs, style: Style) -> list[Strip]:
    """A text wrapped and centred in `size`."""
    lines = [
        signs.clean(line)
        for paragraph in hint.splitlines()
        for line in textwrap.wrap(paragraph, max(1, size.width - 4)) or [""]
    ]
    blank = Strip([Segment(" " * size.width, style)], size.width)
    strips = [blank] * max(0, (size.height - len(lines)) // 2)
    for line in lines:
        text = fit(" " * ((size.width - cell_len(line)) // 2) + line, size.width, signs)
        strips.append(Strip([Segment(text, style)], size.width))
    return [*strips, *[blank] * (size.height - len(strips))][: size.height]


def _check(cells: Cells, layout: Layout, signs: Signs) -> str:
    """The check with its port; where both do not fit the title is cut, not the port."""
    title = signs.clean(cells.title)
    if not layout.ports:
        return title
    text = check_text(title, cells.port, compact=layout.compact)
    width = next((span.width for span in layout.spans if span.column == "check"), 0)
    port = text[len(title) :]
    room = width - cell_len(port)
    if cell_len(text) <= width or room < SHORTEST:
        return text
    return fit(title, room, signs).rstrip() + port


def _line(texts: Mapping[Column, str], layout: Layout, width: int, signs: Signs) -> str:
    line = ""
    at = 0
    for span in layout.spans:
        line += " " * (span.start - at)
        line += fit(texts[span.column], span.width, signs, right=span.column == "latency")
        at = span.start + span.width
    return line + " " * (width - at)


class Painter:
    """Draws lines of a given size; `style` finds the style of a named part."""

    def __init__(self, signs: Signs, style: Callable[[str], Style]) -> None:
        self.signs = signs
        self._find_style = style
        self._styles: dict[str, Style] = {}
        self._strips: LRUCache[tuple[int, int, bool, bool], Strip] = LRUCache(128)
        self._size = Size(0, 0)
        self._hinted: tuple[str, Size, Style] | None = None
        self._hint: list[Strip] = []
        self._longest = Longest()
        self.layout: Layout = lay_out(0, Longest())

    def resize(self, size: Size) -> None:
        """Lay the columns out for a size, if it is another one."""
        if size != self._size:
            self._size = size
            self._lay_out()

    def measure(self, jobs: Iterable[Job]) -> bool:
        """Widen the columns to what new rows hold; whether that changed anything.

        They never get narrower while rows come, so nothing jumps under the eye.
        """
        host, host_short, check, check_short = self._longest
        seen: set[tuple[str, int | None]] = set()
        targets: set[int] = set()
        for job in jobs:
            # Rows of a target share one object; finding it by content would take as long as this.
            if id(job.target) not in targets:
                targets.add(id(job.target))
                label = self.signs.clean(job.target.label)
                host = max(host, cell_len(label))
                host_short = max(host_short, cell_len(_distinct(label)))
            if (job.check.id, job.port) not in seen:
                seen.add((job.check.id, job.port))
                title, port = self.signs.clean(job.check.title), job.port_text
                check = max(check, cell_len(check_text(title, port, compact=False)))
                check_short = max(check_short, cell_len(check_text(title, port, compact=True)))
        longest = Longest(host, host_short, check, check_short)
        if longest == self._longest:
            return False
        self._longest = longest
        self._lay_out()
        return True

    def forget_rows(self) -> None:
        """Start anew with other rows."""
        self._longest = Longest()
        self._lay_out()

    def forget_styles(self) -> None:
        """Look every colour up again."""
        self._styles.clear()
        self._strips.clear()

    def header(self, order: tuple[Column, bool] | None) -> Strip:
        """The headings, with the column that sorts marked."""
        return header_strip(self.layout, self._size.width, order, self.signs, self._style("header"))

    def row(self, rows: Rows, row: int, under_cursor: bool, marked: bool) -> Strip:
        """One row in its present version."""
        key = (row, rows.version(row), under_cursor, marked)
        strip = self._strips.get(key)
        if strip is None:
            cells = rows.cells(row)
            if under_cursor:
                status = rest = self._style("cursor")
            else:
                info = STATUS[cells.status]
                status = self._style(info.slug)
                rest = self._style("quiet" if info.quiet else "row")
            styles = (status, rest)
            strip = row_strip(cells, self.layout, self._size.width, self.signs, styles, marked)
            self._strips[key] = strip
        return strip

    def blank(self) -> Strip:
        """A line below the last row."""
        return Strip.blank(self._size.width, self._style("row"))

    def hint(self, text: str, y: int) -> Strip:
        """Line `y` of what is shown instead of rows."""
        key = (text, self._size, self._style("hint"))
        if key != self._hinted:
            self._hinted = key
            self._hint = hint_strips(text, self._size, self.signs, key[2])
        return self._hint[y] if y < len(self._hint) else self.blank()

    def _lay_out(self) -> None:
        self.layout = lay_out(self._size.width, self._longest)
        self._strips.clear()

    def _style(self, part: str) -> Style:
        style = self._styles.get(part)
        if style is None:
            style = self._styles[part] = self._find_style(part)
        return style


def _distinct(label: str) -> str:
    """What tells a host from the others: a whole address, or of a name all before its domain."""
    name, dot, _ = label.partition(".")
    return label if ":" in name or name.isdigit() or not dot else f"{name}."

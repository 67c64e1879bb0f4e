"""Rendering of the table: column widths, cells and strips."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.strip import Strip

from probes.model import REASON_CELLS, Job, Status, Target
from tui.models.columns import (
    COLUMNS,
    LOSSES,
    ContentWidths,
    RowData,
    TableWidth,
    check_full,
    check_parts,
)
from tui.models.rows import Rows
from tui.text.status import STATUS, Glyphs, StatusInfo


@dataclass(frozen=True, slots=True)
class ColumnSpan:
    """One column: its first cell and how many it has."""

    column: str
    """Its id."""
    start: int
    width: int
    heading: str
    right: bool
    text: Callable[[RowData, Glyphs, TableWidth], tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Layout:
    """The columns that fit, from left to right."""

    spans: tuple[ColumnSpan, ...]
    table: TableWidth

    def column_at(self, x: int) -> str | None:
        """The column at a cell, the gap after it included; None right of them all."""
        last = self.spans[-1]
        if x < 0 or x >= last.start + last.width:
            return None
        return next(span.column for span in reversed(self.spans) if x >= span.start)


_BOLD = Style(bold=True)
_TABLE_COLUMNS = {
    column.id: (column, column.table) for column in COLUMNS if column.table is not None
}
_REST = next(id for id, (_, table) in _TABLE_COLUMNS.items() if table.least is None)
_GIVES_WAY = "host"
"""Column that is cut where nothing else can be left away."""
_ROLE_FROM = 72
"""Cells from which on a target's role stands beside its name."""
_INDENT = 2
"""Cells before the sign of a row below its host's heading."""


def lay_out(width: int, content: ContentWidths) -> Layout:
    """Columns for `width` cells, given what they hold.

    Parts of a row go one after another, in the order of LOSSES, until the column that takes the
    rest has what it wants. Where it has more the others grow to their longest text.
    """
    for losses in range(len(LOSSES) + 1):
        space = TableWidth(width, losses)
        cells = _least_cells(space, content)
        rest = _rest(space, cells)
        if rest >= space.rest:
            break
    lacking = min(space.rest - rest, cells[_GIVES_WAY] - MIN_TITLE)
    if lacking > 0:
        cells[_GIVES_WAY] -= lacking
    spare = rest - max(REASON_CELLS, space.half)
    for id in cells:
        full = _TABLE_COLUMNS[id][1].full
        more = 0 if full is None else min(full(space, content) - cells[id], spare)
        if more > 0:
            cells[id] += more
            spare -= more
    cells[_REST] = _rest(space, cells)
    # One form for the whole column: a longer check does not write UDP in another way.
    short_udp = cells["check"] < content.check_udp
    return Layout(tuple(_spans(space, cells)), TableWidth(space.width, space.losses, short_udp))


def _least_cells(space: TableWidth, content: ContentWidths) -> dict[str, int]:
    """Cells of each column that is shown, but for the one that takes the rest."""
    return {
        id: cells
        for id, (_, table) in _TABLE_COLUMNS.items()
        if table.least is not None and (cells := table.least(space, content))
    }


def _rest(space: TableWidth, cells: Mapping[str, int]) -> int:
    return space.width - sum(cells[id] + _gap(id, space) for id in cells)


def _gap(column: str, space: TableWidth) -> int:
    gap = _TABLE_COLUMNS[column][1].gap
    return space.gap if gap is None else gap


def _spans(space: TableWidth, cells: Mapping[str, int]) -> Iterator[ColumnSpan]:
    start = 0
    for id, (column, table) in _TABLE_COLUMNS.items():
        width = min(cells.get(id, 0), space.width - start)
        if width > 0:
            heading = column.heading if table.heading is None else table.heading(space)
            yield ColumnSpan(id, start, width, heading, column.right, table.text)
            start += width + _gap(id, space)


def without_host(layout: Layout, content: ContentWidths) -> Layout:
    """Layout of the rows below the heading of their host: indented, without its column.

    The other columns stay in line with those of the other rows, unless that leaves no room for a
    whole reason.
    """
    spans = {span.column: span for span in layout.spans}
    if not {"status", "host", "check", _REST} <= spans.keys():
        return layout
    sign, host, check, rest = (spans[id] for id in ("status", "host", "check", _REST))
    start = host.start + _INDENT
    cells = check.start + check.width - start
    end = rest.start + rest.width
    table = layout.table
    titled = TableWidth(table.width, min(table.losses, LOSSES.index("title")), table.short_udp)
    if end - start - check_full(titled, content) - table.gap >= table.rest:
        table = titled
    needed = max(check_full(table, content), MIN_TITLE)
    left = max(min(REASON_CELLS - rest.width, cells - needed), 0)
    spans["status"] = replace(sign, start=sign.start + _INDENT)
    spans["check"] = replace(check, start=start, width=cells - left)
    for id, span in spans.items():
        if span.start > check.start:
            spans[id] = replace(span, start=span.start - left)
    spans[_REST] = replace(rest, start=rest.start - left, width=rest.width + left)
    del spans["host"]
    return Layout(tuple(spans.values()), table)


MIN_TITLE = 6
"""Least cells of a text that is cut before another one."""


def fit(text: str, width: int, glyphs: Glyphs, *, right: bool = False) -> str:
    """Clean text in exactly `width` cells, cut with an ellipsis or filled with spaces."""
    text = glyphs.clean(text)
    # Printable ASCII, which almost every text is, has a cell a character.
    cells = len(text) if text.isascii() else cell_len(text)
    if cells > width:
        mark = glyphs.ellipsis if width > 2 * len(glyphs.ellipsis) else ""
        return set_cell_size(set_cell_size(text, width - len(mark)).rstrip() + mark, width)
    fill = " " * (width - cells)
    return fill + text if right else text + fill


def row_strip(
    cells: RowData,
    layout: Layout,
    width: int,
    glyphs: Glyphs,
    styles: tuple[Style, Style],
    marked: bool,
) -> Strip:
    """One row; the first style is that of the sign, the second of all after it.

    The mark stands behind the sign.
    """
    texts = [
        first if not second else _cut(first, second, span.width, glyphs)
        for span in layout.spans
        for first, second in (span.text(cells, glyphs, layout.table),)
    ]
    line = _line(texts, layout, width, glyphs)
    # A sign is a character and a cell, and nothing but spaces is before it.
    first = layout.spans[0].start + layout.spans[0].width if layout.spans else 0
    if marked and first < width:
        line = f"{line[:first]}{glyphs.mark}{line[first + 1 :]}"
    return Strip([Segment(line[:first], styles[0]), Segment(line[first:], styles[1])], width)


def header_strip(
    layout: Layout, width: int, order: tuple[str, bool] | None, glyphs: Glyphs, style: Style
) -> Strip:
    """The headings, with an arrow at the column that sorts."""
    texts = []
    for span in layout.spans:
        text = span.heading
        if order is not None and order[0] == span.column:
            arrow = glyphs.down if order[1] else glyphs.up
            # A narrow column cuts its name, not the arrow.
            text = text[: span.width - cell_len(arrow)] + arrow
        texts.append(text)
    return Strip([Segment(_line(texts, layout, width, glyphs), style)], width)


def status_heading_strip(
    status: Status, count: int, width: int, glyphs: Glyphs, style: Style
) -> Strip:
    """Heading of the rows with a status: `✗ blocked 12 ────`."""
    text = fit(f"{glyphs.status[status]} {status} {count:,} ", width, glyphs).rstrip()
    text += " " if cell_len(text) < width else ""
    return Strip([Segment(text + glyphs.rule * (width - cell_len(text)), style)], width)


def target_heading_strip(
    words: tuple[str, str, str], width: int, glyphs: Glyphs, styles: tuple[Style, Style, Style]
) -> Strip:
    """Heading of a target's rows: its sign, its name, and what is known of it.

    A long name leaves half of the line to that. The styles are those of the three.
    """
    sign, name, text = words
    name = glyphs.clean(name)
    room = max(width - 2, 0)
    name = fit(name, min(cell_len(name), max(room // 2, MIN_TITLE), room), glyphs)
    rest = max(room - cell_len(name), 0)
    return Strip(
        [
            Segment(f"{sign} "[:width], styles[0]),
            Segment(name, styles[1]),
            Segment(fit(f"  {glyphs.clean(text)}", rest, glyphs), styles[2]),
        ],
        width,
    )


def hint_strips(hint: str, size: Size, glyphs: Glyphs, style: Style) -> list[Strip]:
    """A text wrapped and centred in `size`."""
    lines = [
        glyphs.clean(line)
        for paragraph in hint.splitlines()
        for line in textwrap.wrap(paragraph, max(1, size.width - 4)) or [""]
    ]
    blank = Strip([Segment(" " * size.width, style)], size.width)
    strips = [blank] * max(0, (size.height - len(lines)) // 2)
    for line in lines:
        text = fit(" " * ((size.width - cell_len(line)) // 2) + line, size.width, glyphs)
        strips.append(Strip([Segment(text, style)], size.width))
    return [*strips, *[blank] * (size.height - len(strips))][: size.height]


def _cut(first: str, second: str, width: int, glyphs: Glyphs) -> str:
    """A title and its port; where they do not fit the title is cut, while it says something.

    Before that a range goes, of which the title says enough.
    """
    first = glyphs.clean(first)
    if cell_len(first + second) > width and "-" in second:
        second = ""
    room = width - cell_len(second)
    if cell_len(first) > room >= MIN_TITLE:
        first = fit(first, room, glyphs).rstrip()
    return first + second


def _line(texts: Iterable[str], layout: Layout, width: int, glyphs: Glyphs) -> str:
    line = ""
    at = 0
    for span, text in zip(layout.spans, texts, strict=True):
        line += " " * (span.start - at)
        line += fit(text, span.width, glyphs, right=span.right)
        at = span.start + span.width
    return line + " " * (width - at)


class LineRenderer:
    """Renderer of lines of a given size; `style` finds the style of a named part."""

    def __init__(self, glyphs: Glyphs, style: Callable[[str], Style]) -> None:
        self.glyphs = glyphs
        self._find_style = style
        self._styles: dict[str, Style] = {}
        self._strips: LRUCache[tuple[int, int, bool, bool, bool], Strip] = LRUCache(128)
        self._size = Size(0, 0)
        self._hint_key: tuple[str, Size, Style] | None = None
        self._hint: list[Strip] = []
        self._content = ContentWidths()
        self._lay_out()

    def resize(self, size: Size) -> None:
        """Lay the columns out for a size, if it is another one."""
        if size != self._size:
            self._size = size
            self._lay_out()

    def measure(self, jobs: Iterable[Job]) -> bool:
        """Widen the columns to the content of new rows; True if a width has changed.

        They never get narrower while rows come, so nothing jumps under the eye.
        """
        host, host_short, check, check_short, check_port, address, check_udp = self._content
        wide, narrow, port_only = (TableWidth(0, losses) for losses in (0, 2, len(LOSSES)))
        seen: set[tuple[str, int | None]] = set()
        targets: set[int] = set()
        for job in jobs:
            # Rows of a target share one object; finding it by content would take as long as this.
            if id(job.target) not in targets:
                targets.add(id(job.target))
                label = self.glyphs.clean(job.target.label)
                host = max(host, cell_len(label))
                host_short = max(host_short, cell_len(_shortened_host(label)))
                if _is_address(label):
                    address = max(address, cell_len(label))
            if (job.check.id, job.port) not in seen:
                seen.add((job.check.id, job.port))
                title, port = self.glyphs.clean(job.check.title), job.port_text
                whole = cell_len("".join(check_parts(title, port, wide)))
                check = max(check, whole)
                if job.check.transport == "udp":
                    check_udp = max(check_udp, whole)
                check_short = max(check_short, cell_len("".join(check_parts(title, port, narrow))))
                first, second = check_parts(title, port, port_only)
                check_port = max(check_port, cell_len(second or first))
        longest = ContentWidths(
            host, host_short, check, check_short, check_port, address, check_udp
        )
        if longest == self._content:
            return False
        self._content = longest
        self._lay_out()
        return True

    def forget_rows(self) -> None:
        """Forget the widths and strips of earlier rows."""
        self._content = ContentWidths()
        self._lay_out()

    def forget_styles(self) -> None:
        """Look every colour up again."""
        self._styles.clear()
        self._strips.clear()

    def header(self, order: tuple[str, bool] | None) -> Strip:
        """The headings, with the column that sorts marked."""
        return header_strip(
            self.layout, self._size.width, order, self.glyphs, self._style("header")
        )

    def row(
        self, rows: Rows, row: int, *, under_cursor: bool, marked: bool, below_heading: bool
    ) -> Strip:
        """One row in its present version; `below_heading` if that names its host."""
        key = (row, rows.version(row), under_cursor, marked, below_heading)
        strip = self._strips.get(key)
        if strip is None:
            cells = rows.row_data(row)
            if under_cursor:
                sign = rest = self._style("cursor")
            else:
                info = STATUS[cells.status]
                sign = self._sign_style(info)
                rest = self._style("quiet" if info.muted else "row")
            layout = self._layout_below_heading if below_heading else self.layout
            strip = row_strip(cells, layout, self._size.width, self.glyphs, (sign, rest), marked)
            self._strips[key] = strip
        return strip

    def status_heading(self, status: Status, count: int) -> Strip:
        """Heading of the rows with a status."""
        style = self._style(STATUS[status].colour) + _BOLD
        return status_heading_strip(status, count, self._size.width, self.glyphs, style)

    def target_heading(self, target: Target, role: str, status: Status, text: str) -> Strip:
        """Heading of a target's rows, with the sign of a status."""
        row = self._style("row")
        styles = (self._sign_style(STATUS[status]), row + _BOLD, row)
        name = f"{target.label}  {role}" if self._size.width >= _ROLE_FROM else target.label
        words = (self.glyphs.status[status], name, text)
        return target_heading_strip(words, self._size.width, self.glyphs, styles)

    def blank(self) -> Strip:
        """A line below the last row."""
        return Strip.blank(self._size.width, self._style("row"))

    def hint(self, text: str, y: int) -> Strip:
        """Line `y` of what is shown instead of rows."""
        key = (text, self._size, self._style("hint"))
        if key != self._hint_key:
            self._hint_key = key
            self._hint = hint_strips(text, self._size, self.glyphs, key[2])
        return self._hint[y] if y < len(self._hint) else self.blank()

    def _lay_out(self) -> None:
        self.layout = lay_out(self._size.width, self._content)
        self._layout_below_heading = without_host(self.layout, self._content)
        self._strips.clear()

    def _sign_style(self, info: StatusInfo) -> Style:
        style = self._style(info.colour)
        return style + _BOLD if info.bold else style

    def _style(self, part: str) -> Style:
        style = self._styles.get(part)
        if style is None:
            style = self._styles[part] = self._find_style(part)
        return style


def _shortened_host(label: str) -> str:
    """Host in short: a whole address, or of a name the part before its domain."""
    name, dot, _ = label.partition(".")
    return f"{name}." if dot and not _is_address(label) else label


def _is_address(label: str) -> bool:
    first, _, _ = label.partition(".")
    return ":" in first or first.isdigit()

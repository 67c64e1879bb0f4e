"""Rendering of the table: column widths, cells and strips."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.strip import Strip

from probes.model import Job
from tui.models.columns import COLUMNS, ContentWidths, RowData, TableWidth, port_suffix
from tui.models.rows import Rows
from tui.text.status import STATUS, Glyphs


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


def lay_out(width: int, content: ContentWidths) -> Layout:
    """Columns for `width` cells, given what they hold; one takes what remains.

    As it gets narrower words become short, long names are cut, and then the one that takes the rest
    goes, and those that are shown where there is room.
    """
    space = TableWidth(width)
    gap = space.gap
    tables = {id: table for id, (_, table) in _TABLE_COLUMNS.items()}
    wanted = {
        id: table.cells(space, content) for id, table in tables.items() if table.fit == "always"
    }
    wide, whole = next((id, table.full_cells) for id, table in tables.items() if table.full_cells)
    others = sum(cells + gap for id, cells in wanted.items() if id != wide)
    wanted[wide] = max(min(wanted[wide], width - others), 0)
    room = width - others - wanted[wide] - gap
    fits = True
    for id, table in tables.items():
        cells = table.cells(space, content) if table.fit == "room" else 0
        if cells:
            fits = fits and room >= cells + gap
            if fits:
                wanted[id] = cells
                room -= cells + gap
    last, least = next(
        (id, table.cells(space, content)) for id, table in tables.items() if table.fit == "rest"
    )
    fits = fits and room >= least
    kept = (10 if space.compact else 20) if fits else 0
    more = max(min(whole(content) - wanted[wide], room - kept), 0)
    wanted[wide] += more
    if fits:
        wanted[last] = room - more

    spans: list[ColumnSpan] = []
    start = 0
    for id in tables:
        if id in wanted:
            cells = min(wanted[id], width - start)
            if cells <= 0:
                break
            column, table = _TABLE_COLUMNS[id]
            spans.append(ColumnSpan(id, start, cells, column.heading, column.right, table.text))
            start += cells + gap
    return Layout(tuple(spans), space)


MIN_TITLE = 6
"""Least cells of a title; with fewer its port is left out."""


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
    """One row; the first style is that of the sign and word, the second of all after them.

    The sign of a marked row stands in the gap before the host.
    """
    space = layout.table
    texts = [
        first if not second else _cut(first, second, span.width, glyphs)
        for span in layout.spans
        for first, second in (span.text(cells, glyphs, space),)
    ]
    line = _line(texts, layout, width, glyphs)
    if marked and len(layout.spans) > 1:
        at = layout.spans[1].start
        line = f"{line[: at - 1]}{glyphs.mark}{line[at:]}"
    first = layout.spans[0].width if layout.spans else 0
    # The columns are padded by cells, and the status holds single-cell characters only.
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
    """Both texts; where they do not fit the first is cut, while it says something."""
    first = glyphs.clean(first)
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
        self._strips: LRUCache[tuple[int, int, bool, bool], Strip] = LRUCache(128)
        self._size = Size(0, 0)
        self._hint_key: tuple[str, Size, Style] | None = None
        self._hint: list[Strip] = []
        self._content = ContentWidths()
        self.layout: Layout = lay_out(0, ContentWidths())

    def resize(self, size: Size) -> None:
        """Lay the columns out for a size, if it is another one."""
        if size != self._size:
            self._size = size
            self._lay_out()

    def measure(self, jobs: Iterable[Job]) -> bool:
        """Widen the columns to the content of new rows; True if a width has changed.

        They never get narrower while rows come, so nothing jumps under the eye.
        """
        host, host_short, check, check_short = self._content
        seen: set[tuple[str, int | None]] = set()
        targets: set[int] = set()
        for job in jobs:
            # Rows of a target share one object; finding it by content would take as long as this.
            if id(job.target) not in targets:
                targets.add(id(job.target))
                label = self.glyphs.clean(job.target.label)
                host = max(host, cell_len(label))
                host_short = max(host_short, cell_len(_shortened_host(label)))
            if (job.check.id, job.port) not in seen:
                seen.add((job.check.id, job.port))
                title, port = self.glyphs.clean(job.check.title), job.port_text
                check = max(check, cell_len(title + port_suffix(port, compact=False)))
                check_short = max(check_short, cell_len(title + port_suffix(port, compact=True)))
        longest = ContentWidths(host, host_short, check, check_short)
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

    def row(self, rows: Rows, row: int, under_cursor: bool, marked: bool) -> Strip:
        """One row in its present version."""
        key = (row, rows.version(row), under_cursor, marked)
        strip = self._strips.get(key)
        if strip is None:
            cells = rows.row_data(row)
            if under_cursor:
                status = rest = self._style("cursor")
            else:
                info = STATUS[cells.status]
                status = self._style(info.colour)
                if info.bold:
                    status += _BOLD
                rest = self._style("quiet" if info.muted else "row")
            styles = (status, rest)
            strip = row_strip(cells, self.layout, self._size.width, self.glyphs, styles, marked)
            self._strips[key] = strip
        return strip

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
        self._strips.clear()

    def _style(self, part: str) -> Style:
        style = self._styles.get(part)
        if style is None:
            style = self._styles[part] = self._find_style(part)
        return style


def _shortened_host(label: str) -> str:
    """Host in short: a whole address, or of a name the part before its domain."""
    name, dot, _ = label.partition(".")
    return label if ":" in name or name.isdigit() or not dot else f"{name}."

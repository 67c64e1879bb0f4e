"""Grid of statuses on Textual's line API: only visible lines are rendered."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from probes.model import Status
from tui.models.grid import Grid, GridLine, GridSection
from tui.models.rows import Rows
from tui.text.status import STATUS, Glyphs, component_classes, component_styles
from tui.widgets.table_rendering import fit

_MIN_CELLS, _MAX_CELLS = 3, 8
"""Least and greatest width of a column."""
_WIDEST_LABEL = 42


class _Place(NamedTuple):
    """A line of the widget: a target of a section, or the section's headings without one."""

    section: GridSection
    line: GridLine | None


class StatusGrid(ScrollView, can_focus=True, inherit_bindings=False):
    """Sign of every row; the headings of the section at the top stay in sight.

    The cursor goes from cell to cell; statuses are those that the rows have when it is drawn.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1, 0)", "Up", show=False),
        Binding("down,j", "move(1, 0)", "Down", show=False),
        Binding("left,h", "move(0, -1)", "Left", show=False),
        Binding("right,l", "move(0, 1)", "Right", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000, 0)", "First", show=False),
        Binding("end", "move(1000000, 0)", "Last", show=False),
        Binding("enter", "select", "Row", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "statusgrid--cursor",
        "statusgrid--heading",
        *component_classes("statusgrid"),
    }
    DEFAULT_CSS = f"""
    StatusGrid {{
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }}
    .statusgrid--heading {{ text-style: bold; background: $panel; }}
    .statusgrid--cursor {{ text-style: bold reverse; }}
    {component_styles("statusgrid", muted=True)}
    """

    class Highlighted(Message):
        """The cursor stands on the cell of this row."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class Selected(Message):
        """The cell of this row was chosen with Enter or a click."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self, grid: Grid, rows: Rows, glyphs: Glyphs) -> None:
        super().__init__()
        self._rows = rows
        self._glyphs = glyphs
        self._places: list[_Place] = []
        self._labels = 0
        """Cells of the longest host or title of a section."""
        self._line, self._column = 0, 0
        self._set_grid(grid)

    @property
    def row(self) -> int | None:
        """Number of the row under the cursor; None while there is none."""
        return self._row_at(self._line, self._column)

    def show(self, grid: Grid) -> None:
        """Show another grid; the cursor stays on its row where that is still there."""
        row = self.row
        self._set_grid(grid)
        self._lay_out()
        for at, place in enumerate(self._places):
            if place.line is not None and row is not None and row in place.line.cells:
                self._line, self._column = at, place.line.cells.index(row)
                break
        self._move_to(self._line, self._column)

    def on_mount(self) -> None:
        """Post the row under the cursor."""
        self._move_to(0, 0)

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self._lay_out()

    def action_move(self, lines: int, columns: int) -> None:
        """Move the cursor by lines and columns."""
        self._move_to(self._line + lines, self._column + columns, step=lines)

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is visible at once."""
        self.action_move(pages * max(1, self.size.height - 1), 0)

    def action_select(self) -> None:
        """Choose the row under the cursor."""
        if self.row is not None:
            self.post_message(self.Selected(self.row))

    def on_click(self, event: events.Click) -> None:
        """Choose the row whose cell was clicked."""
        at = event.get_content_offset(self)
        if at is None or not at.y > 0:
            return
        event.stop()
        line = at.y + self.scroll_offset.y
        if line < len(self._places):
            first, cells = self._columns_of(self._places[line].section)
            column = first + (at.x - self._label_cells) // cells
            if at.x >= self._label_cells and self._row_at(line, column) is not None:
                self._move_to(line, column)
                self.action_select()

    def render_line(self, y: int) -> Strip:
        """The headings of the section at the top, or a line of it."""
        width = self._width
        at = y + self.scroll_offset.y
        if at >= len(self._places):
            return Strip.blank(width, self.rich_style)
        section, line = self._places[at]
        if y == 0 or line is None:
            return self._headings(section).adjust_cell_length(width, self.rich_style)
        first, cells = self._columns_of(section)
        segments = [
            Segment(fit(f"  {line.target.label}", self._label_cells, self._glyphs), self.rich_style)
        ]
        for column, row in enumerate(line.cells[first:], first):
            style = self.rich_style
            sign = " "
            if row is not None:
                # Rows that went while the grid is over them are gone at the next look.
                known = row < len(self._rows)
                status = self._rows.status(row) if known else Status.QUEUED
                sign = self._glyphs.status[status]
                style = self._style(status)
                if (at, column) == (self._line, self._column):
                    style += self._component("cursor")
            segments += [Segment(sign, style), Segment(" " * (cells - 1), self.rich_style)]
        return Strip(segments).crop(0, width).adjust_cell_length(width, self.rich_style)

    @property
    def _width(self) -> int:
        """Cells of a line: the scroll bar's column stays free, so that nothing moves."""
        return max(1, self.size.width - self.styles.scrollbar_size_vertical)

    @property
    def _label_cells(self) -> int:
        # At least half of the width is the signs'.
        return min(self._labels + 1, max(8, self._width // 2))

    def _headings(self, section: GridSection) -> Strip:
        first, cells = self._columns_of(section)
        text = fit(section.title, self._label_cells - 1, self._glyphs) + " "
        for column in section.columns[first:]:
            text += fit(column.short, cells - 1, self._glyphs) + " "
        return Strip([Segment(fit(text, self._width, self._glyphs), self._component("heading"))])

    def _columns_of(self, section: GridSection) -> tuple[int, int]:
        """The first column of a section in sight, and the cells of each."""
        room = max(_MIN_CELLS, self._width - self._label_cells)
        longest = max(cell_len(column.short) for column in section.columns) + 1
        cells = max(_MIN_CELLS, min(longest, _MAX_CELLS, room // len(section.columns)))
        shown = max(1, room // cells)
        current = self._places[self._line].section is section
        first = max(0, self._column - shown + 1) if current else 0
        return first, cells

    def _style(self, status: Status) -> Style:
        return self.rich_style + self._component(STATUS[status].colour)

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"statusgrid--{name}", partial=True)

    def _row_at(self, line: int, column: int) -> int | None:
        if not 0 <= line < len(self._places):
            return None
        found = self._places[line].line
        if found is None or not 0 <= column < len(found.cells):
            return None
        return found.cells[column]

    def _set_grid(self, grid: Grid) -> None:
        self._places = []
        for section in grid.sections:
            self._places.append(_Place(section, None))
            self._places += [_Place(section, line) for line in section.lines]
        hosts = (place.line.target.label for place in self._places if place.line is not None)
        titles = (section.title for section in grid.sections)
        self._labels = min(
            max((2 + max(map(cell_len, hosts), default=0), *map(cell_len, titles))), _WIDEST_LABEL
        )

    def _lay_out(self) -> None:
        self.virtual_size = Size(self.size.width, len(self._places))
        self._keep_in_sight()
        self.refresh()

    def _move_to(self, line: int, column: int, *, step: int = 1) -> None:
        """Put the cursor on a cell, or on the next one that has a row."""
        last = len(self._places) - 1
        line = max(0, min(line, last))
        found = self._places[line].line if self._places else None
        if found is None:
            # Headings are stepped over; above the first there is nothing.
            line = max(1, line - 1) if step < 0 and line > 1 else min(line + 1, last)
            found = self._places[line].line if line >= 0 else None
        if found is None:
            return
        column = max(0, min(column, len(found.cells) - 1))
        if found.cells[column] is None:
            column = next(at for at, row in enumerate(found.cells) if row is not None)
        self._line, self._column = line, column
        self._keep_in_sight()
        self.refresh()
        row = found.cells[column]
        assert row is not None
        self.post_message(self.Highlighted(row))

    def _keep_in_sight(self) -> None:
        # The first line of the widget always has headings.
        top = self.scroll_offset.y
        page = max(1, self.size.height - 1)
        if self._line - 1 < top:
            self.scroll_to(y=self._line - 1, animate=False, force=True)
        elif self._line > top + page:
            self.scroll_to(y=self._line - page, animate=False, force=True)

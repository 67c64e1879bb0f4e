"""The grid of all rows: targets down, checks across, and the row under the cursor in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from profiles.model import Profile
from tui.models.grid import Grid, build_grid, cell_text
from tui.models.rows import Rows
from tui.screens.dialogs import STYLE_SHEET
from tui.text.status import Glyphs
from tui.widgets.status_grid import StatusGrid

if TYPE_CHECKING:
    from tui.screens.context import Context

REFRESH = 1.0
"""Seconds between two looks for what has changed."""


class GridScreen(Screen[str]):
    """A grid that follows the session; Enter chooses the key of a row, Escape none."""

    CSS_PATH = STYLE_SHEET
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,M,q", "leave", "Back", show=False)]

    def __init__(self, grid: Grid, rows: Rows, profile: Profile, glyphs: Glyphs) -> None:
        super().__init__()
        self._grid = grid
        self._rows = rows
        self._profile = profile
        self._glyphs = glyphs
        self._known = len(rows)
        self._row = 0

    def compose(self) -> ComposeResult:
        """The grid, the row under the cursor, and the keys."""
        yield StatusGrid(self._grid, self._rows, self._glyphs)
        yield Static(id="grid-row", markup=False)
        yield Static(
            "Enter goes to the row   arrows move   Escape goes back", id="grid-keys", markup=False
        )

    def on_mount(self) -> None:
        """Follow what is tested in the meantime."""
        self.set_interval(REFRESH, self._follow)

    def on_status_grid_highlighted(self, event: StatusGrid.Highlighted) -> None:
        """Say what the cell under the cursor stands for."""
        self._row = event.row
        self._show_row()

    def on_status_grid_selected(self, event: StatusGrid.Selected) -> None:
        """Close with the row that was chosen."""
        self.dismiss(self._rows.job(event.row).key)

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss("")

    def _show_row(self) -> None:
        if self._row < len(self._rows):
            text = cell_text(self._rows.row_data(self._row))
            self.query_one("#grid-row", Static).update(self._glyphs.clean(text))

    def _follow(self) -> None:
        grid = self.query_one(StatusGrid)
        if self._known != len(self._rows):
            self._known = len(self._rows)
            grid.show(_grid_of(self._rows, self._profile))
        self._show_row()
        grid.refresh()


async def show_grid(context: Context) -> str:
    """Show the grid and go to the row that was chosen; returns what to say."""
    rows = context.panes.table.rows
    if not len(rows):
        return "There is no row yet: type hosts and press Enter."
    grid = _grid_of(rows, context.profile)
    if not grid.sections:
        return "Every row is an address of a network that nobody uses; {absent} lists them."
    key = await context.push(GridScreen(grid, rows, context.profile, context.glyphs))
    if key:
        context.go_to(key)
    return ""


def _grid_of(rows: Rows, profile: Profile) -> Grid:
    return build_grid([rows.job(row) for row in range(len(rows))], rows.status, profile)

"""The grid on the screen, driven by keys and the mouse."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from probes.model import Target
from tests.tui.driving import drive, text_of, until
from tui.screens.grid import GridScreen
from tui.widgets.host_input import HostInput
from tui.widgets.status_grid import StatusGrid

pytestmark = pytest.mark.usefixtures("state")

EXAMPLE = Path(__file__).parents[2] / "sessions" / "site.jsonl"


async def open_grid(pilot, app) -> StatusGrid:
    await pilot.press("M")
    await until(pilot, lambda: isinstance(app.screen, GridScreen))
    await pilot.pause()
    return app.screen.query_one(StatusGrid)


def said(app) -> str:
    return str(app.screen.query_one("#grid-row", Static).content)


def test_the_cursor_tells_every_row_and_enter_goes_to_it():
    @drive("open", str(EXAMPLE), size=(80, 24))
    async def _(pilot, app):
        rows = app.main.panes.table.rows
        grid = await open_grid(pilot, app)
        told = set()
        await pilot.press("end", "down", "home", "up")
        for _ in range(len(rows)):
            await pilot.press(*["left"] * 10)
            line = None
            while line != grid.row:
                line = grid.row
                told.add(grid.row)
                assert rows.job(grid.row).check_text in said(app)
                await pilot.press("right")
            here = grid.row
            await pilot.press("down")
            if grid.row == here:
                break
        assert told == set(range(len(rows)))
        key = rows.job(grid.row).key
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await until(pilot, lambda: app.main.panes.table.cursor_key == key)
        assert app.focused is app.main.panes.table


@pytest.mark.parametrize("ascii", [[], ["--ascii"]])
def test_every_size_shows_the_grid_with_the_headings_of_what_is_at_the_top(ascii):
    @drive("open", str(EXAMPLE), *ascii, size=(80, 24))
    async def _(pilot, app):
        grid = await open_grid(pilot, app)
        for size in ((200, 50), (120, 40), (40, 12), (20, 6), (8, 3), (2, 2), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.press("end", "right", "home", "pagedown", "pageup")
            for y in range(grid.size.height):
                assert grid.render_line(y).cell_length <= grid.size.width
            assert not ascii or text_of(grid).isascii()
        await pilot.press("end")
        first = text_of(grid).splitlines()[0]
        assert any(role.title[:10] in first for role in app.main.profile.roles)


def test_a_click_on_a_sign_goes_to_its_row():
    @drive("open", str(EXAMPLE), size=(80, 24))
    async def _(pilot, app):
        grid = await open_grid(pilot, app)
        await pilot.press("down", "down")
        lines = text_of(grid).splitlines()
        y = next(at for at, line in enumerate(lines) if at and "web" in line)
        name = lines[y].split()[0]
        x = next(at for at, letter in enumerate(lines[y]) if at > 10 and letter in "✗✓!∅?")
        await pilot.click(StatusGrid, offset=(x, y))
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await until(pilot, lambda: name in str(app.main.panes.table.cursor_key))


def test_the_grid_follows_what_is_measured_and_what_comes():
    @drive(size=(80, 24))
    async def _(pilot, app):
        await pilot.press("escape", "M")
        notice = app.screen_stack[0].query_one("#notice", Static)
        await until(pilot, lambda: "no row yet" in str(notice.content))
        app.query_one(HostInput).focus().value = "unix.target=127.0.0.1:1"
        await pilot.press("enter")
        await until(pilot, lambda: len(app.main.panes.table.rows) == 1)
        grid = await open_grid(pilot, app)
        await until(pilot, lambda: "✗" in text_of(grid))
        await until(pilot, lambda: "blocked" in said(app))
        row = grid.row
        extra = app.main.controller.measure(
            (Target("unix.target", "127.0.0.2", 1),), app.main.panes.tree.included
        )
        app.main.panes.add(extra[0])
        await until(pilot, lambda: "127.0.0.2" in text_of(grid))
        assert grid.row == row
        await pilot.press("M")
        await until(pilot, lambda: len(app.screen_stack) == 1)

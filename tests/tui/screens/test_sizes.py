"""Every size of a terminal: nothing breaks, is too wide, or lies over something else."""

from __future__ import annotations

from itertools import combinations, cycle
from pathlib import Path

import pytest

from tests.tui.driving import drive, until
from tests.tui.pictures import drawn
from tui.widgets.container import Box
from tui.widgets.detail import Detail
from tui.widgets.footer import Breadcrumbs, KeyBar
from tui.widgets.header import Header
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

SITE = str(Path(__file__).parents[2] / "sessions" / "site.jsonl")
OURS = (Header, ProfileTree, ResultTable, Detail, Breadcrumbs, KeyBar)
DOINGS = (("1",), ("2",), ("3",), ("z",), ("slash", "x"), ("escape",), ("f",), ("I", "escape"))
OTHERS = (("v",), ("d",), ("question_mark",), ("ctrl+p",), ("c",), ("a",))

LONG = "Something happened at 10.20.30.40, and it takes long to say it. " * 3

ANY = (*OTHERS, *((key,) for key in "GbXTSMsNImP1z/"))
TINY = [(4, 24), (1, 1), (4, 3), (80, 1), (0, 0), (0, 24), (2, 2), (3, 40), (19, 5)]
SMALL = [(width, height) for width in (30, 40, 59, 60) for height in (8, 12, 15, 16)]
EVERY = [
    (width, height) for width in range(30, 221, 19) for height in (8, 11, 16, 23, 24, 37, 50, 60)
]


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """Start without preferences of earlier tests."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))


def leaves(app):
    return [
        widget
        for widget in app.screen.query("*")
        if widget.is_on_screen and widget.region.area and not widget.displayed_children
    ]


def check(app, size) -> None:
    width, height = size
    for widget in leaves(app):
        region = widget.region
        assert region.x >= 0, widget
        assert region.right <= width, widget
        assert region.bottom <= height, widget
        if isinstance(widget, OURS):
            lines = [widget.render_line(y) for y in range(widget.size.height)]
            assert {line.cell_length for line in lines} <= set(range(widget.size.width + 1)), widget
    drawer = app.query_one(ProfileTree) if width < 100 else None
    for one, other in combinations(leaves(app), 2):
        if drawer in (one, other):
            # Over the table on purpose.
            continue
        assert not one.region.overlaps(other.region), (one, other)
    drawn(app)


@pytest.mark.parametrize(("options", "sizes"), [((), (*SMALL, *EVERY)), (("--ascii",), SMALL)])
def test_every_size_shows_what_fits_and_nothing_lies_over_anything(options, sizes):
    doings, news = cycle(DOINGS), cycle((LONG, "", LONG))

    @drive("open", SITE, *options, size=(80, 24))
    async def _(pilot, app):
        for size in sizes:
            await pilot.resize_terminal(*size)
            await pilot.press(*next(doings))
            app.main.say(next(news))
            await pilot.pause()
            check(app, size)


@pytest.mark.parametrize("keys", OTHERS)
def test_every_other_screen_stands_in_every_size(keys):
    @drive("open", SITE, size=(80, 24))
    async def _(pilot, app):
        await pilot.press(*keys)
        for size in (*SMALL, (80, 24), (220, 60)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            drawn(app)


def test_a_window_of_any_size_is_survived_whatever_is_open():
    @drive("open", SITE, size=(80, 24))
    async def _(pilot, app):
        for keys in ANY:
            await pilot.press(*keys)
            for size in TINY:
                await pilot.resize_terminal(*size)
                await pilot.pause()
                drawn(app)
            await pilot.resize_terminal(80, 24)
            await pilot.press("escape", "escape")
            await until(pilot, lambda: len(app.screen_stack) == 1)


def regions(app) -> dict[str, object]:
    return {str(widget): widget.region for widget in app.screen.query("*") if widget.display}


@pytest.mark.parametrize("size", [(45, 24), (80, 12), (110, 30), (150, 40), (200, 50)])
def test_a_start_in_any_size_and_a_resize_to_it_look_the_same(size):
    began = {}

    @drive("open", SITE, size=size)
    async def _(pilot, app):
        began.update(regions(app))

    @drive("open", SITE, size=(80, 24))
    async def _(pilot, app):
        assert regions(app) != began
        await pilot.resize_terminal(*size)
        await pilot.pause()
        assert regions(app) == began


def test_what_holds_other_widgets_is_drawn_as_textual_draws_it():
    @drive("open", SITE, size=(120, 40))
    async def _(pilot, app):
        for theme in ("dark", "contrast-light"):
            app.theme = theme
            await pilot.pause()
            for one in (app.screen, *app.screen.query(Box)):
                theirs = one._styles_cache.render_widget(one, one.region.reset_offset)
                ours = one.render_lines(one.region.reset_offset)
                assert [line.simplify() for line in ours] == [line.simplify() for line in theirs]
                assert len(ours) == one.region.height

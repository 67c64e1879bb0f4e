"""The key bar: what people need next, and each entry does its command when it is clicked."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.driving import drive, enter, notice, seen, text_of, until
from tui.commands import COMMANDS
from tui.widgets.detail import Detail
from tui.widgets.footer import FIRST, KeyBar
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable

SITE = str(Path(__file__).parents[2] / "sessions" / "site.jsonl")
pytestmark = pytest.mark.usefixtures("state")


def words(bar: KeyBar) -> list[str]:
    return text_of(bar).split()


async def click(pilot, bar: KeyBar, entry: str) -> None:
    await pilot.click(KeyBar, offset=(text_of(bar).index(f" {entry}") + 1, 0))
    await pilot.pause()


def test_every_command_that_comes_first_is_in_the_bar():
    bars = {command.id for command in COMMANDS if command.bar}
    for first in FIRST.values():
        assert len(set(first)) == len(first)
        assert bars.issuperset(first)


def test_each_stage_has_the_keys_that_people_need_next(closed):
    @drive(size=(100, 24))
    async def _(pilot, app):
        bar = app.query_one(KeyBar)
        assert {"Enter", "Test", "Esc", "Leave"} <= {*words(bar)}
        await pilot.press("escape")
        await pilot.pause()
        assert words(bar)[:10] == [
            "q",
            "Quit",
            "?",
            "Help",
            "i",
            "Hosts",
            "T",
            "Sets",
            "S",
            "Sessions",
        ]
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        after = "q Quit ? Help i Hosts r Retest f Failed / Filter v Verdicts d Causes X Export"
        assert words(bar)[:18] == after.split()
        app.main.measuring = True
        app.main.show_state()
        await pilot.pause()
        assert words(bar)[:8] == ["q", "Quit", "?", "Help", "x", "Stop", "i", "Hosts"]
        app.main.measuring = False


def test_an_old_session_has_no_key_for_hosts_in_the_bar():
    @drive("open", SITE)
    async def _(pilot, app):
        bar = app.query_one(KeyBar)
        assert words(bar)[:8] == ["q", "Quit", "?", "Help", "r", "Retest", "f", "Failed"]
        assert "Sessions" in words(bar)
        assert "Hosts" not in words(bar)


def test_a_click_on_an_entry_does_what_its_key_does():
    @drive("open", SITE, size=(160, 40))
    async def _(pilot, app):
        bar, table = app.query_one(KeyBar), app.query_one(ResultTable)
        every = len(seen(app))
        await click(pilot, bar, "f Failed")
        assert len(seen(app)) < every
        assert "Failures only" in notice(app)
        assert app.focused is table
        await click(pilot, bar, "3 Details")
        assert app.focused is app.query_one(Detail)
        await click(pilot, bar, "d Causes")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        before = app.screen_stack[-1]
        await pilot.click(KeyBar, offset=(158, 0))
        assert app.screen_stack[-1] is before


def test_a_click_while_hosts_are_typed_measures_or_leaves_the_line():
    @drive()
    async def _(pilot, app):
        bar, line = app.query_one(KeyBar), app.query_one(HostInput)
        line.value = "#"
        await click(pilot, bar, "Enter Test")
        await until(pilot, lambda: "no host in this line" in notice(app))
        await click(pilot, bar, "Esc Leave")
        assert app.focused is app.query_one(ResultTable)

"""Main screen: panes in sight at every size, and the help behind them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.driving import drive, enter, seen, text_of, until
from tui.app import AuditReach
from tui.cli.config import with_config
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.commands import COMMANDS
from tui.screens.help import help_text
from tui.screens.main import SessionScreen
from tui.widgets.detail import Detail
from tui.widgets.header import Header
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

SITE = Path(__file__).parents[2] / "sessions" / "site.jsonl"

pytestmark = pytest.mark.usefixtures("state")


def test_f_shows_failures_only_and_everything_again(listening, closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"printer=127.0.0.1:{listening}, printer=127.0.0.2:{closed}")
        everything = seen(app)
        await pilot.press("f")
        failures = seen(app)
        assert f"printer.raw|127.0.0.1:{listening}" not in failures
        assert f"printer.raw|127.0.0.2:{closed}" in failures
        await pilot.press("f")
        assert seen(app) == everything


def test_slash_filters_as_words_are_typed_and_escape_shows_everything_again(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed},127.0.0.2:{closed}")
        await pilot.press("slash", *"127.0.0.2", "enter")
        assert seen(app) == [f"unix.ssh|127.0.0.2:{closed}"]
        assert app.focused is app.query_one(ResultTable)
        await pilot.press("escape")
        await until(pilot, lambda: len(seen(app)) == 2)


def test_the_tree_filters_the_table_and_rolls_up_what_was_found(closed):
    @drive(size=(120, 40))
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed} xen.host=127.0.0.1:{closed}")
        tree = app.query_one(ProfileTree)
        line = next(line for line in text_of(tree).splitlines() if "Hypervisors" in line)
        assert "✗1" in line
        await pilot.press("t")
        while tree.node.id != "category:hypervisors":
            await pilot.press("down")
        assert seen(app) == [f"xen.ssh|127.0.0.1:{closed}"]


def test_every_command_is_in_the_help_with_its_key_and_its_sentence():
    text = " ".join(help_text(COMMANDS).split())
    for one in COMMANDS:
        assert f"{one.key_text} {one.about}" in text, one.id


def test_the_help_fits_a_terminal_of_eighty_columns():
    assert max(len(line) for line in help_text(COMMANDS).splitlines()) <= 76
    narrow = help_text(COMMANDS, width=36)
    assert max(len(line) for line in narrow.splitlines()) <= 36
    assert "\nf        shows failures only, and\n         everything again\n" in narrow


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (80, 23), (120, 40), (200, 50)])
def test_every_size_shows_rows_and_nothing_breaks(size, closed):
    @drive(size=size)
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        assert "✗ 127.0.0.1" in text_of(app.query_one(ResultTable))
        await pilot.press("question_mark")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")


def test_ascii_draws_nothing_else(closed):
    @drive("--ascii")
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        for kind in (Header, ProfileTree, ResultTable, Detail):
            assert text_of(app.query_one(kind)).isascii(), kind


def test_q_asks_while_rows_are_measured_and_leaves_at_once_otherwise():
    @drive()
    async def _(pilot, app):
        await pilot.press("escape", "q")
        assert app._exit


@pytest.mark.parametrize(("argv", "seconds"), [((), 0.2), (("--slow-link",), 1.0)])
def test_a_slow_link_is_drawn_to_once_a_second(
    monkeypatch: pytest.MonkeyPatch, argv: tuple[str, ...], seconds: float
) -> None:
    asked: list[float] = []
    made = SessionScreen.set_interval

    def noted(self: SessionScreen, interval: float, *rest: Any, **more: Any) -> Any:
        asked.append(interval)
        return made(self, interval, *rest, **more)

    monkeypatch.setattr(SessionScreen, "set_interval", noted)

    async def keys(pilot: Pilot[int], app: AuditReach) -> None:
        await pilot.pause()

    drive(*argv)(keys)
    # The other timer is the screen's own, which runs only while something is to be drawn.
    assert max(asked) == seconds


async def test_nothing_of_textuals_own_is_mounted_beside_the_panes():
    app = build(with_config(parse_options(("open", str(SITE)))))
    async with app.run_test(tooltips=True, notifications=True):
        ids = [one.id for one in app.main.children]
    assert "body" in ids
    assert [id for id in ids if (id or "").startswith("textual-")] == []

"""The help and the palette: what they begin with, and that every command is in them."""

from __future__ import annotations

import asyncio

import pytest

from tui.app import AuditReach
from tui.commands import COMMANDS
from tui.screens.dialogs import HelpDialog
from tui.screens.help import PANES, help_text


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ((), "ResultTable"),
        (("1",), "ProfileTree"),
        (("3",), "Detail"),
        (("slash",), "FilterInput"),
    ],
)
def test_the_help_begins_with_the_keys_of_what_has_the_focus(opened, keys, name):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press(*keys)
        await seat.opens("f1", "HelpDialog")
        assert isinstance(seat.app.screen, HelpDialog)
        text = str(seat.app.screen.query("Static").first().content)
        lines = text.splitlines()
        assert lines[2] == f"You are in the {PANES[name].name}"
        assert PANES[name].keys[0][1][:30] in lines[3]
        assert f"In the {PANES[name].name}\n" not in text


def test_the_help_of_every_pane_fits_eighty_columns():
    for name in PANES:
        assert max(map(len, help_text(COMMANDS, focus=name).splitlines())) <= 76


async def test_the_palette_has_every_action_by_name():
    from tui.cli.parser import parse_options
    from tui.cli.screen import build

    app = build(parse_options([]))
    assert isinstance(app, AuditReach)
    async with app.run_test() as pilot:
        await pilot.pause()
        told = {one.title: one.help for one in app.get_system_commands(app.screen)}
        assert {one.word for one in COMMANDS if one.id != "back"} <= set(told)
        assert told["All again"] == "Retests everything (key g)."
    if app.controller is not None:
        await asyncio.to_thread(app.controller.close)


def test_ctrl_p_opens_the_palette(opened):
    @opened()
    async def _(seat):
        await seat.opens("ctrl+p", "CommandPalette")

"""Every key that the help names, pressed: what it does is seen, not only that it is bound."""

from __future__ import annotations

import asyncio
from importlib import import_module

import pytest
from textual.widgets import Input

from tui.app import AuditReach
from tui.commands import COMMANDS
from tui.help import help_text
from tui.pane_keys import PANES
from tui.screens.dialog import Help
from tui.widgets.detail import Detail
from tui.widgets.entry import HostEntry
from tui.widgets.filter_line import FilterEntry, FilterLine
from tui.widgets.outline import Outline
from tui.widgets.table import ResultTable

WIDGETS = {one.__name__: one for one in (ResultTable, Outline, Detail, HostEntry, FilterEntry)}


def top(seat) -> str:
    return type(seat.app.screen).__name__


async def opens(seat, key: str, screen: str) -> None:
    """The key puts this over the session's screen."""
    await seat.press(key)
    await seat.until(lambda: top(seat) == screen)


async def says(seat, key: str, part: str) -> None:
    await seat.press(key)
    await seat.until(lambda: part in seat.notice)


async def focuses(seat, key: str, widget) -> None:
    await seat.press(key)
    assert isinstance(seat.app.focused, widget)


async def sort(seat, key):
    await seat.press(key)
    assert seat.table.rows.order == ("status", False)


async def reverse(seat, key):
    await seat.press("o", key)
    assert seat.table.rows.order == ("status", True)


async def failures(seat, key):
    await seat.press(key)
    assert len(seat.seen) == 17


async def filter_line(seat, key):
    await focuses(seat, key, FilterEntry)
    assert seat.app.screen.query_one(FilterLine).display


async def mark(seat, key):
    await seat.press("home", key)
    assert list(seat.table.marks) == [seat.seen[0]]


async def mark_visible(seat, key):
    await seat.press(key)
    assert len(seat.table.marks) == 33


async def unmark(seat, key):
    await seat.press("space", key)
    assert len(seat.table.marks) == 0


async def next_failure(seat, key):
    await seat.press("home", key)
    assert seat.table.cursor_key == "windows.winrm|pc-015.corp.example"


async def previous_failure(seat, key):
    await seat.press("home", key)
    assert seat.notice == "From the bottom again."


async def copies(seat, key):
    seat.table.select("windows.winrm|pc-015.corp.example")
    await says(seat, key, "Copied")
    assert seat.app.clipboard


async def remove(seat, key):
    await seat.press("home", key)
    assert len(seat.table.rows) == 32


async def undo(seat, key):
    await seat.press("home", "delete", key)
    assert len(seat.table.rows) == 33


async def zoom(seat, key):
    before = seat.app.screen.query_one(Outline).display
    await seat.press(key)
    after = seat.app.screen.query_one(Outline).display
    await seat.press(key)
    assert before != after
    assert seat.app.screen.query_one(Outline).display == before


async def previous_pane(seat, key):
    await seat.press("tab")
    there = seat.app.focused
    await seat.press("tab", key)
    assert seat.app.focused is there


async def next_pane(seat, key):
    before = seat.app.focused
    await seat.press(key)
    assert seat.app.focused is not before


async def redraw(seat, key):
    drawn: list[bool] = []
    seat.app.redraw = lambda: drawn.append(True)
    await seat.press(key)
    assert drawn


async def leave(seat, key):
    await seat.press(key)
    assert seat.app._exit


async def back(seat, key):
    await seat.press("f", key)
    assert len(seat.seen) == 33


async def suspend(seat, key):
    stopped: list[bool] = []
    seat.app.stop_for_a_while = lambda: stopped.append(True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.suspend.resumable", lambda: True)
        await seat.press(key)
    assert stopped


async def replay(seat, key):
    await seat.press(key)
    await seat.until(lambda: top(seat) != "SessionScreen" or seat.notice)


def over(screen: str):
    return lambda seat, key: opens(seat, key, screen)


OPENED = {
    "failures": failures,
    "filter": filter_line,
    "verdicts": over("VerdictScreen"),
    "diagnosis": over("Diagnosis"),
    "explain": over("Help"),
    "tree": lambda seat, key: focuses(seat, key, Outline),
    "table": lambda seat, key: focuses(seat, key, ResultTable),
    "details": lambda seat, key: focuses(seat, key, Detail),
    "zoom": zoom,
    "next-pane": next_pane,
    "previous-pane": previous_pane,
    "next-failure": next_failure,
    "previous-failure": previous_failure,
    "go-to-host": over("GoTo"),
    "mark": mark,
    "mark-visible": mark_visible,
    "unmark": unmark,
    "copy-command": copies,
    "copy-change": copies,
    "copy-rows": copies,
    "remove": remove,
    "undo": undo,
    "sort": sort,
    "sort-by": over("Choice"),
    "reverse": reverse,
    "save": over("Prompt"),
    "export": over("Choice"),
    "sessions": None,
    "replay": replay,
    "remark": over("Prompt"),
    "information": None,
    "redraw": redraw,
    "suspend": suspend,
    "help": over("Help"),
    "quit": leave,
    "back": back,
}
"""On an old session; None where any other screen or a sentence will do."""


async def again(seat, key):
    rows = seat.table.rows
    name = seat.table.cursor_key
    before = rows.result(name).observation.started
    await seat.press(key)
    await seat.until(lambda: rows.result(name).observation.started != before)
    await seat.until(lambda: not seat.app.main.measuring)


async def stop(seat, key):
    stopped: list[bool] = []
    seat.app.main.runner.stop = lambda: stopped.append(True)
    seat.app.main.measuring = True
    await seat.press(key)
    assert stopped
    assert "Stopped" in seat.notice
    seat.app.main.measuring = False


async def freeze(seat, key):
    await seat.press(key)
    await seat.until(lambda: "FROZEN" in seat.head)


MEASURED = {
    "hosts": lambda seat, key: focuses(seat, key, HostEntry),
    "again": again,
    "again-failures": again,
    "again-all": again,
    "stop": stop,
    "watch": None,
    "freeze": freeze,
    "changes": None,
    "sets": None,
    "answers": over("Questions"),
    "credentials": over("Credentials"),
}


def keys_of(effects) -> list[tuple[str, str]]:
    return [(one.id, key) for one in COMMANDS if one.id in effects for key in one.keys.split(",")]


async def something(seat, key: str) -> None:
    await seat.press(key)
    await seat.until(lambda: top(seat) != "SessionScreen" or seat.notice)


@pytest.mark.parametrize(("id", "key"), keys_of(OPENED))
def test_a_key_does_on_an_old_session_what_the_help_says(opened, id, key):
    @opened(size=(120, 40))
    async def _(seat):
        await (OPENED[id] or something)(seat, key)


@pytest.mark.parametrize(("id", "key"), keys_of(MEASURED))
def test_a_key_does_while_measuring_what_the_help_says(measured, closed, id, key):
    @measured(f"unix.target=127.0.0.1:{closed}", size=(120, 40))
    async def _(seat):
        await (MEASURED[id] or something)(seat, key)


def test_every_command_is_pressed_above():
    assert {one.id for one in COMMANDS} == set(OPENED) | set(MEASURED)


@pytest.mark.parametrize("name", PANES)
def test_the_help_names_exactly_the_keys_that_a_pane_has(name):
    bound = {binding.key for binding in WIDGETS[name].BINDINGS}
    assert {keys for keys, _ in PANES[name].keys} == bound


PRESSED = {
    "ResultTable": {
        "up,k": (5, 4),
        "down,j": (5, 6),
        "pageup": (32, range(1, 32)),
        "pagedown": (0, range(1, 32)),
        "home": (5, 0),
        "end": (5, 32),
    },
}


@pytest.mark.parametrize(
    ("key", "begin", "end"),
    [
        (key, begin, end)
        for keys, (begin, end) in PRESSED["ResultTable"].items()
        for key in keys.split(",")
    ],
)
def test_the_keys_of_the_table_move_the_cursor(opened, key, begin, end):
    @opened()
    async def _(seat):
        seat.table.select(seat.seen[begin])
        await seat.press(key)
        line = seat.table.cursor_line
        assert line in end if isinstance(end, range) else line == end


def test_enter_in_the_table_goes_to_the_details(opened):
    @opened(size=(120, 40))
    async def _(seat):
        await focuses(seat, "enter", Detail)


@pytest.mark.parametrize("keys", [("down", "up"), ("j", "k"), ("pagedown", "pageup"),
                                  ("end", "home")])  # fmt: skip
def test_the_keys_of_the_details_scroll_there_and_back(opened, keys):
    @opened(size=(80, 24))
    async def _(seat):
        seat.table.select("windows.winrm|pc-015.corp.example")
        await seat.press("3")
        detail = seat.app.screen.query_one(Detail)
        assert seat.app.focused is detail
        there, back = keys
        await seat.press(there)
        await seat.until(lambda: detail.scroll_offset.y > 0)
        await seat.press(back)
        await seat.until(lambda: detail.scroll_offset.y == 0)


@pytest.mark.parametrize("keys", [("down", "up"), ("j", "k"), ("pagedown", "pageup"),
                                  ("end", "home")])  # fmt: skip
def test_the_keys_of_the_tree_move_there_and_back_and_the_table_follows(opened, keys):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("1", "home")
        tree = seat.app.screen.query_one(Outline)
        first, rows = tree.node, len(seat.seen)
        await seat.press(keys[0])
        assert tree.node is not first
        assert len(seat.seen) < rows
        await seat.press(keys[1])
        assert tree.node is first
        assert len(seat.seen) == rows


@pytest.mark.parametrize("keys", [("left", "right"), ("h", "l"), ("enter", "enter")])
def test_nodes_are_folded_and_unfolded(opened, keys):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("1", "home")
        tree = seat.app.screen.query_one(Outline)
        while tree.node.id != "category:windows":
            await seat.press("down")
        height = tree.virtual_size.height
        await seat.press(keys[0])
        assert tree.virtual_size.height < height
        await seat.press(keys[1])
        assert tree.virtual_size.height == height


def test_space_in_the_tree_leaves_out_and_takes_in_again(opened):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press("1", "home")
        tree = seat.app.screen.query_one(Outline)
        every = tree.included
        await seat.press("down", "space")
        assert tree.included < every
        assert len(seat.table.marks) == 0
        await seat.press("space")
        assert tree.included == every


def test_the_keys_of_the_host_line(measured, closed):
    typed = f"unix.target=127.0.0.1:{closed}"

    @measured(typed)
    async def _(seat):
        line = seat.app.screen.query_one(HostEntry)
        await seat.press("i", "up")
        assert line.value == typed
        await seat.press("down")
        assert line.value == ""
        await seat.press(*"snm")
        await seat.until(lambda: line._suggestion)
        await seat.press("tab")
        assert line.value.startswith("snmp.device")
        await opens(seat, "f1", "Help")
        await seat.press("escape")
        await seat.closed()
        await focuses(seat, "escape", ResultTable)
        await seat.press("i")
        line.value = typed
        before = seat.table.rows.result(seat.seen[0]).observation.started
        await seat.press("enter")
        await seat.until(lambda: seat.table.rows.result(seat.seen[0]).observation.started != before)
        await seat.until(lambda: not seat.app.main.measuring)


def test_the_keys_of_the_filter_line(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *"hos")
        line = seat.app.screen.query_one("#filter", Input)
        await seat.until(lambda: line._suggestion)
        await seat.press("tab")
        assert line.value == "host:"
        await opens(seat, "f1", "Help")
        await seat.press("escape")
        await seat.closed()
        await seat.press(*"dc1", "enter")
        assert len(seat.seen) == 2
        assert seat.app.focused is seat.table
        await seat.press("slash", "escape")
        assert len(seat.seen) == 33


@pytest.mark.parametrize(
    ("keys", "name"),
    [
        ((), "ResultTable"),
        (("1",), "Outline"),
        (("3",), "Detail"),
        (("slash",), "FilterEntry"),
    ],
)
def test_the_help_begins_with_the_keys_of_what_has_the_focus(opened, keys, name):
    @opened(size=(120, 40))
    async def _(seat):
        await seat.press(*keys)
        await opens(seat, "f1", "Help")
        assert isinstance(seat.app.screen, Help)
        text = str(seat.app.screen.query("Static").first().content)
        lines = text.splitlines()
        assert lines[2] == f"You are in the {PANES[name].name}"
        assert PANES[name].keys[0][1][:30] in lines[3]
        assert f"In the {PANES[name].name}\n" not in text


def test_the_help_of_every_pane_fits_eighty_columns():
    for name in PANES:
        assert max(map(len, help_text(focus=name).splitlines())) <= 76


async def test_the_palette_has_every_action_by_name():
    from tui.arguments import parse_options
    from tui.launch import build

    app = build(parse_options([]))
    assert isinstance(app, AuditReach)
    async with app.run_test() as pilot:
        await pilot.pause()
        names = {one.title for one in app.get_system_commands(app.screen)}
        assert {one.word for one in COMMANDS if one.id != "back"} <= names
    if app.runner is not None:
        await asyncio.to_thread(app.runner.close)


def test_ctrl_p_opens_the_palette(opened):
    @opened()
    async def _(seat):
        await opens(seat, "ctrl+p", "CommandPalette")


def test_the_code_of_every_command_is_there():
    for one in COMMANDS:
        module, _, name = one.code.partition(":")
        assert callable(getattr(import_module(f"tui.commands.{module}"), name))

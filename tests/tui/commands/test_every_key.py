"""Every key of a command, pressed: what it does is seen, not only that it is bound."""

from __future__ import annotations

import pytest

from tui.commands import COMMANDS
from tui.widgets.detail import Detail
from tui.widgets.filter_input import FilterInput, FilterLine
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree


async def says(seat, key: str, part: str) -> None:
    await seat.press(key)
    await seat.until(lambda: part in seat.notice)


async def sort(seat, key):
    await seat.press(key)
    assert seat.table.rows.order == ("host", False)


async def reverse(seat, key):
    await seat.press(key)
    assert seat.table.rows.order == ("status", True)


async def failures(seat, key):
    await seat.press(key)
    assert len(seat.seen) == 17


async def filter_line(seat, key):
    await seat.focuses(key, FilterInput)
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
    assert seat.table.cursor_key == "enable.rpc|pc-015.corp.example"


async def previous_failure(seat, key):
    await seat.press("home", key)
    assert seat.notice == "From the bottom again."


async def copies(seat, key):
    seat.table.select("windows.winrm|pc-015.corp.example")
    await says(seat, key, "Copied")
    assert seat.app.clipboard


async def remove(seat, key):
    await seat.press("home", key)
    assert len(seat.table.rows) == 26


async def undo(seat, key):
    await seat.press("home", "delete", key)
    assert len(seat.table.rows) == 33


async def zoom(seat, key):
    before = seat.app.screen.query_one(ProfileTree).display
    await seat.press(key)
    after = seat.app.screen.query_one(ProfileTree).display
    await seat.press(key)
    assert before != after
    assert seat.app.screen.query_one(ProfileTree).display == before


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
    seat.app.suspend_to_shell = lambda: stopped.append(True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tui.terminal.suspend.resumable", lambda: True)
        await seat.press(key)
    assert stopped


def over(screen: str):
    return lambda seat, key: seat.opens(key, screen)


OPENED = {
    "failures": failures,
    "absent": lambda seat, key: says(seat, key, "Every row has a host"),
    "filter": filter_line,
    "verdicts": over("VerdictScreen"),
    "grid": over("GridScreen"),
    "diagnosis": over("DiagnosisDialog"),
    "explain": over("HelpDialog"),
    "tree": lambda seat, key: seat.focuses(key, ProfileTree),
    "table": lambda seat, key: seat.focuses(key, ResultTable),
    "details": lambda seat, key: seat.focuses(key, Detail),
    "zoom": zoom,
    "next-pane": next_pane,
    "previous-pane": previous_pane,
    "next-failure": next_failure,
    "previous-failure": previous_failure,
    "go-to-host": over("GoToDialog"),
    "mark": mark,
    "mark-visible": mark_visible,
    "unmark": unmark,
    "copy-command": copies,
    "copy-change": copies,
    "copy-rows": copies,
    "remove": remove,
    "undo": undo,
    "sort": sort,
    "sort-by": over("ChoiceDialog"),
    "reverse": reverse,
    "save": over("PromptDialog"),
    "export": over("ChoiceDialog"),
    "sessions": None,
    "replay": None,
    "remark": over("PromptDialog"),
    "information": None,
    "redraw": redraw,
    "suspend": suspend,
    "help": over("HelpDialog"),
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
    seat.app.main.controller.stop = lambda: stopped.append(True)
    seat.app.main.measuring = True
    await seat.press(key)
    assert stopped
    assert "Stopped" in seat.notice
    seat.app.main.measuring = False


async def freeze(seat, key):
    await seat.press(key)
    await seat.until(lambda: "FROZEN" in seat.head)


MEASURED = {
    "hosts": lambda seat, key: seat.focuses(key, HostInput),
    "again": again,
    "again-failures": again,
    "again-all": again,
    "stop": stop,
    "watch": None,
    "freeze": freeze,
    "changes": None,
    "sets": None,
    "answers": over("QuestionsDialog"),
    "credentials": over("CredentialsDialog"),
}


def keys_of(effects) -> list[tuple[str, str]]:
    return [(one.id, key) for one in COMMANDS if one.id in effects for key in one.keys.split(",")]


async def something(seat, key: str) -> None:
    await seat.press(key)
    await seat.until(lambda: seat.app.screen is not seat.app.main or seat.notice)


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
    pressed = set(OPENED) | set(MEASURED)
    assert {one.id for one in COMMANDS} == pressed, "OPENED or MEASURED says what is seen of it"

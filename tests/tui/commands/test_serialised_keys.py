"""Keys that arrive all at once, as over a line that stood still, do what they do one by one."""

from __future__ import annotations

import asyncio

import pytest
from textual.events import Key, Load, Paste
from textual.widgets import Input

from tests.tui.driving import drive, until
from tui.app import AuditReach
from tui.widgets.host_input import HostInput


def at_once(seat, *keys: str) -> None:
    """Everything in one piece, as a terminal reads it."""
    for key in keys:
        seat.app.post_message(Paste(key[1:]) if key.startswith("+") else Key(key, _character(key)))


def _character(key: str) -> str | None:
    return {"slash": "/", "space": " "}.get(key, key if len(key) == 1 else None)


def test_what_follows_a_slash_is_no_command(opened):
    @opened()
    async def _(seat):
        at_once(seat, "slash", *"dc1", "enter", "f")
        await seat.until(lambda: seat.panes.failures)
        assert seat.panes.query == "dc1"
        assert seat.app.focused is seat.table
        at_once(seat, "f", "slash", "escape", "slash", *"xq", "backspace", "backspace", *"web1")
        await seat.until(lambda: seat.panes.query == "web1")
        assert seat.app.is_running
        assert not seat.panes.failures


def test_hosts_typed_at_once_are_measured_and_then_come_commands(measured, closed):
    @measured(f"unix.target=127.0.0.1:{closed}")
    async def _(seat):
        at_once(seat, "i", *f"unix.target=127.0.0.2:{closed}", "enter", "v")
        await seat.until(lambda: len(seat.app.screen_stack) == 2)
        await seat.press("escape")
        assert seat.app.main.query_one(HostInput).value == ""


def test_a_paste_waits_for_the_key_before_it(opened):
    @opened()
    async def _(seat):
        at_once(seat, "slash", "+dc1", "space", "k")
        await seat.until(lambda: seat.app.main.query_one("#filter", Input).value == "dc1 k")


def test_a_key_that_comes_before_the_screen_is_the_first_of_its_line(monkeypatch):
    async def early(app, event):
        if isinstance(event, Load):
            for key in "unix.":
                app.post_message(Key(key, key))
        await before(app, event)

    before = AuditReach.on_event
    monkeypatch.setattr(AuditReach, "on_event", early)

    @drive()
    async def _(pilot, app):
        await until(pilot, lambda: app.main.query_one(HostInput).value == "unix.")


@pytest.mark.parametrize("twice", [1, 2])
def test_a_screen_that_opens_gets_the_keys_after_the_one_that_opened_it(opened, twice):
    @opened()
    async def _(seat):
        was = seat.table.cursor_key
        at_once(seat, *["question_mark", "escape"] * twice, "down")
        await seat.until(lambda: seat.table.cursor_key != was)
        assert len(seat.app.screen_stack) == 1


def test_a_name_is_typed_into_the_question_for_it(opened):
    @opened()
    async def _(seat):
        at_once(seat, "G", *"printer3", "enter")
        await seat.until(lambda: "printer3" in str(seat.table.cursor_key))
        assert len(seat.app.screen_stack) == 1


def test_what_is_still_to_come_when_the_program_ends_does_nothing(opened):
    seats = []

    @opened()
    async def _(seat):
        seats.append(seat)

    dispatcher = seats[0].app.dispatcher
    asyncio.run(dispatcher.dispatch(Key("x", "x")))


def test_a_held_key_counts_every_time_and_what_comes_after_it_waits(opened):
    @opened()
    async def _(seat):
        at = seat.table.cursor_line
        at_once(seat, *["down"] * 9, "up", "question_mark", "down", "down", "escape", "down")
        await seat.until(lambda: seat.table.cursor_line == at + 9)
        assert len(seat.app.screen_stack) == 1
        at_once(seat, "slash", *"dc1", "left", "left", "x", "backspace", "enter")
        await seat.until(lambda: seat.panes.query == "dc1" and seat.app.focused is seat.table)


def test_delete_held_down_takes_a_host_each_time_and_u_after_it_brings_the_last_one_back(
    measured, closed
):
    @measured(f"unix.target=127.0.0.2:{closed},127.0.0.3:{closed},127.0.0.4:{closed}")
    async def _(seat):
        at_once(seat, "delete", "delete", "u")
        await seat.until(lambda: "is back" in seat.notice and len(seat.seen) == 2)
        shown = [seat.table.rows.job_of(key).target.host for key in seat.seen]
        assert shown == ["127.0.0.3", "127.0.0.4"]

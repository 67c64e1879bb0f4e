"""The watch on the whole screen, against listeners that come and go."""

from __future__ import annotations

import json
import socket

import pytest
from textual.widgets import Input, OptionList

from probes.model import Status
from tests.tui.driving import drive, enter, notice, rows, seen, text_of, until
from tui.widgets.detail import Detail
from tui.widgets.header import Header
from tui.widgets.table import ResultTable

pytestmark = pytest.mark.usefixtures("state")


async def order(pilot, app, text):
    await pilot.press("w")
    await until(pilot, lambda: len(app.screen_stack) == 2)
    app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await until(pilot, lambda: len(app.screen_stack) == 1)
    await pilot.pause()


def test_a_service_that_comes_up_is_told_with_the_time_and_how_long_it_was_down(state):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]

        key = f"printer.raw|127.0.0.1:{port}"

        @drive(size=(120, 40))
        async def _(pilot, app):
            await enter(pilot, app, f"printer=127.0.0.1:{port}")
            assert rows(app)[key] is Status.BLOCKED
            await order(pilot, app, "1")
            sock.listen()
            await until(pilot, lambda: "came up at" in notice(app))
            assert f"Raw printing TCP {port} on 127.0.0.1 came up at" in notice(app)
            app.query_one(ResultTable).select(key)
            await until(pilot, lambda: "rounds, min" in text_of(app.query_one(Detail)))
            # The printer is listened to for longer than a second.
            await until(pilot, lambda: "every 1 s, a round takes" in text_of(app.query_one(Header)))
            await pilot.press("H")
            await until(pilot, lambda: len(app.screen_stack) == 2)
            assert app.screen.query_one(OptionList).option_count >= 1
            await pilot.press("enter")
            await until(pilot, lambda: len(app.screen_stack) == 1)
            assert app.query_one(ResultTable).cursor_key == key

        (log,) = (state / "sessions").iterdir()

        for replay in ((), ("--replay", "1000")):

            @drive("open", str(log), *replay, size=(120, 40))
            async def _(pilot, app):
                await until(pilot, lambda: app.main.watcher.changes)
                app.query_one(ResultTable).select(key)
                await until(pilot, lambda: "rounds, min" in text_of(app.query_one(Detail)))
                await pilot.press("H")
                await until(pilot, lambda: len(app.screen_stack) == 2)
                options = app.screen.query_one(OptionList)
                texts = [
                    str(options.get_option_at_index(n).prompt) for n in range(options.option_count)
                ]
                assert any("came up at" in text for text in texts)

        lines = [json.loads(line) for line in log.read_text().splitlines()]
        told = [line["status"] for line in lines if line["type"] == "result" and line["key"] == key]
        assert {"blocked", "ok"} <= set(told)


def test_rows_of_a_round_keep_their_status_until_they_have_another(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        await pilot.press("f")
        was = seen(app)
        states = set()
        table = app.query_one(ResultTable)
        apply = table.apply

        def spied(events):
            apply(events)
            states.update(rows(app).values())

        table.apply = spied
        await order(pilot, app, "1")
        key = was[0]
        await until(pilot, lambda: (found := app.main.watcher.history.of(key)) and found.total >= 3)
        assert states == {Status.BLOCKED}
        assert seen(app) == was


def test_a_round_that_takes_longer_than_the_order_is_followed_by_the_next_at_once():
    with socket.create_server(("127.0.0.1", 0)) as mute:
        port = mute.getsockname()[1]

        @drive("--timeout", "1.2", "--answer-timeout", "1.2")
        async def _(pilot, app):
            await enter(pilot, app, f"unix.target=127.0.0.1:{port}")
            (key,) = seen(app)
            await order(pilot, app, "1")
            await until(pilot, lambda: "every 1 s" in text_of(app.query_one(Header)))
            await until(
                pilot, lambda: (past := app.main.watcher.history.of(key)) and past.total >= 3
            )


@pytest.mark.parametrize(
    ("words", "told"), [("600 failed", "every 600 s, failed rows only"), ("600 all", "every 600 s")]
)
def test_the_head_says_which_rows_are_watched(closed, words, told):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        await order(pilot, app, words)
        await until(pilot, lambda: told in text_of(app.query_one(Header)))
        assert ("only" in told) is ("rows only" in text_of(app.query_one(Header)))


def test_another_reason_is_told_after_a_rerun_by_hand_too():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        key = f"unix.ssh|127.0.0.1:{port}"

        @drive("--answer-timeout", "1")
        async def _(pilot, app):
            await enter(pilot, app, f"unix.target=127.0.0.1:{port}")
            await pilot.press("r")
            history = app.main.watcher.history
            await until(pilot, lambda: (past := history.of(key)) and past.total == 2)
            await until(pilot, lambda: not app.main.measuring)
            assert (notice(app), [*app.main.watcher.changes]) == ("", [])
            sock.listen()
            await pilot.press("r")
            expected = f"SSH TCP {port} on 127.0.0.1: the host accepts it now; the host answers"
            await until(pilot, lambda: expected in notice(app))
            assert rows(app)[key] is Status.BLOCKED
            assert "; still blocked." in notice(app)
            await pilot.press("H")
            await until(pilot, lambda: len(app.screen_stack) == 2)
            options = app.screen.query_one(OptionList)
            assert expected in str(options.get_option_at_index(0).prompt)


def test_off_ends_the_watch(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        await order(pilot, app, "1")
        await until(pilot, lambda: app.main.watcher.history.of(seen(app)[0]))
        await order(pilot, app, "off")
        assert notice(app) == "The watch has ended."
        await until(pilot, lambda: not app.main.measuring)
        assert app.main.watcher._timer is None
        assert "every" not in text_of(app.query_one(Header))


def test_a_frozen_display_stands_still_while_the_log_grows_and_then_catches_up(state):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]

        @drive()
        async def _(pilot, app):
            key = f"printer.raw|127.0.0.1:{port}"
            await enter(pilot, app, f"printer=127.0.0.1:{port}")
            await pilot.press("p")
            assert "FROZEN" in text_of(app.query_one(Header))
            sock.listen()
            await pilot.press("g")
            (log,) = (state / "sessions").iterdir()
            await until(pilot, lambda: log.read_text().count(key) >= 2 and not app.main.measuring)
            assert rows(app)[key] is Status.BLOCKED
            await pilot.press("p")
            await until(pilot, lambda: rows(app)[key] is Status.OK)
            assert "tested in the meantime" in notice(app)
            assert "FROZEN" not in text_of(app.query_one(Header))


def test_what_cannot_be_repeated_is_said_and_the_watch_goes_on_as_before(closed):
    @drive()
    async def _(pilot, app):
        await pilot.press("escape", "w")
        assert "enter hosts first" in notice(app)
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        await order(pilot, app, "60")
        await order(pilot, app, "soon")
        assert "'soon' does not belong here" in notice(app)
        assert app.main.watcher.options.interval == 60

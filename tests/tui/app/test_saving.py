"""A session that is saved, copied, opened again or cannot be saved."""

from __future__ import annotations

import pytest
from textual.widgets import Input, Static

from probes.model import Message, Status
from tests.tui.driving import drive, enter, notice, rows, text_of, until
from tui.widgets.detail import Detail
from tui.widgets.header import Header

pytestmark = pytest.mark.usefixtures("state")


def test_s_saves_a_copy_and_asks_before_it_overwrites(closed, tmp_path):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        for answer in (None, "n", "y"):
            await pilot.press("s")
            await until(pilot, lambda: len(app.screen_stack) == 2)
            app.screen.query_one(Input).value = "copy.jsonl"
            await pilot.press("enter")
            if answer:
                await until(
                    pilot,
                    lambda: "exists. Overwrite" in str(app.screen.query(Static).first().content),
                )
                (tmp_path / "copy.jsonl").write_text("mine")
                await pilot.press(answer)
            await until(pilot, lambda: len(app.screen_stack) == 1)
            await pilot.pause()
            await until(pilot, lambda: notice(app))
            text = (tmp_path / "copy.jsonl").read_text()
            assert (text == "mine") is (answer == "n")

    assert (tmp_path / "copy.jsonl").stat().st_mode & 0o777 == 0o600


def test_a_copy_that_cannot_be_written_is_one_sentence(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        await pilot.press("s")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        app.screen.query_one(Input).value = "/proc/nowhere/copy.jsonl"
        await pilot.press("enter")
        await until(pilot, lambda: "/proc/nowhere" in notice(app))


def test_an_old_session_is_shown_without_touching_the_network(closed, state, monkeypatch):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")

    (log,) = (state / "sessions").iterdir()

    def no_network(*_):
        raise AssertionError("a socket was made")

    monkeypatch.setattr("probes.engine.thread.Engine.__init__", no_network)

    @drive("open", str(log))
    async def _(pilot, app):
        await pilot.pause()
        assert rows(app) == {f"unix.ssh|127.0.0.1:{closed}": Status.BLOCKED}
        assert "session of 20" in "".join(
            str(one.content) for one in app.query("#entry-line Static").results(Static)
        )
        assert "TCP reset from the host's address" in text_of(app.query_one(Detail))
        await pilot.press("r")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("n")
        await until(pilot, lambda: notice(app) == "Nothing was tested.")


def test_a_session_that_cannot_be_saved_is_said_and_goes_on(closed, tmp_path):
    (tmp_path / "there.jsonl").write_text("mine")

    @drive("--log", str(tmp_path / "there.jsonl"))
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        assert list(rows(app).values()) == [Status.BLOCKED]
        assert "NOT SAVED" in text_of(app.query_one(Header))
        assert "exists already" in notice(app)

    assert (tmp_path / "there.jsonl").read_text() == "mine"


def test_only_a_log_that_fails_is_called_not_saved(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        app.main._apply([Message("A fault in the engine ended the run.", "error")])
        assert notice(app) == "A fault in the engine ended the run."
        assert "NOT SAVED" not in text_of(app.query_one(Header))

"""An old session measured again on the screen: asked once, then a new session with its rows."""

from __future__ import annotations

import json
import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.model import SIMULATED, Status
from probes.session import read_session
from tests.tui.driving import drive, enter, notice, rows, text_of, until
from tui.cli.main import main
from tui.widgets.header import Header
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable

SITE = Path(__file__).parents[2] / "sessions" / "site.jsonl"
ROWS = 2


@pytest.fixture
def changing() -> Iterator[socket.socket]:
    """A port that refuses until somebody listens on it."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock


@pytest.fixture
def old(state: Path, closed: int, changing: socket.socket, tmp_path: Path) -> Path:
    """A session of two rows, both refused."""
    path = tmp_path / "old.jsonl"
    ports = (closed, changing.getsockname()[1])
    status = main(["run", *(f"unix.target=127.0.0.1:{port}" for port in ports), "--log", str(path)])
    assert status == 3
    return path


def logs(state: Path) -> list[Path]:
    folder = state / "sessions"
    return sorted(folder.glob("*.jsonl")) if folder.exists() else []


def kinds(path: Path, kind: str) -> list[str]:
    records = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [record["key"] for record in records if record["type"] == kind]


async def answered(pilot, app, key: str = "enter") -> None:
    """Answer the question, and wait for the end of the new session."""
    await until(pilot, lambda: type(app.screen).__name__ == "RetestDialog")
    await pilot.press(key)
    await until(pilot, lambda: app.main.controller is not None and app.main.controller.has_session)
    await until(pilot, lambda: len(rows(app)) == ROWS and not app.main.measuring)
    await pilot.pause()


def test_r_measures_the_row_in_a_new_session_and_the_rest_comes_along(old, state, changing):
    before = old.read_bytes()

    @drive("open", str(old))
    async def _(pilot, app):
        key = f"unix.ssh|127.0.0.1:{changing.getsockname()[1]}"
        app.main.panes.table.select(key)
        await pilot.press("r")
        await answered(pilot, app)
        await until(pilot, lambda: "from" in text_of(app.main.query_one(Header)))
        assert app.main.recorded is None
        assert app.focused is app.main.query_one(ResultTable)
        table = app.main.panes.table.rows
        (other,) = rows(app).keys() - {key}
        assert "Not retested since" in table.result(other).note
        assert "Not retested" not in table.result(key).note
        assert "saved" in text_of(app.main.query_one(Header))

    (log,) = logs(state)
    assert len(set(kinds(log, "result"))) == len(set(kinds(log, "earlier"))) == 1
    assert read_session(log).ended
    assert read_session(log).header.origin.id == read_session(old).header.id
    assert old.read_bytes() == before


@pytest.mark.parametrize("key", ["R", "g"])
def test_everything_that_failed_is_measured_again_after_y(old, state, key):
    @drive("open", str(old))
    async def _(pilot, app):
        await pilot.press(key)
        await answered(pilot, app, "y")

    (log,) = logs(state)
    assert len(set(kinds(log, "result"))) == ROWS and not kinds(log, "earlier")


def test_i_goes_on_with_the_session_and_its_host_line_takes_more(old, state, closed):
    @drive("open", str(old))
    async def _(pilot, app):
        await pilot.press("i")
        await answered(pilot, app)
        assert isinstance(app.focused, HostInput)
        app.focused.value = f"unix.target=127.0.0.2:{closed}"
        await pilot.press("enter")
        await until(pilot, lambda: len(rows(app)) == ROWS + 1 and not app.main.measuring)

    (log,) = logs(state)
    assert len(kinds(log, "earlier")) == ROWS
    assert read_session(log).ended


def test_a_session_that_is_gone_on_with_has_a_whole_log_before_anything_is_tested(old, state):
    @drive("open", str(old))
    async def _(pilot, app):
        await pilot.press("i")
        await answered(pilot, app)

    (log,) = logs(state)
    assert len(kinds(log, "earlier")) == ROWS and kinds(log, "result") == []
    assert main(["verify", str(log)]) == 0


@pytest.mark.parametrize("key", ["n", "escape"])
def test_without_a_yes_nothing_is_measured_or_written(old, state, key):
    @drive("open", str(old))
    async def _(pilot, app):
        await pilot.press("g")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press(key)
        await until(pilot, lambda: notice(app) == "Nothing was tested.")
        assert app.main.recorded is not None

    assert logs(state) == []


def test_over_another_session_that_one_ends_with_a_whole_log(old, state, closed):
    (state / "sessions").mkdir(parents=True, mode=0o700)
    kept = shutil.copy(old, state / "sessions" / "old.jsonl")

    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.2:{closed}")
        await pilot.press("p")
        await pilot.press("S")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await until(pilot, lambda: len(app.screen._found) == 2)
        await pilot.press("down", "enter")
        await until(pilot, lambda: getattr(app.screen, "recorded", None) is not None)
        await pilot.press("g")
        await until(pilot, lambda: type(app.screen).__name__ == "RetestDialog")
        assert "The session below this one ends" in app.screen._question
        await answered(pilot, app)
        assert app.screen is app.main
        assert set(rows(app).values()) == {Status.BLOCKED}
        assert "FROZEN" not in text_of(app.main.query_one(Header))

    found = [read_session(path) for path in logs(state) if path != kept]
    assert len(found) == 2
    assert all(session.ended for session in found)
    assert sorted(len(session.results) for session in found) == [1, ROWS]


def test_a_session_of_the_demo_says_why_it_is_not_measured(old, state, tmp_path):
    demo = tmp_path / "demo.jsonl"
    lines = old.read_text(encoding="utf-8").splitlines()
    header = json.loads(lines[0])
    header["vantage"]["kind"] = SIMULATED
    demo.write_text("\n".join([json.dumps(header), *lines[1:]]) + "\n", encoding="utf-8")

    @drive("open", str(demo))
    async def _(pilot, app):
        for key in "rRgi":
            app.main.say("")
            await pilot.press(key)
            await until(pilot, lambda: "its hosts exist only there" in notice(app))

    assert logs(state) == []


def test_a_torn_log_is_measured_again_as_far_as_it_goes_in_a_kiosk_too(old, state):
    text = old.read_text(encoding="utf-8")
    old.write_text(text[: text.index('{"type":"verdict"') + 20], encoding="utf-8")

    @drive("open", str(old), "--kiosk")
    async def _(pilot, app):
        await pilot.press("g")
        await answered(pilot, app)

    (log,) = logs(state)
    assert len(set(kinds(log, "result"))) == ROWS


@pytest.mark.usefixtures("state")
def test_credentials_are_asked_for_before_a_login_is_measured(tmp_path):
    @drive("open", str(SITE))
    async def _(pilot, app):
        app.main.panes.table.select("unix.ssh|web1.corp.example")
        await pilot.press("r")
        await until(pilot, lambda: type(app.screen).__name__ == "RetestDialog")
        assert "No log has credentials" in app.screen._question
        await pilot.press("n")
        await until(pilot, lambda: app.screen is app.main)
        await pilot.press("c")
        await until(pilot, lambda: type(app.screen).__name__ == "CredentialsDialog")
        app.screen.query_one("#of_ssh_user").value = "audit"
        app.screen.query_one("#of_ssh_password").value = "not-for-a-log"
        await pilot.press("enter")
        await until(pilot, lambda: "In use from now on" in notice(app))
        await pilot.press("r")
        await until(pilot, lambda: type(app.screen).__name__ == "RetestDialog")
        assert "No log has credentials" not in app.screen._question
        await pilot.press("n")

"""Earlier sessions on the whole screen: open, compare, replay, remark, delete, and sets."""

from __future__ import annotations

import json
import shlex
import shutil
import socket
from pathlib import Path

import pytest
from textual.widgets import Input, OptionList, Static

from probes.model import Status
from probes.session import verify
from tests.tui.driving import drive, enter, notice, rows, text_of, until
from tui.screens.comparison import ComparisonScreen
from tui.screens.main import SessionScreen
from tui.screens.session_browser import SessionsScreen
from tui.sessions.store import heading
from tui.widgets.detail import Detail
from tui.widgets.header import Header
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable

SITE = Path(__file__).parents[2] / "sessions" / "site.jsonl"


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "state" / "auditreach" / "sessions"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def port():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


async def browse(pilot, app, count):
    await pilot.press("escape", "S")
    await until(
        pilot,
        lambda: (
            isinstance(app.screen, SessionsScreen)
            and app.screen.query_one(OptionList).option_count == count
        ),
    )
    await pilot.pause()


async def prompt(pilot, app, text, depth):
    await until(pilot, lambda: len(app.screen_stack) == depth + 1)
    app.screen.query_one(Input).value = text
    await pilot.press("enter")
    await until(pilot, lambda: len(app.screen_stack) <= depth)
    await pilot.pause()


def listed(app):
    options = app.screen.query_one(OptionList)
    return [str(options.get_option_at_index(at).prompt) for at in range(options.option_count)]


def test_sessions_are_listed_the_newest_first_with_what_came_of_them(state, port):
    shutil.copy(SITE, state / "20200101-000000-aa.jsonl")
    (state / "20200102-000000-bad.jsonl").write_text("no session")

    @drive(size=(120, 30))
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{port}")
        await browse(pilot, app, 2)
        first, second = listed(app)
        assert first.startswith("* ")
        assert f"127.0.0.1:{port}" in first
        assert "1 blocked" in first
        assert "33 results" in second and "pc-014.corp.example, " in second
        heading = str(app.screen.query_one(".heading", Static).content)
        assert heading.startswith("2 sessions, the newest first; 1 file is unreadable")
        assert "20200102-000000-bad.jsonl" in str(app.screen.query_one("#done", Static).content)


def test_no_session_of_many_is_left_out(state):
    for number in range(45):
        shutil.copy(SITE, state / f"20200101-0000{number:02}-aa.jsonl")

    @drive(size=(120, 30))
    async def _(pilot, app):
        await browse(pilot, app, 45)
        options = app.screen.query_one(OptionList)
        ids = [options.get_option_at_index(at).id for at in range(45)]
        assert ids == [str(state / f"20200101-0000{n:02}-aa.jsonl") for n in reversed(range(45))]


def test_the_heading_says_which_sessions_are_not_listed():
    assert heading(3, 3, 0, present=False) == "3 sessions, the newest first"
    assert heading(500, 731, 0, present=True) == (
        "500 of 731 sessions, the newest first; * is on the screen"
    )
    assert heading(1, 3, 2, present=False) == (
        "1 session, the newest first; 2 files are unreadable and not listed"
    )


def test_nothing_of_a_session_is_cut_at_eighty_columns(state):
    text = SITE.read_text()
    rulings = ["ready after enabling remoting"] * 2 + ["blocked", "degraded", "unknown", "ready"]
    more = "".join(
        f'{{"type":"verdict","host":"pc{at}","role":"windows.target","capability":"windows.audit",'
        f'"verdict":"{ruling}","because":[],"fix":[],"text":"x"}}\n'
        for at, ruling in enumerate(rulings)
    )
    (state / "20200101-000000-aa.jsonl").write_text(text + more)

    @drive(size=(80, 24))
    async def _(pilot, app):
        await browse(pilot, app, 1)
        (told,) = listed(app)
        assert "2 ready after enabling remoting" in told
        assert "…" not in told


def test_enter_opens_a_session_over_the_present_one_and_q_goes_back(state, port):
    shutil.copy(SITE, state / "20200101-000000-aa.jsonl")

    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{port}")
        await browse(pilot, app, 2)
        await pilot.press("down", "enter")
        await until(pilot, lambda: isinstance(app.screen, SessionScreen) and app.screen.recorded)
        await pilot.pause()
        assert len(app.screen.panes.keys) == 33
        await pilot.press("q")
        await until(pilot, lambda: app.screen is app.main)
        assert list(rows(app)) == [f"unix.ssh|127.0.0.1:{port}"]
        assert not app._exit


def test_a_session_is_compared_with_the_present_one(state):
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port = sock.getsockname()[1]
        key = f"printer.raw|127.0.0.1:{port}"

        @drive()
        async def _(pilot, app):
            await enter(pilot, app, f"printer=127.0.0.1:{port}")
            assert rows(app)[key] is Status.BLOCKED

        sock.listen()

        @drive()
        async def _(pilot, app):
            await enter(pilot, app, f"printer=127.0.0.1:{port}")
            await browse(pilot, app, 2)
            # Both began in the same second, perhaps.
            earlier = next(at for at, text in enumerate(listed(app)) if text[0] != "*")
            await pilot.press("home", *["down"] * earlier, "c")
            await until(pilot, lambda: isinstance(app.screen, ComparisonScreen))
            await pilot.pause()
            lines = listed(app)
            fixed = lines.index("fixed (1)")
            assert "blocked -> ok" in lines[fixed + 1]
            await until(pilot, lambda: "before" in text_of(app.screen.query_one(Detail)))
            await pilot.press("enter")
            await until(pilot, lambda: app.screen is app.main)
            await pilot.pause()
            assert app.query_one(ResultTable).cursor_key == key


def test_comparing_with_nothing_or_with_itself_is_said(state, port):
    shutil.copy(SITE, state / "20200101-000000-aa.jsonl")

    @drive()
    async def _(pilot, app):
        await browse(pilot, app, 1)
        await pilot.press("c")
        await until(pilot, lambda: "no session on the screen" in notice(app))
        await enter(pilot, app, f"unix.target=127.0.0.1:{port}")
        await browse(pilot, app, 2)
        await pilot.press("home", "c")
        await until(pilot, lambda: "choose another one" in notice(app))


def test_a_deleted_session_goes_to_the_trash_and_comes_back(state):
    shutil.copy(SITE, state / "20200101-000000-aa.jsonl")

    @drive()
    async def _(pilot, app):
        await browse(pilot, app, 1)
        await pilot.press("delete")
        assert listed(app) == []
        (gone,) = (state / "trash").iterdir()
        assert gone.read_bytes() == SITE.read_bytes()
        assert str(gone) in str(app.screen.query_one("#done", Static).content)
        await pilot.press("u")
        await until(pilot, lambda: len(listed(app)) == 1)
        assert not list((state / "trash").iterdir())


def test_u_brings_back_what_was_deleted_before_the_list_or_the_program_was_opened(state):
    names = ("20200101-000000-aa.jsonl", "20200102-000000-bb.jsonl")
    for name in names:
        shutil.copy(SITE, state / name)

    @drive()
    async def _(pilot, app):
        await browse(pilot, app, 2)
        await pilot.press("delete", "escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await browse(pilot, app, 1)
        await pilot.press("u")
        await until(pilot, lambda: len(listed(app)) == 2)
        await pilot.press("delete", "delete")
        assert listed(app) == []

    @drive()
    async def _(pilot, app):
        await browse(pilot, app, 0)
        for count in (1, 2):
            await pilot.press("u")
            await until(pilot, lambda count=count: len(listed(app)) == count)
        await pilot.press("u")
        await until(
            pilot, lambda: "trash is empty" in str(app.screen.query_one("#done", Static).content)
        )

    assert {path.name for path in state.glob("*.jsonl")} == set(names)


def test_the_session_on_the_screen_cannot_be_deleted(state, port):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{port}")
        await browse(pilot, app, 1)
        await pilot.press("delete")
        assert "it stays" in str(app.screen.query_one("#done", Static).content)
        assert len(list(state.iterdir())) == 1


def test_a_remark_on_the_present_session_is_in_its_log_under_a_new_hash(state, port):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{port}")
        await pilot.press("N")
        await prompt(pilot, app, "before the change", 1)
        await until(pilot, lambda: "in the session log" in notice(app))

    (log,) = state.iterdir()
    records = [json.loads(line) for line in log.read_text().splitlines()]
    assert "before the change" in [one["text"] for one in records if one["type"] == "remark"]
    assert records[-1]["type"] == "end"
    assert verify(log).intact


def test_a_remark_on_an_earlier_session_is_shown_in_the_list(state):
    path = state / "20200101-000000-aa.jsonl"
    shutil.copy(SITE, path)
    path.chmod(0o600)

    @drive(size=(200, 30))
    async def _(pilot, app):
        await browse(pilot, app, 1)
        await pilot.press("n")
        await prompt(pilot, app, "rule 17", 2)
        await until(pilot, lambda: "rule 17" in listed(app)[0])


def test_a_replay_shows_rows_as_they_came_and_p_holds_it(state):
    @drive("open", str(SITE), "--replay", "0.1")
    async def _(pilot, app):
        await until(pilot, lambda: "replay 0.1x" in text_of(app.query_one(Header)))
        assert Status.QUEUED in rows(app).values()
        await pilot.press("p")
        assert "is paused" in notice(app)
        await pilot.press("p")
        await pilot.press("q")
        assert app._exit

    @drive("open", str(SITE), "--replay", "1000")
    async def _(pilot, app):
        await until(pilot, lambda: "replay is over" in text_of(app.query_one(Header)))
        end = rows(app)
        await pilot.press("P")
        await until(pilot, lambda: bool(app.screen.query(Input)) and app.screen is not app.main)
        app.screen.query_one(Input).value = "1000"
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SessionScreen) and app.screen.replay)
        await until(pilot, lambda: "replay is over" in text_of(app.screen.query_one(Header)))
        assert rows(app) == end


def test_a_replay_ends_as_the_session_ended(state):
    ends = []

    @drive("open", str(SITE))
    async def _(pilot, app):
        await pilot.pause()
        ends.append(rows(app))

    @drive("open", str(SITE), "--replay", "1000")
    async def _(pilot, app):
        await until(pilot, lambda: "replay is over" in text_of(app.query_one(Header)))
        assert rows(app) == ends[0]


def test_targets_are_kept_as_a_set_and_recalled_into_the_host_line(state, port):
    typed = f"unix.target=127.0.0.1:{port}"

    @drive()
    async def _(pilot, app):
        await enter(pilot, app, typed)
        await pilot.press("T")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.screen.query(Input)))
        app.screen.query_one(Input).value = "one host"
        await pilot.press("enter")
        await until(pilot, lambda: "Saved as one host" in notice(app))
        kept = state.parent / "targets" / "one host.txt"
        assert shlex.split(notice(app))[-1] == f"@{kept}"

    @drive()
    async def _(pilot, app):
        await pilot.press("escape", "T")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert listed(app) == ["one host"]
        await pilot.press("enter")
        await until(pilot, lambda: app.query_one(HostInput).value == typed)
        assert app.focused is app.query_one(HostInput)

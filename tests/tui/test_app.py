"""The whole screen, driven by keys, against this machine's loopback."""

from __future__ import annotations

import json
import math
import socket
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static

from probes.engine.model import Status
from tests.tui.driving import drive, enter, notice, rows, seen, text_of, until
from tui.app import AuditReach
from tui.screens.session import SessionScreen
from tui.widgets.detail import Detail
from tui.widgets.entry import HostEntry
from tui.widgets.head import Head
from tui.widgets.outline import Outline
from tui.widgets.table import ResultTable


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state" / "auditreach"


@pytest.fixture
def listening():
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


@pytest.fixture
def closed():
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        yield sock.getsockname()[1]


def test_hosts_are_typed_and_their_results_arrive(closed, state):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}, snmp.device=127.0.0.1:{closed}")
        key = f"unix.ssh|127.0.0.1:{closed}"
        assert rows(app)[key] is Status.BLOCKED
        assert app.query_one(HostEntry).value == ""
        assert app.focused is app.query_one(ResultTable)
        assert "2/2" in text_of(app.query_one(Head))
        (log,) = (state / "sessions").iterdir()
        keys = [json.loads(line).get("key") for line in log.read_text().splitlines()]
        assert key in keys


def test_the_screen_says_from_where_it_measures():
    @drive()
    async def _(pilot, app):
        head = app.query_one(Head)
        await until(pilot, lambda: socket.gethostname() in text_of(head))
        assert "AlloyScan" in text_of(head)


def test_an_update_gives_way_once_to_a_key_that_was_just_pressed(monkeypatch):
    @drive()
    async def keys(pilot, app):
        monkeypatch.setattr(app.main, "set_timer", lambda *_: None)
        asked = []
        monkeypatch.setattr(app.runner, "drain", lambda: asked.append(1))
        monkeypatch.setattr(app, "pressed", math.inf)
        app.main.drain()
        assert not asked
        app.main.drain()
        assert asked == [1]


def test_the_detail_tells_the_whole_story_of_the_selected_row(closed):
    @drive(size=(120, 40))
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        told = text_of(app.query_one(Detail))
        for part in (
            "Refused with a TCP reset",
            "SSH access for agentless audit",
            "closed, conn-refused",
            "127.0.0.1 from 127.0.0.1",
            "exchange 1",
            "1 attempt",
        ):
            assert part in told, told


def test_bad_hosts_are_named_and_stay_in_the_line_while_the_good_ones_are_measured(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed},10.0.0.999")
        await until(pilot, lambda: "10.0.0.999" in notice(app))
        assert len(rows(app)) == 1
        assert app.query_one(HostEntry).value == "unix.target=10.0.0.999"
        assert app.focused is app.query_one(HostEntry)


def test_plain_hosts_take_the_role_the_tree_stands_on(closed):
    @drive()
    async def _(pilot, app):
        tree = app.query_one(Outline)
        tree.focus()
        while tree.node.id != "category:unix":
            await pilot.press("down")
        await pilot.press("right", "down", "i")
        await enter(pilot, app, f"127.0.0.1:{closed}")
        assert list(rows(app)) == [f"unix.ssh|127.0.0.1:{closed}"]


def test_a_large_range_is_asked_about_first_and_no_means_nothing_is_sent():
    @drive()
    async def _(pilot, app):
        app.query_one(HostEntry).value = "unix.target=127.1.0.0/21"
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "2,046 endpoints" in str(app.screen.query(Static).first().content)
        await pilot.press("n")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert rows(app) == {}
        assert app.query_one(HostEntry).value == "unix.target=127.1.0.0/21"


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
        tree = app.query_one(Outline)
        line = next(line for line in text_of(tree).splitlines() if "Hypervisors" in line)
        assert "✗1" in line
        await pilot.press("t")
        while tree.node.id != "category:hypervisors":
            await pilot.press("down")
        assert seen(app) == [f"xen.ssh|127.0.0.1:{closed}"]


def test_space_in_the_tree_leaves_a_check_out_of_what_is_measured(closed):
    @drive()
    async def _(pilot, app):
        await pilot.press("escape", "t", "end")
        tree = app.query_one(Outline)
        assert tree.node.id == "category:discovery"
        await pilot.press("space", "i")
        await enter(pilot, app, f"discovery.host=127.0.0.1 unix.target=127.0.0.1:{closed}")
        assert list(rows(app)) == [f"unix.ssh|127.0.0.1:{closed}"]


def test_r_measures_the_row_again_and_shows_what_has_changed(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"nas=127.0.0.1 alloyscan.instance=127.0.0.1:{closed}")
        key = f"alloyscan.https|127.0.0.1:{closed}"
        assert rows(app)[key] is Status.BLOCKED
        table = app.query_one(ResultTable)
        before = table.rows.result(key).observation.started
        table.select(key)
        await pilot.press("r")
        await until(pilot, lambda: table.rows.result(key).observation.started != before)
        assert table.cursor_key == key


def test_a_host_that_is_named_again_is_measured_again(closed):
    @drive()
    async def _(pilot, app):
        typed = f"unix.target=127.0.0.1:{closed}"
        await enter(pilot, app, typed)
        table = app.query_one(ResultTable)
        key = f"unix.ssh|127.0.0.1:{closed}"
        before = table.rows.result(key).observation.started
        await enter(pilot, app, typed)
        await until(pilot, lambda: table.rows.result(key).observation.started != before)
        await until(pilot, lambda: not app.main.measuring)
        assert len(rows(app)) == 1


def test_capital_r_measures_only_what_is_not_well(listening, closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"printer=127.0.0.1:{listening}, unix.target=127.0.0.2:{closed}")
        table = app.query_one(ResultTable)
        well, ill = f"printer.raw|127.0.0.1:{listening}", f"unix.ssh|127.0.0.2:{closed}"
        first = {key: table.rows.result(key).observation.started for key in (well, ill)}
        await pilot.press("R")
        await until(pilot, lambda: table.rows.result(ill).observation.started != first[ill])
        await until(pilot, lambda: not app.main.measuring)
        assert table.rows.result(well).observation.started == first[well]


def test_x_stops_and_what_was_not_measured_says_so():
    @drive("--timeout", "60")
    async def _(pilot, app):
        with socket.socket() as mute:
            mute.bind(("127.0.0.1", 0))
            port = mute.getsockname()[1]
            mute.listen(0)
            full = [socket.socket() for _ in range(4)]
            for sock in full:
                sock.setblocking(False)
                sock.connect_ex(("127.0.0.1", port))
            app.query_one(HostEntry).value = f"alloyscan.instance=127.0.0.1:{port}"
            await pilot.press("enter")
            key = f"alloyscan.https|127.0.0.1:{port}"
            await until(pilot, lambda: rows(app).get(key) is Status.RUNNING)
            await pilot.press("x")
            await until(pilot, lambda: rows(app)[key] is Status.CANCELLED)
            for sock in full:
                sock.close()


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
        assert "Refused with a TCP reset" in text_of(app.query_one(Detail))
        await pilot.press("r")
        assert "old session" in notice(app)


def test_answers_are_changed_with_a_key_and_begin_another_session(state):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, "windows.dc=127.0.0.1")
        assert rows(app)["windows.kerberos|127.0.0.1"] is Status.BLOCKED
        assert "domain_credentials=yes" in notice(app)
        await pilot.press("a")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert app.screen.query_one(OptionList).option_count == 3
        await pilot.press("enter", "escape")
        await until(pilot, lambda: "press g" in notice(app))
        await pilot.press("g")
        await until(pilot, lambda: rows(app).get("windows.kerberos|127.0.0.1") is Status.NOT_NEEDED)
        assert len(list((state / "sessions").iterdir())) == 2


def test_a_session_that_cannot_be_saved_is_said_and_goes_on(closed, tmp_path):
    (tmp_path / "there.jsonl").write_text("mine")

    @drive("--log", str(tmp_path / "there.jsonl"))
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        assert list(rows(app).values()) == [Status.BLOCKED]
        assert "NOT SAVED" in text_of(app.query_one(Head))
        assert "exists already" in notice(app)

    assert (tmp_path / "there.jsonl").read_text() == "mine"


def test_what_was_typed_comes_back_with_up_also_in_the_next_session(closed):
    typed = f"unix.target=127.0.0.1:{closed}"

    @drive()
    async def _(pilot, app):
        await enter(pilot, app, typed)

    @drive()
    async def _(pilot, app):
        await pilot.press("up")
        assert app.query_one(HostEntry).value == typed


def test_tab_completes_a_role():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostEntry)
        await pilot.press(*"snm")
        await until(pilot, lambda: entry._suggestion)
        await pilot.press("tab")
        assert entry.value.startswith("snmp.device")


def test_a_pasted_list_of_many_lines_is_one_line_of_hosts():
    from textual.events import Paste

    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostEntry)
        entry.post_message(Paste("unix.target=a\r\nb\n\n  c\t"))
        await until(pilot, lambda: entry.value)
        assert entry.value == "unix.target=a b c"


def test_hosts_on_the_command_line_stand_in_the_line_and_run_starts_them(closed):
    @drive(f"unix.target=127.0.0.1:{closed}")
    async def _(pilot, app):
        assert app.query_one(HostEntry).value == f"unix.target=127.0.0.1:{closed}"
        assert rows(app) == {}

    @drive(f"unix.target=127.0.0.1:{closed}", "--run")
    async def _(pilot, app):
        await until(pilot, lambda: Status.BLOCKED in rows(app).values())


def test_every_command_is_in_the_help_with_its_key_and_its_sentence():
    from tui.commands import COMMANDS
    from tui.help import help_text

    text = " ".join(help_text().split())
    for one in COMMANDS:
        assert f"{one.key_text} {one.about}" in text, one.id


def test_the_help_fits_a_terminal_of_eighty_columns():
    from tui.help import help_text

    assert max(len(line) for line in help_text().splitlines()) <= 76
    narrow = help_text(width=36)
    assert max(len(line) for line in narrow.splitlines()) <= 36
    assert "\nf        shows failures only, and\n         everything again\n" in narrow


def test_a_line_without_a_host_is_said_to_have_none():
    @drive()
    async def _(pilot, app):
        app.query_one(HostEntry).value = "# only a comment"
        await pilot.press("enter")
        await until(pilot, lambda: "There is no host in this line" in notice(app))


def test_what_was_wrong_stays_in_the_line_with_the_cursor_behind_it():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostEntry)
        entry.value = "wndows.target=pc-1 pc-2; unix.target=10.0.0.9-5"
        await pilot.press("enter")
        await until(pilot, lambda: notice(app))
        assert entry.value == "wndows.target=pc-1,pc-2, unix.target=10.0.0.9-5"
        assert entry.cursor_position == len(entry.value)


def test_no_two_commands_have_the_same_id_or_key_and_all_their_code_is_there():
    from importlib import import_module

    from tui.commands import COMMANDS

    ids = [one.id for one in COMMANDS]
    keys = [key for one in COMMANDS for key in one.keys.split(",")]
    assert len(set(ids)) == len(ids)
    assert len(set(keys)) == len(keys)
    for one in COMMANDS:
        module, _, name = one.code.partition(":")
        assert callable(getattr(import_module(f"tui.commands.{module}"), name)), one.id


@pytest.mark.parametrize("size", [(40, 12), (80, 24), (80, 23), (120, 40), (200, 50)])
def test_every_size_shows_rows_and_nothing_breaks(size, closed):
    @drive(size=size)
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        assert "blocked" in text_of(app.query_one(ResultTable))
        await pilot.press("question_mark")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")
        await pilot.press("ctrl+p")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("escape")


def test_the_last_line_shows_the_keys_for_everything_that_matters_at_80_columns():
    from tui.widgets.keybar import KeyBar

    @drive()
    async def _(pilot, app):
        bar = app.query_one(KeyBar)
        assert "Enter Measure" in text_of(bar)
        await pilot.press("escape")
        await until(pilot, lambda: "Rerun" in text_of(bar))
        shown = text_of(bar)
        for key in ("r Rerun", "g All", "x Stop", "f Failed", "/ Filter", "s Save", "v Verdicts"):
            assert key in shown
        assert "q Quit" in shown
        assert "? Help" in shown


def test_ascii_draws_nothing_else(closed):
    @drive("--ascii")
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        for kind in (Head, Outline, ResultTable, Detail):
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

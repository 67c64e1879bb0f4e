"""Hosts are measured, again and until they are stopped: what their rows tell and the log keeps."""

from __future__ import annotations

import json
import math
import socket

import pytest
from textual.widgets import OptionList, Static

from probes.model import Status
from tests.tui.driving import drive, enter, notice, rows, text_of, until
from tui.widgets.detail import Detail
from tui.widgets.header import Header
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

pytestmark = pytest.mark.usefixtures("state")


def test_hosts_are_typed_and_their_results_arrive(closed, state):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}, snmp.device=127.0.0.1:{closed}")
        key = f"unix.ssh|127.0.0.1:{closed}"
        assert rows(app)[key] is Status.BLOCKED
        assert app.query_one(HostInput).value == ""
        assert app.focused is app.query_one(ResultTable)
        assert "2/2" in text_of(app.query_one(Header))
        (log,) = (state / "sessions").iterdir()
        keys = [json.loads(line).get("key") for line in log.read_text().splitlines()]
        assert key in keys


def test_the_screen_says_from_where_it_measures():
    @drive()
    async def _(pilot, app):
        head = app.query_one(Header)
        await until(pilot, lambda: socket.gethostname() in text_of(head))
        assert "AlloyScan" in text_of(head)


def test_an_update_gives_way_once_to_a_key_that_was_just_pressed(monkeypatch):
    @drive()
    async def keys(pilot, app):
        monkeypatch.setattr(app.main, "set_timer", lambda *_: None)
        asked = []
        monkeypatch.setattr(app.controller, "drain", lambda: asked.append(1))
        monkeypatch.setattr(app, "last_key_at", math.inf)
        app.main.drain()
        assert not asked
        app.main.drain()
        assert asked == [1]


def test_the_detail_tells_the_whole_story_of_the_selected_row(closed):
    @drive(size=(120, 40))
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        detail = app.query_one(Detail)
        told = "\n".join(detail.render_line(y).text for y in range(detail.virtual_size.height))
        for part in (
            "TCP reset from the host's address",
            "Refused with a TCP reset",
            "SSH access for agentless audit",
            "closed, conn-refused",
            "127.0.0.1 from 127.0.0.1",
            "exchange 1",
            "1 attempt",
        ):
            assert part in told, told


def test_a_large_range_is_asked_about_first_and_no_means_nothing_is_sent():
    @drive()
    async def _(pilot, app):
        app.query_one(HostInput).value = "unix.target=127.1.0.0/21"
        await pilot.press("enter")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert "2,046 endpoints" in str(app.screen.query(Static).first().content)
        await pilot.press("n")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        assert rows(app) == {}
        assert app.query_one(HostInput).value == "unix.target=127.1.0.0/21"


def test_space_in_the_tree_leaves_a_check_out_of_what_is_measured(closed):
    @drive()
    async def _(pilot, app):
        await pilot.press("escape", "t", "end")
        tree = app.query_one(ProfileTree)
        while tree.node.id != "category:discovery":
            await pilot.press("up")
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
            app.query_one(HostInput).value = f"alloyscan.instance=127.0.0.1:{port}"
            await pilot.press("enter")
            key = f"alloyscan.https|127.0.0.1:{port}"
            await until(pilot, lambda: rows(app).get(key) is Status.RUNNING)
            await pilot.press("x")
            await until(pilot, lambda: rows(app)[key] is Status.CANCELLED)
            for sock in full:
                sock.close()


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


def test_ctrl_c_asks_while_rows_are_being_measured_and_again_means_it():
    @drive()
    async def _(pilot, app):
        app.main.measuring = True
        await pilot.press("ctrl+c")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        assert not app._exit
        await pilot.press("ctrl+c")
        await until(pilot, lambda: app._exit)

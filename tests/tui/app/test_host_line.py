"""Host line: typed, pasted and recalled input."""

from __future__ import annotations

import pytest

from probes.model import Status
from tests.tui.driving import drive, enter, notice, rows, until
from tui.widgets.host_input import HostInput
from tui.widgets.tree import ProfileTree

pytestmark = pytest.mark.usefixtures("state")


def test_bad_hosts_are_named_and_stay_in_the_line_while_the_good_ones_are_measured(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed},10.0.0.999")
        await until(pilot, lambda: "10.0.0.999" in notice(app))
        assert len(rows(app)) == 1
        assert app.query_one(HostInput).value == "unix.target=10.0.0.999"
        assert app.focused is app.query_one(HostInput)


def test_plain_hosts_take_the_role_the_tree_stands_on(closed):
    @drive()
    async def _(pilot, app):
        tree = app.query_one(ProfileTree)
        tree.focus()
        while tree.node.id != "category:unix":
            await pilot.press("down")
        await pilot.press("right", "down", "i")
        await enter(pilot, app, f"127.0.0.1:{closed}")
        assert list(rows(app)) == [f"unix.ssh|127.0.0.1:{closed}"]


def test_what_was_typed_comes_back_with_up_also_in_the_next_session(closed):
    typed = f"unix.target=127.0.0.1:{closed}"

    @drive()
    async def _(pilot, app):
        await enter(pilot, app, typed)

    @drive()
    async def _(pilot, app):
        await pilot.press("up")
        assert app.query_one(HostInput).value == typed


def test_tab_completes_a_role():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        await pilot.press(*"snm")
        await until(pilot, lambda: entry._suggestion)
        await pilot.press("tab")
        assert entry.value.startswith("snmp.device")


def test_a_pasted_list_of_many_lines_is_one_line_of_hosts():
    from textual.events import Paste

    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        entry.post_message(Paste("unix.target=a\r\nb\n\n  c\t"))
        await until(pilot, lambda: entry.value)
        assert entry.value == "unix.target=a b c"


def test_hosts_on_the_command_line_stand_in_the_line_and_run_starts_them(closed):
    @drive(f"unix.target=127.0.0.1:{closed}")
    async def _(pilot, app):
        assert app.query_one(HostInput).value == f"unix.target=127.0.0.1:{closed}"
        assert rows(app) == {}

    @drive(f"unix.target=127.0.0.1:{closed}", "--run")
    async def _(pilot, app):
        await until(pilot, lambda: Status.BLOCKED in rows(app).values())


def test_a_line_without_a_host_is_said_to_have_none():
    @drive()
    async def _(pilot, app):
        app.query_one(HostInput).value = "# only a comment"
        await pilot.press("enter")
        await until(pilot, lambda: "There is no host in this line" in notice(app))


def test_what_was_wrong_stays_in_the_line_with_the_cursor_behind_it():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        entry.value = "wndows.target=pc-1 pc-2; unix.target=10.0.0.9-5"
        await pilot.press("enter")
        await until(pilot, lambda: notice(app))
        assert entry.value == "wndows.target=pc-1,pc-2, unix.target=10.0.0.9-5"
        assert entry.cursor_position == len(entry.value)

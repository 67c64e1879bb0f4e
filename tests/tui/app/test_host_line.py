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


def paste(text):
    from textual.events import Paste

    return Paste(text)


def test_of_a_pasted_table_only_the_hosts_come_into_the_line_and_that_is_said():
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        entry.value = "unix.target="
        entry.cursor_position = len(entry.value)
        entry.post_message(
            paste("Name,IPv4Address,OperatingSystem\r\nPC1,10.0.0.1,Server\r\nPC2,,Windows\r\n")
        )
        await until(pilot, lambda: "PC2" in entry.value)
        assert entry.value == "unix.target=PC1, PC2"
        await until(pilot, lambda: '"Name" is taken for the hosts' in notice(app))


@pytest.mark.parametrize(
    "text", ["web1;Server\nweb2;Windows", '{"hosts": [\n"web1"]}', "all:\n  web1:", "a " * 40_000]
)
def test_a_pasted_text_that_is_no_list_of_hosts_is_refused_and_leaves_the_line_alone(text):
    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        entry.value = "unix.target=a,"
        entry.cursor_position = len(entry.value)
        entry.post_message(paste(text))
        await until(pilot, lambda: notice(app))
        assert entry.value == "unix.target=a,"


def test_a_table_on_the_command_line_fills_only_its_hosts_in():
    @drive("unix.target=Name,OS\nPC1,Server\nPC2,Windows")
    async def _(pilot, app):
        assert app.query_one(HostInput).value == "unix.target=PC1, PC2"


def test_what_is_taken_for_what_it_means_is_measured_and_said(closed):
    @drive()
    async def _(pilot, app):
        await enter(pilot, app, f"Linux or macOS Target=ssh://root@127.0.0.1:{closed}/")
        assert list(rows(app)) == [f"unix.ssh|127.0.0.1:{closed}"]
        assert "read as unix.target=" in notice(app)
        assert "the scheme and the user name are left out" in notice(app)
        entry = app.query_one(HostInput)
        assert entry.value == "" and app.focused is not entry


def test_a_title_of_a_role_is_no_host_of_the_role_the_tree_stands_on(closed):
    @drive()
    async def _(pilot, app):
        tree = app.query_one(ProfileTree)
        tree.focus()
        while tree.node.id != "category:windows":
            await pilot.press("down")
        await pilot.press("right", "down", "i")
        await enter(pilot, app, f"Linux or macOS target=127.0.0.1:{closed}")
        assert list(rows(app)) == [f"unix.ssh|127.0.0.1:{closed}"]


def test_a_password_reaches_neither_the_history_nor_what_is_said(closed, tmp_path):
    @drive(f"unix.target=root:Secret7@127.0.0.1:{closed}")
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        assert entry.value == f"unix.target=127.0.0.1:{closed}"
        await enter(pilot, app, f"unix.target=ssh://root:Secret7@127.0.0.1:{closed}")
        assert "Secret7" not in notice(app)
        assert entry.history.lines[-1] == f"unix.target=ssh://127.0.0.1:{closed}"
        entry.focus().value = "unix.target=ssh://root:Secret7@10.0.0.300"
        await pilot.press("enter")
        await until(pilot, lambda: "0 to 255" in notice(app))
        assert "Secret7" not in notice(app)
        assert entry.value == "unix.target=ssh://10.0.0.300"


def test_no_host_of_a_refused_line_is_lost():
    hosts = [f"10.0.0.{number}" for number in range(300, 340)]
    for typed in (",".join(hosts), ",".join(f"{host}.{'9' * 90}" for host in hosts)):

        @drive()
        async def _(pilot, app, typed=typed):
            entry = app.query_one(HostInput)
            entry.value = f"unix.target={typed}"
            await pilot.press("enter")
            await until(pilot, lambda: notice(app))
            assert all(host in entry.value for host in typed.split(","))


def test_a_refused_list_stays_in_the_line_to_have_its_column_named(tmp_path):
    listed = tmp_path / ("x" * 90)
    listed.write_text("web1;Server\nweb2;Windows\n")

    @drive()
    async def _(pilot, app):
        entry = app.query_one(HostInput)
        entry.value = f"unix.target=@{listed}"
        await pilot.press("enter")
        await until(pilot, lambda: "no heading says" in notice(app))
        assert entry.value == f"unix.target=@{listed}"

"""Removing a host and bringing it back: rows, verdicts, counts and tree, and what the log says."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from probes.model import Status
from tui.widgets.tree import ProfileTree

PC = "pc-015.corp.example"


@pytest.fixture
def piecemeal(monkeypatch):
    """Whatever number of rows there is, and after every piece the loop goes on."""
    monkeypatch.setattr("tui.models.removed_hosts.CHUNKED_FROM", 0)
    monkeypatch.setattr("tui.models.chunked_work.CHUNK_SECONDS", -1.0)


def counts(seat) -> dict[Status, int]:
    rows = seat.table.rows
    return dict(Counter(rows.status(row) for row in range(len(rows))))


def everything(seat) -> tuple:
    """All that a removal changes."""
    rows = seat.table.rows
    results = {key: rows.result(key) for key in seat.seen}
    verdicts = {(line.target, line.ruling, line.text) for line in seat.panes.verdicts.lines()}
    return seat.seen, results, verdicts, seat.head, counts(seat)


def test_delete_removes_the_host_of_the_row_and_u_brings_it_back_as_it_was(opened):
    @opened(size=(120, 40))
    async def _(seat):
        before, tree = everything(seat), seat.text(ProfileTree)
        seat.table.select(f"windows.winrm|{PC}")
        await seat.press("delete")
        assert f"Removed {PC} (windows.target) with 7 rows" in seat.notice
        assert not [key for key in seat.seen if PC in key]
        assert seat.text(ProfileTree) != tree
        assert PC not in {line.target.host for line in seat.panes.verdicts.lines()}
        assert "/26" in seat.head
        await seat.press("u")
        assert f"{PC} (windows.target) is back with 7 rows." in seat.notice
        assert everything(seat) == before
        assert seat.text(ProfileTree) == tree


def test_the_cursor_stays_where_it_was_on_the_screen(opened):
    @opened()
    async def _(seat):
        await seat.press(*["down"] * 8)
        line = seat.table.cursor_line
        key = seat.table.cursor_key
        await seat.press("backspace")
        assert seat.table.cursor_line == min(line, len(seat.seen) - 1)
        assert seat.table.cursor_key != key
        assert seat.app.focused is seat.table


def test_hosts_of_marked_rows_go_together_and_come_back_together(opened):
    @opened()
    async def _(seat):
        before = everything(seat)
        await seat.press("slash", *"snmp", "enter", "asterisk", "delete")
        assert "Removed 3 hosts with" in seat.notice
        await seat.press("escape")
        assert not [key for key in seat.seen if "sw1" in key or "sw2" in key]
        await seat.press("u")
        assert everything(seat) == before


def test_several_removals_come_back_one_by_one_the_last_first(opened):
    @opened()
    async def _(seat):
        states = [seat.seen]
        for key in (
            "snmp.snmp|sw1.corp.example",
            f"windows.winrm|{PC}",
            "unix.ssh|web2.corp.example",
        ):
            seat.table.select(key)
            await seat.press("delete")
            states.append(seat.seen)
        while len(states) > 1:
            assert seat.seen == states.pop()
            await seat.press("u")
        assert seat.seen == states[0]
        await seat.press("u")
        assert seat.notice == "Nothing to undo."


def test_in_the_tree_nothing_is_removed(opened):
    @opened()
    async def _(seat):
        rows = seat.seen
        await seat.press("1", "delete")
        assert seat.notice == "There is no host to remove here."
        assert seat.seen == rows


def test_without_a_row_there_is_nothing_to_remove(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *"nosuchhost", "enter", "delete")
        assert seat.notice == "There is no host to remove here."


def test_while_the_display_is_frozen_nothing_is_removed(measured, closed):
    @measured(f"unix.target=127.0.0.1:{closed}")
    async def _(seat):
        await seat.press("p", "delete")
        assert "The display is frozen" in seat.notice
        assert len(seat.seen) == 1


def records(state) -> list[dict]:
    (log,) = (state / "sessions").iterdir()
    return [json.loads(line) for line in log.read_text().splitlines()]


def test_a_removed_host_is_not_measured_again_and_the_log_says_why(measured, closed, state):
    first, second = f"127.0.0.1:{closed}", f"127.0.0.2:{closed}"

    @measured(f"unix.target={first},{second}")
    async def _(seat):
        rows = seat.table.rows
        seat.table.select(f"unix.ssh|{first}")
        await seat.press("delete")
        await seat.until(lambda: len(rows) == 1)
        assert "1/1" in seat.head
        before = rows.result(f"unix.ssh|{second}").observation.started
        await seat.press("g")
        await seat.until(lambda: rows.result(f"unix.ssh|{second}").observation.started != before)
        await seat.until(lambda: not seat.app.main.measuring)
        assert len(rows) == 1

    written = records(state)
    results = [one["host"] for one in written if one["type"] == "result"]
    assert results.count("127.0.0.1") == 1
    (removed,) = [one for one in written if one["type"] == "removed"]
    assert removed["targets"] == [{"role": "unix.target", "name": "127.0.0.1", "port": closed}]
    assert written[-1]["type"] == "end"
    assert written[-1]["counts"] == {"blocked": 1}


def test_the_opened_log_shows_what_the_screen_showed_and_names_no_surprise(measured, closed, state):
    @measured(f"unix.target=127.0.0.1:{closed},127.0.0.2:{closed}")
    async def _(seat):
        await seat.press("home", "delete")
        await seat.until(lambda: len(seat.table.rows) == 1)

    from probes.session import verify
    from tui.cli.parser import parse_options
    from tui.cli.screen import build

    (log,) = (state / "sessions").iterdir()
    recorded = build(parse_options(["open", str(log)])).main.recorded
    assert [job.target.host for job in recorded.jobs] == ["127.0.0.2"]
    assert "1 host was removed during the run; only the log has its results." in recorded.messages
    assert verify(log).intact


def test_undo_on_a_live_session_brings_rows_back_with_their_results(measured, closed, state):
    @measured(f"unix.target=127.0.0.1:{closed},127.0.0.2:{closed}", size=(120, 40))
    async def _(seat):
        rows = seat.table.rows
        before = everything(seat)
        await seat.press("home", "delete")
        await seat.until(lambda: len(rows) == 1)
        await seat.press("u")
        await seat.until(lambda: len(rows) == 2)
        await seat.until(lambda: everything(seat) == before)
        assert not seat.app.main.measuring

    written = records(state)
    assert [one["type"] for one in written if one["type"] in ("removed", "restored")] == [
        "removed",
        "restored",
    ]
    assert written[-1]["counts"] == {"blocked": 2}
    assert len([one for one in written if one["type"] == "result"]) == 2


def test_a_host_that_is_typed_again_has_new_rows_and_undo_does_nothing(measured, closed):
    @measured(f"unix.target=127.0.0.1:{closed},127.0.0.2:{closed}")
    async def _(seat):
        rows = seat.table.rows
        await seat.press("home", "delete")
        await seat.until(lambda: len(rows) == 1)
        await seat.press("i", "up")
        seat.app.screen.query_one("#entry").value = f"unix.target=127.0.0.1:{closed}"
        await seat.press("enter")
        await seat.until(lambda: len(rows) == 2 and not seat.app.main.measuring)
        await seat.press("u")
        assert seat.notice == "Nothing to undo."
        assert len(rows) == 2


def test_in_pieces_a_removal_and_what_undoes_it_come_to_the_same(opened, piecemeal):
    @opened(size=(120, 40))
    async def _(seat):
        before, tree = everything(seat), seat.text(ProfileTree)
        seat.table.select(f"windows.winrm|{PC}")
        await seat.press("delete")
        await seat.until(lambda: "/26" in seat.head)
        assert not [key for key in seat.seen if PC in key]
        assert PC not in {line.target.host for line in seat.panes.verdicts.lines()}
        await seat.press("u")
        await seat.until(lambda: "/33" in seat.head and seat.text(ProfileTree) == tree)
        assert everything(seat) == before


def test_what_comes_while_a_removal_is_under_way_finishes_it_first(opened, piecemeal):
    @opened(size=(120, 40))
    async def _(seat):
        panes, main = seat.panes, seat.app.main
        before = everything(seat)
        result = panes.table.rows.result("unix.ssh|web2.corp.example")
        seat.table.select(f"windows.winrm|{PC}")
        # None of these gives the loop a turn.
        main.action_do("remove")
        assert len(panes.table.rows) == 33
        panes.apply((result,))
        assert len(panes.table.rows) == 26
        main.action_do("undo")
        main.action_do("filter")
        panes.set_query("host:pc-015*")
        panes.table.finish_pending()
        assert len(panes.table.rows) == 33
        assert {panes.table.rows.job_of(key).target.host for key in panes.visible} == {PC}
        panes.set_query("")
        panes.table.finish_pending()
        assert everything(seat)[1:3] == before[1:3]


def test_a_filter_that_is_being_applied_is_not_lost_by_a_removal(opened, monkeypatch):
    monkeypatch.setattr("tui.models.chunked_work.CHUNK_SECONDS", -1.0)

    @opened()
    async def _(seat):
        panes = seat.panes
        seat.table.select(f"windows.winrm|{PC}")
        panes.set_query("snmp")
        seat.app.main.action_do("remove")
        await seat.pilot.pause()
        assert {panes.table.rows.job_of(key).check.title for key in panes.visible} == {"SNMP"}

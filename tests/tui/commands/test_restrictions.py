"""Filters of earlier do not hide what has just been entered or is measured again."""

from __future__ import annotations

from tests.tui.driving import drive, enter, notice, until
from tui.models.filter import Filter
from tui.widgets.filter_input import FilterLine
from tui.widgets.header import Header
from tui.widgets.host_input import HostInput
from tui.widgets.tree import ProfileTree


def test_what_hides_new_rows_is_taken_away_and_that_is_said(measured, closed):
    @measured(f"unix.target=127.0.0.1:{closed}")
    async def _(seat):
        panes, tree = seat.panes, seat.app.main.query_one(ProfileTree)
        kept = f"unix.ssh|127.0.0.1:{closed}"
        number = 1

        async def entered() -> str:
            nonlocal number
            number += 1
            await enter(seat.pilot, seat.app, f"unix.target=127.0.0.{number}:{closed}")
            key = f"unix.ssh|127.0.0.{number}:{closed}"
            assert key in seat.seen
            assert kept in seat.seen
            assert "shown" not in seat.text(Header)
            return seat.notice

        await seat.press("slash", "z", "z", "enter")
        assert await entered() == "The filter zz was taken away: it hid the new row."
        assert not panes.query
        assert not seat.app.main.query_one(FilterLine).shown
        await seat.press("f")
        assert "failures only" in await entered()
        await seat.press("1")
        while tree.node.id != "category:windows":
            await seat.press("down")
        await seat.press("enter")
        assert not seat.seen
        assert "The filter Windows computers was taken away" in await entered()
        panes.show_only(Filter(keys=frozenset({kept})))
        await seat.press("slash", "exclamation_mark", "z", "z", "enter")
        assert seat.seen == [kept]
        assert "The filters one cause and !zz were taken away" in await entered()
        # What hides none of them stays.
        panes.set_query("port:" + str(closed))
        assert await entered() == ""
        assert panes.query == f"port:{closed}"


def test_rows_that_are_measured_again_are_shown_or_counted(measured, closed):
    @measured(f"unix.target=127.0.0.1:{closed},127.0.0.2:{closed}")
    async def _(seat):
        await seat.press("asterisk", "slash", *"zzz", "enter")
        assert not seat.seen
        await seat.press("R")
        await seat.until(lambda: not seat.app.main.measuring)
        assert seat.notice == "2 of 2 rows are hidden (/zzz); Escape shows all."
        assert not seat.seen
        await seat.press("r")
        await seat.until(lambda: not seat.app.main.measuring)
        assert len(seat.seen) == 2
        assert seat.notice == (
            "Retesting 2 marked rows. The filter zzz was taken away: it hid the 2 retested rows."
        )


def test_a_host_whose_role_is_left_out_is_named_and_stays_in_the_line():
    @drive()
    async def _(pilot, app):
        tree = app.query_one(ProfileTree)
        await pilot.press("escape", "1")
        while tree.node.id != "category:unix":
            await pilot.press("down")
        await pilot.press("space", "enter")
        line = app.query_one(HostInput)
        line.focus().value = "unix.target=127.0.0.1"
        await pilot.press("enter")
        await until(pilot, lambda: "is left out in the tree" in notice(app))
        assert not app.main.measuring
        assert line.value == "unix.target=127.0.0.1"

"""Going from failure to failure, to a host, and by column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, OptionList

from probes.model import FAILURES
from tui.models.fuzzy import nearest
from tui.models.rows import SEVERITY
from tui.widgets.footer import Breadcrumbs
from tui.widgets.table import ResultTable


def failures(seat) -> list[str]:
    rows = seat.table.rows
    return [rows.job(row).key for row in rows.view if rows.status(row) in FAILURES]


@pytest.mark.parametrize("sorted_by", ["", "h"])
def test_e_goes_through_every_failure_in_the_present_order_and_begins_again(opened, sorted_by):
    @opened()
    async def _(seat):
        if sorted_by:
            await seat.press("b")
            await seat.dialog()
            await seat.press(sorted_by)
            await seat.closed()
        await seat.press("home")
        visited = []
        for _ in failures(seat):
            await seat.press("e")
            visited.append(seat.table.cursor_key)
        first = failures(seat)[0]
        begin = 1 if seat.seen[0] == first else 0
        assert visited == failures(seat)[begin:] + failures(seat)[:begin]
        if begin == 0:
            await seat.press("e")
        assert seat.table.cursor_key == first
        assert seat.notice == "From the top again."
        await seat.press("E")
        assert seat.table.cursor_key == failures(seat)[-1]
        assert seat.notice == "From the bottom again."
        await seat.press("E")
        assert seat.table.cursor_key == failures(seat)[-2]
        assert seat.notice == ""


def test_where_no_visible_row_is_a_failure_it_says_so_and_stays(opened):
    @opened()
    async def _(seat):
        await seat.press("slash")
        seat.app.screen.query_one("#filter", Input).value = "status:ok"
        await seat.press("enter", "down")
        here = seat.table.cursor_key
        await seat.press("e")
        assert "No visible row is a failure; 17 hidden ones are" in seat.notice
        assert seat.table.cursor_key == here


def test_capital_g_goes_to_a_host_by_a_few_letters(opened):
    @opened()
    async def _(seat):
        await seat.press("G")
        await seat.dialog()
        await seat.press(*"sw2")
        await seat.press("enter")
        await seat.closed()
        assert seat.table.cursor_key == "snmp.snmp|sw2.corp.example"
        assert seat.app.focused is seat.table


def test_the_prompt_completes_and_chooses_among_what_is_found(opened):
    @opened()
    async def _(seat):
        await seat.press("G")
        await seat.dialog()
        await seat.press(*"pc-01")
        found = seat.app.screen.query_one(OptionList)
        assert found.option_count == 3
        await seat.press("down", "tab")
        assert seat.app.screen.query_one(Input).value == "pc-015.corp.example"
        await seat.press("enter")
        await seat.closed()
        assert seat.table.cursor_key.endswith("|pc-015.corp.example")


def test_a_host_that_the_filter_hid_is_shown_and_that_is_said(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *"dc1", "enter", "G")
        await seat.dialog()
        await seat.press(*"sw1", "enter")
        await seat.closed()
        assert "The filter hid sw1.corp.example" in seat.notice
        assert seat.table.cursor_key == "snmp.snmp|sw1.corp.example"
        assert len(seat.seen) == 33


def test_a_host_that_is_not_there_is_said_and_enter_does_nothing(opened):
    @opened()
    async def _(seat):
        await seat.press("G")
        await seat.dialog()
        await seat.press(*"zzz", "enter")
        found = seat.app.screen.query_one(OptionList)
        assert found.get_option_at_index(0).prompt == "No host is like this."
        await seat.press("escape")
        await seat.closed()


@pytest.mark.parametrize(
    ("letter", "order"),
    [
        ("s", ("status", False)),
        ("h", ("host", False)),
        ("c", ("check", False)),
        ("l", ("latency", False)),
        ("w", ("why", False)),
        ("n", ("note", False)),
        ("a", None),
    ],
)
def test_b_sorts_by_the_column_of_a_letter_and_again_the_other_way_round(opened, letter, order):
    @opened()
    async def _(seat):
        await seat.press("b", "a")
        for again in (False, True):
            await seat.press("b")
            await seat.dialog()
            await seat.press(letter)
            await seat.closed()
            expected = order and (order[0], again)
            assert seat.table.rows.order == expected


def test_a_session_begins_with_the_worst_rows_below_their_heading(opened):
    @opened(size=(120, 30))
    async def _(seat):
        statuses = [seat.table.rows.status(row) for row in seat.table.rows.view]
        assert statuses == sorted(statuses, key=SEVERITY.index)
        assert seat.text(ResultTable).splitlines()[1].startswith("✗ blocked 14 ─")
        assert seat.table.cursor_key == seat.seen[0]
        assert "row 1/33" in seat.text(Breadcrumbs)
        await seat.press("b", "h")
        assert "◐ dc1.corp.example  Domain controller  degraded: " in seat.text(ResultTable)


def test_o_sorts_by_the_next_column_and_capital_o_turns_it_round(opened):
    @opened()
    async def _(seat):
        assert seat.table.rows.order == ("status", False)
        await seat.press("o")
        assert seat.table.rows.order == ("host", False)
        await seat.press("o", "O")
        assert seat.table.rows.order == ("check", True)


def test_names_that_begin_so_come_first_then_parts_then_any_place_then_letters_in_order() -> None:
    names = ["web-dc1", "adc1", "dc1", "d-x-c-1", "other", "DC10"]
    assert nearest("dc1", names) == ["dc1", "DC10", "web-dc1", "adc1", "d-x-c-1"]


@given(st.text(max_size=8), st.lists(st.text(max_size=12), max_size=20), st.integers(1, 8))
def test_only_names_with_the_letters_are_found_and_never_too_many(typed, names, most) -> None:
    found = nearest(typed, names, most)
    assert len(found) <= most
    for name in found:
        rest = iter(name.casefold())
        assert all(letter in rest for letter in typed.strip().casefold())


@pytest.mark.parametrize(
    ("size", "letters"), [((46, 12), "hcws"), ((80, 24), "hclws"), ((120, 40), "hclws")]
)
def test_the_arrow_stands_at_the_column_that_sorts_however_narrow_it_is(opened, size, letters):
    @opened(size=size)
    async def _(seat):
        assert seat.text(ResultTable).splitlines()[0].count("▲") == 1
        for column in letters:
            await seat.press("b", column)
            assert seat.text(ResultTable).splitlines()[0].count("▲") == 1, column

"""The filter line: it filters while it is typed, and says what is hidden and what is wrong."""

from __future__ import annotations

from textual.widgets import Input

from probes.model import Status
from tui.widgets.detail import Detail
from tui.widgets.footer import Breadcrumbs, KeyBar
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree


def typed(text: str) -> list[str]:
    names = {":": "colon", " ": "space", "*": "asterisk", "!": "exclamation_mark", ".": "full_stop",
             "-": "minus", ",": "comma", '"': "quotation_mark"}  # fmt: skip
    return [names.get(mark, mark) for mark in text]


def test_fields_and_words_together_leave_the_rows_they_describe(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *typed("status:blocked host:pc-01* !port:445 winrm"), "enter")
        assert seat.seen == [
            "windows.winrm|pc-015.corp.example",
            "windows.winrm|pc-016.corp.example",
        ]
        assert seat.app.focused is seat.table
        assert "2 of 33 rows; Escape shows all" in seat.notice


def test_filters_that_hold_together_are_named_where_rows_are_counted(opened):
    @opened()
    async def _(seat):
        await seat.press("f", "slash", *typed("pc-014"), "enter")
        assert seat.notice == "0 of 33 rows (failures only, /pc-014); Escape shows all."
        await seat.press("f")
        assert "failures" not in seat.notice
        await seat.press("f")
        assert seat.notice == "0 of 33 rows (failures only, /pc-014); Escape shows all."


def test_how_many_rows_are_hidden_is_said_at_the_top_until_none_are(opened):
    @opened()
    async def _(seat):
        assert "shown" not in seat.head
        await seat.press("slash", *typed("dc1"))
        assert seat.static("#filter-count") == "2 of 33 rows"
        await seat.press("enter")
        assert "2 of 33 shown" in seat.head
        await seat.press("escape")
        assert len(seat.seen) == 33
        assert "shown" not in seat.head


def test_no_row_disappears_while_the_name_of_a_field_is_typed(opened):
    @opened()
    async def _(seat):
        await seat.press("slash")
        for key in typed("status:"):
            await seat.press(key)
            assert len(seat.seen) == 33, key
        for key in typed("blocke"):
            await seat.press(key)
            assert len(seat.seen) == 33, key
        await seat.press("d")
        assert 0 < len(seat.seen) < 33


def test_the_line_names_the_fields_and_then_the_values(opened):
    @opened()
    async def _(seat):
        await seat.press("slash")
        said = seat.app.screen.query_one("#filter", Input).placeholder
        for field in ("status:", "host:", "port:", "!word"):
            assert field in said
        await seat.press(*typed("st"))
        assert seat.static("#filter-hint") == "status: state:"
        await seat.press("a", "t", "u", "s", "colon", "n")
        assert seat.static("#filter-hint") == "not-needed no-host"
        await seat.until(lambda: seat.app.screen.query_one("#filter", Input)._suggestion)
        await seat.press("tab", "enter")
        statuses = {seat.table.rows.status(row) for row in seat.table.rows.view}
        assert statuses == {Status.NOT_NEEDED}


def test_filtering_moves_nothing_and_its_hint_stands_in_place_of_the_keys(opened):
    @opened()
    async def _(seat):
        def regions():
            return [
                seat.app.screen.query_one(one).region for one in (ProfileTree, ResultTable, Detail)
            ]

        def seen():
            screen = seat.app.screen
            ids = ("#notice", Breadcrumbs, "#filter-line", "#filter-hint", KeyBar)
            return [
                bool(screen.query_one(one).display and screen.query_one(one).size) for one in ids
            ]

        await seat.press("f")
        assert seen() == [True, False, False, False, True]
        before = regions()
        await seat.press("slash")
        assert seen() == [False, False, True, False, True]
        await seat.press("s", "t")
        assert seen() == [False, False, True, True, False]
        assert regions() == before
        seat.app.main.say("A host came up.")
        await seat.press("backspace", "backspace")
        assert seen() == [True, False, True, False, True]
        await seat.press("escape")
        assert seen() == [False, True, False, False, True]
        assert regions() == before


def test_a_mistake_is_said_hides_nothing_and_keeps_the_line_open(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *typed("stauts:blocked"))
        assert "did you mean status:" in seat.static("#filter-hint")
        assert seat.app.screen.query_one("#filter-hint").has_class("-wrong")
        assert len(seat.seen) == 33
        await seat.press("enter")
        assert seat.app.focused is seat.app.screen.query_one("#filter")
        assert len(seat.seen) == 33


def test_what_was_right_before_the_mistake_still_filters(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *typed("dc1 nonsense:x"))
        assert len(seat.seen) == 2


def test_slash_comes_back_to_what_was_typed_and_escape_in_the_line_takes_it_away(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *typed("dc1"), "enter", "slash")
        assert seat.app.screen.query_one("#filter", Input).value == "dc1"
        await seat.press("escape")
        assert len(seat.seen) == 33
        assert seat.app.focused is seat.table
        await seat.press("slash")
        assert seat.app.screen.query_one("#filter", Input).value == ""


def test_a_filter_that_hides_everything_says_so_where_the_rows_were(opened):
    @opened()
    async def _(seat):
        await seat.press("slash", *typed("nosuchhost"), "enter")
        assert seat.seen == []
        shown = " ".join(seat.text(ResultTable).split())
        assert "No row passes the filter; Escape shows all." in shown
        assert "0 of 33 shown" in seat.head


def test_escape_elsewhere_goes_to_the_table_and_there_shows_everything(opened):
    @opened()
    async def _(seat):
        await seat.press("f", "t", "down")
        few = seat.seen
        assert len(few) < 33
        await seat.press("escape")
        assert seat.app.focused is seat.table
        assert seat.seen == few
        await seat.press("escape")
        assert len(seat.seen) == 33
        assert seat.app.screen.query_one(ProfileTree).node.kind == "all"


def test_failures_only_says_how_many_are_left(opened):
    @opened()
    async def _(seat):
        await seat.press("f")
        assert "17 of 33" in seat.notice
        assert "17 of 33 shown" in seat.head


def test_a_filter_goes_on_working_while_results_come(measured, closed, listening):
    @measured(f"printer=127.0.0.1:{listening}", f"unix.target=127.0.0.2:{closed}")
    async def _(seat):
        await seat.press("slash", *typed("status:blocked role:unix.target"), "enter")
        assert seat.seen == [f"unix.ssh|127.0.0.2:{closed}"]
        await seat.press("r")
        await seat.until(lambda: not seat.app.main.measuring)
        assert seat.seen == [f"unix.ssh|127.0.0.2:{closed}"]


def test_a_long_sentence_about_a_mistake_is_readable_to_its_end(opened):
    @opened(size=(50, 20))
    async def _(seat):
        await seat.press("slash", *typed("latency:veryfast"))
        said = seat.static("#filter-hint")
        hint = seat.app.screen.query_one("#filter-hint")
        assert len(said) > 50
        assert hint.size.height * hint.size.width > len(said)


def test_a_key_for_the_filter_line_may_come_before_the_line(opened):
    @opened()
    async def _(seat):
        seat.app.main.show_session(seat.app.main.recorded)
        screen = seat.app.screen
        assert screen is not seat.app.main
        screen.filter_line.open()
        await seat.until(lambda: seat.app.focused is not None and seat.app.focused.id == "filter")
        await seat.press(*typed("dc1"))
        assert str(screen.query_one("#filter-count").content) == "2 of 33 rows"
        seat.app.main.show_session(seat.app.main.recorded)
        last = seat.app.screen
        last.filter_line.open()
        assert not last.filter_line.has_input_focus
        last.filter_line.close(forget=True)
        await seat.until(lambda: last.query("#filter"))
        await seat.press("home")
        assert last.filter_line.display is False
        assert seat.app.focused.id != "filter"

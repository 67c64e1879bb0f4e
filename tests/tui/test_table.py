from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult
from textual.events import MouseScrollDown
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot

from probes.engine.model import (
    Job,
    Observation,
    Queued,
    Reason,
    Result,
    Started,
    State,
    Status,
    Target,
)
from profiles.model import Check
from tui.filter import Filter
from tui.rows import Rows
from tui.signs import ASCII, UNICODE, Signs
from tui.widgets.table import ResultTable
from tui.widgets.table_layout import Longest, lay_out
from tui.widgets.table_render import SHORT, fit, latency_text

SIZES = [(40, 12), (80, 24), (200, 50)]


def a_check(id: str = "windows.winrm", title: str = "WinRM", port: int = 5985) -> Check:
    return Check(
        id=id,
        category="windows",
        role="windows.target",
        title=title,
        probe="tcp",
        transport="tcp",
        purpose="",
        consequence="",
        fix="",
        port=port,
    )


def a_job(host: str, check: Check | None = None) -> Job:
    check = check or a_check()
    return Job(f"{check.id}|{host}", check, Target("windows.target", host), check.port)


def a_result(
    job: Job, status: Status = Status.OK, note: str = "", latency: float | None = None
) -> Result:
    return Result(job, status, note, Observation(State.OPEN, Reason.SYN_ACK, latency_ms=latency))


class Watched(ResultTable):
    """Remembers what was asked to be drawn and what was drawn."""

    def __init__(self, **options: Any) -> None:
        self.refreshed: list[tuple[Region, ...]] = []
        self.drawn: list[int] = []
        super().__init__(**options)

    def refresh(self, *regions: Region, **options: Any) -> "Watched":
        self.refreshed.append(regions)
        return super().refresh(*regions, **options)

    def render_line(self, y: int) -> Any:
        self.drawn.append(y)
        return super().render_line(y)


class TableApp(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.table = Watched(**options)
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_result_table_row_highlighted(self, message: ResultTable.RowHighlighted) -> None:
        self.heard.append(message)

    def on_result_table_row_selected(self, message: ResultTable.RowSelected) -> None:
        self.heard.append(message)

    def selected(self) -> list[str]:
        return [m.key for m in self.heard if isinstance(m, ResultTable.RowSelected)]

    def highlighted(self) -> list[str | None]:
        return [m.key for m in self.heard if isinstance(m, ResultTable.RowHighlighted)]


@asynccontextmanager
async def a_table(
    jobs: list[Job], size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[tuple[Pilot[None], Watched]]:
    app = TableApp(**options)
    async with app.run_test(size=size) as pilot:
        if jobs:
            app.table.add(jobs)
        await pilot.pause()
        yield pilot, app.table


def app_of(pilot: Pilot[None]) -> TableApp:
    assert isinstance(pilot.app, TableApp)
    return pilot.app


def lines(table: ResultTable) -> list[str]:
    return [table.render_line(y).text for y in range(table.size.height)]


def hosts_seen(table: ResultTable) -> list[str]:
    """The second word of every row line is its host, as every status here is one word."""
    return [line.split()[2] for line in lines(table)[1:] if line.strip()]


def many(count: int) -> list[Job]:
    return [a_job(f"host{number}") for number in range(count)]


async def test_the_cursor_moves_by_line_page_and_to_both_ends() -> None:
    jobs = many(100)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        for key, line in [
            ("down", 1),
            ("j", 2),
            ("up", 1),
            ("k", 0),
            ("up", 0),
            ("pagedown", 10),
            ("pagedown", 20),
            ("pageup", 10),
            ("end", 99),
            ("down", 99),
            ("home", 0),
        ]:
            await pilot.press(key)
            assert table.cursor_key == jobs[line].key, key


async def test_the_cursor_is_always_in_sight_and_the_header_stays() -> None:
    jobs = many(100)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        for key in ("pagedown", "down", "end", "up", "pageup", "home", "pagedown", "k"):
            await pilot.press(key)
            await pilot.pause()
            assert table.cursor_key is not None
            host = table.cursor_key.split("|")[1]
            assert host in hosts_seen(table), key
            assert lines(table)[0].startswith("Status")


async def test_enter_selects_the_row_under_the_cursor() -> None:
    jobs = many(3)
    async with a_table(jobs) as (pilot, _):
        await pilot.press("down", "enter")
        assert app_of(pilot).selected() == [jobs[1].key]
        assert app_of(pilot).highlighted() == [jobs[0].key, jobs[1].key]


async def test_enter_on_an_empty_table_selects_nothing() -> None:
    async with a_table([]) as (pilot, table):
        await pilot.press("enter", "down", "pageup", "end")
        assert app_of(pilot).heard == []
        assert table.cursor_key is None


async def test_a_click_on_a_row_selects_it_also_when_scrolled() -> None:
    jobs = many(100)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        await pilot.click(Watched, offset=(20, 3))
        assert table.cursor_key == jobs[2].key
        await pilot.press("end")
        await pilot.pause()
        await pilot.click(Watched, offset=(20, 1))
        assert app_of(pilot).selected() == [jobs[2].key, jobs[90].key]


async def test_a_click_below_the_last_row_selects_nothing() -> None:
    async with a_table(many(2)) as (pilot, _):
        await pilot.click(Watched, offset=(5, 9))
        assert app_of(pilot).selected() == []


async def test_the_wheel_scrolls_and_leaves_the_cursor_on_its_row() -> None:
    jobs = many(100)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        await pilot._post_mouse_events([MouseScrollDown], Watched, offset=(5, 5))
        await pilot.wait_for_animation()
        await pilot.pause()
        assert table.scroll_offset.y > 0
        assert table.cursor_key == jobs[0].key
        assert hosts_seen(table)[0] == f"host{table.scroll_offset.y}"


async def test_a_click_on_a_header_sorts_and_a_second_one_reverses() -> None:
    jobs = [a_job(host) for host in ("10.0.0.10", "10.0.0.9", "10.0.0.1")]
    async with a_table(jobs) as (pilot, table):
        await pilot.click(Watched, offset=(16, 0))
        assert hosts_seen(table) == ["10.0.0.1", "10.0.0.9", "10.0.0.10"]
        assert "Host▲" in lines(table)[0]
        await pilot.click(Watched, offset=(16, 0))
        assert hosts_seen(table) == ["10.0.0.10", "10.0.0.9", "10.0.0.1"]
        assert "Host▼" in lines(table)[0]
        assert app_of(pilot).selected() == []


async def test_sorting_keeps_the_cursor_on_its_row_and_in_sight() -> None:
    jobs = many(100)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        await pilot.press("down", "down")
        table.sort("host", reverse=True)
        await pilot.pause()
        assert table.cursor_key == jobs[2].key
        assert "host2" in hosts_seen(table)
        assert app_of(pilot).highlighted()[-1] == jobs[2].key


async def test_filtering_keeps_the_cursor_on_a_visible_row_and_else_moves_it() -> None:
    jobs = many(30)
    async with a_table(jobs) as (pilot, table):
        table.select(jobs[12].key)
        table.show(Filter(text="host1"))
        await pilot.pause()
        assert table.cursor_key == jobs[12].key
        table.show(Filter(text="host2"))
        await pilot.pause()
        assert table.cursor_key is not None
        assert table.cursor_key.split("|")[1] in hosts_seen(table)
        table.show(Filter(text="no such host"))
        await pilot.pause()
        assert table.cursor_key is None
        assert app_of(pilot).highlighted()[-1] is None


async def test_a_hidden_key_cannot_be_selected() -> None:
    jobs = many(3)
    async with a_table(jobs) as (_, table):
        table.show(Filter(host="host1"))
        assert not table.select(jobs[0].key)
        assert table.select(jobs[1].key)


async def test_rows_and_cursor_stay_while_results_arrive_under_a_sort() -> None:
    jobs = many(50)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        table.sort("status")
        await pilot.press("down", "down", "down")
        before = hosts_seen(table)
        for number in range(0, 50, 7):
            table.apply([a_result(jobs[number], Status.BLOCKED, "refused")])
            await pilot.pause()
        assert hosts_seen(table) == before
        assert table.cursor_key == jobs[3].key
        table.resort()
        await pilot.pause()
        assert table.cursor_key == jobs[3].key
        assert table.rows.key(0) == jobs[0].key
        assert table.rows.key(1) == jobs[7].key
        assert "host3" in hosts_seen(table)


async def test_a_resort_keeps_the_cursors_line_on_the_screen_still() -> None:
    jobs = many(60)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        table.sort("status")
        table.select(jobs[30].key)
        await pilot.pause()
        line = hosts_seen(table).index("host30")
        table.apply([a_result(job, Status.BLOCKED) for job in jobs[50:]])
        table.resort()
        await pilot.pause()
        assert hosts_seen(table).index("host30") == line
        assert table.rows.line(jobs[30].key) == 40


async def test_only_the_visible_lines_that_changed_are_drawn_again() -> None:
    jobs = many(100)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        table.refreshed.clear()
        table.drawn.clear()
        table.apply([a_result(jobs[2]), a_result(jobs[5]), a_result(jobs[70])])
        await pilot.pause()
        width = table.size.width
        assert table.refreshed == [(Region(0, 3, width, 1), Region(0, 6, width, 1))]
        assert sorted(table.drawn) == [3, 6]


async def test_changes_out_of_sight_draw_nothing() -> None:
    jobs = many(100)
    async with a_table(jobs, (80, 11)) as (pilot, table):
        table.refreshed.clear()
        table.drawn.clear()
        table.apply([Started(tuple(job.key for job in jobs[40:])), Queued((jobs[99].key,))])
        await pilot.pause()
        assert table.refreshed == []
        assert table.drawn == []


async def test_moving_the_cursor_without_scrolling_draws_two_lines() -> None:
    async with a_table(many(100), (80, 11)) as (pilot, table):
        table.drawn.clear()
        await pilot.press("down")
        await pilot.pause()
        assert sorted(table.drawn) == [1, 2]


async def test_new_failures_appear_while_only_failures_are_shown() -> None:
    jobs = many(5)
    async with a_table(jobs, hint="No failures so far.") as (pilot, table):
        table.show(Filter(failures=True))
        await pilot.pause()
        assert "No failures so far." in "\n".join(lines(table))
        table.apply([a_result(jobs[3], Status.BLOCKED), a_result(jobs[1], Status.OK)])
        await pilot.pause()
        assert hosts_seen(table) == ["host3"]
        assert table.cursor_key == jobs[3].key


@pytest.mark.parametrize("size", SIZES)
async def test_every_line_fills_the_width_but_for_the_scroll_bar(size: tuple[int, int]) -> None:
    jobs = [
        a_job("日本のサーバー.example.com"),
        a_job("x" * 300),
        a_job("e\u0301" * 40, a_check("enable.rpc_dynamic", "RPC dynamic", 49152)),
        a_job("10.0.0.9"),
    ]
    async with a_table(jobs, size) as (pilot, table):
        table.apply(
            [
                a_result(jobs[0], Status.BLOCKED, "接続が拒否されました。" * 30, 0.001),
                a_result(jobs[1], Status.UNVERIFIABLE, "👩‍👩‍👧 e\u0301" * 90, 12345678.9),
                a_result(jobs[2], Status.OK, "short"),
            ]
        )
        await pilot.pause()
        strips = [table.render_line(y) for y in range(table.size.height)]
        assert {cell_len(strip.text) for strip in strips} == {table.size.width - 1}
        assert {strip.cell_length for strip in strips} == {table.size.width - 1}
        assert all("\n" not in strip.text for strip in strips)


@pytest.mark.parametrize(
    ("size", "headings"),
    [
        ((32, 12), ["Status", "Host", "Check"]),
        ((46, 12), ["Status", "Host", "Check", "Latency", "Note"]),
        ((59, 24), ["Status", "Host", "Check", "Latency", "Note"]),
        ((80, 24), ["Status", "Host", "Check", "Latency", "Note"]),
        ((200, 50), ["Status", "Host", "Check", "Latency", "Note"]),
    ],
)
async def test_the_columns_that_fit_are_shown(size: tuple[int, int], headings: list[str]) -> None:
    async with a_table(many(3), size) as (_, table):
        assert lines(table)[0].split() == headings


@pytest.mark.parametrize("size", SIZES)
async def test_the_status_word_and_sign_are_whole_at_every_size(size: tuple[int, int]) -> None:
    jobs = many(len(Status))
    async with a_table(jobs, size) as (pilot, table):
        table.apply([a_result(job, status) for job, status in zip(jobs, Status, strict=True)])
        await pilot.pause()
        for line, status in zip(lines(table)[1:], Status, strict=False):
            word = SHORT.get(status, status.value) if size[0] < 70 else status.value
            assert line.startswith(f"{UNICODE.status[status]} {word} ")


async def test_a_wide_screen_shows_the_whole_note_and_a_narrow_one_an_ellipsis() -> None:
    note = "refused by the host itself; open TCP 5985 in its firewall"
    for size, whole in (((200, 50), True), ((80, 24), False)):
        jobs = many(1)
        async with a_table(jobs, size) as (pilot, table):
            table.apply([a_result(jobs[0], Status.BLOCKED, note)])
            await pilot.pause()
            assert (note in lines(table)[1]) is whole
            assert ("…" in lines(table)[1]) is not whole


async def test_columns_are_laid_out_anew_when_the_terminal_is_resized() -> None:
    async with a_table(many(3), (40, 12)) as (pilot, table):
        await pilot.resize_terminal(120, 20)
        await pilot.pause()
        assert lines(table)[0].split()[-1] == "Note"
        assert cell_len(lines(table)[1]) == table.size.width - 1


async def test_ascii_shows_nothing_but_ascii() -> None:
    jobs = [a_job("日本"), *many(len(Status) - 1)]
    async with a_table(jobs, ascii=True) as (pilot, table):
        table.apply(
            [a_result(j, s, "naïve – “note” " * 20) for j, s in zip(jobs, Status, strict=True)]
        )
        table.sort("host")
        await pilot.pause()
        seen = "\n".join(lines(table))
        assert seen.isascii()
        assert "..." in seen
        assert "Host^" in seen


async def test_control_characters_and_markup_are_never_interpreted() -> None:
    jobs = [a_job("evil\x1b]0;title\x07host"), a_job("[b]bold[/b]")]
    async with a_table(jobs, (200, 50)) as (pilot, table):
        table.apply(
            [
                a_result(jobs[0], Status.OK, "\x1b[2J\x9b31m\u202eright to left\r\nnext"),
                a_result(jobs[1], Status.OK, "[red]not red[/red]"),
            ]
        )
        await pilot.pause()
        seen = lines(table)
        assert all(line.isprintable() for line in seen)
        assert "[b]bold[/b]" in seen[2]
        assert "[red]not red[/red]" in seen[2]


async def test_a_table_without_rows_shows_its_hint_in_the_middle() -> None:
    async with a_table([], (40, 11), hint="Type ROLE=HOST\nand press Enter.") as (_, table):
        seen = lines(table)
        assert seen[4].strip() == "Type ROLE=HOST"
        assert seen[5].strip() == "and press Enter."
        assert not "".join(seen[:4] + seen[6:]).strip()


async def test_a_new_hint_is_shown_at_once() -> None:
    async with a_table([], (40, 11), hint="one") as (pilot, table):
        table.hint = "two"
        await pilot.pause()
        assert "two" in "".join(lines(table))


async def test_clearing_leaves_the_hint_and_a_second_run_starts_at_the_top() -> None:
    jobs = many(50)
    async with a_table(jobs, (80, 11), hint="empty") as (pilot, table):
        await pilot.press("end")
        table.clear()
        await pilot.pause()
        assert "empty" in "".join(lines(table))
        assert table.cursor_key is None
        table.add(jobs)
        await pilot.pause()
        assert table.cursor_key == jobs[0].key
        assert hosts_seen(table)[0] == "host0"


async def test_the_cursor_line_is_seen_without_colour() -> None:
    async with a_table(many(2)) as (pilot, table):
        table.focus()
        await pilot.pause()
        styles = [segment.style for segment in table.render_line(1)]
        assert all(style is not None and style.reverse for style in styles)
        other = [segment.style for segment in table.render_line(2)]
        assert not any(style is not None and style.reverse for style in other)


async def test_losing_the_focus_changes_the_cursor_line() -> None:
    async with a_table(many(2)) as (pilot, table):
        table.focus()
        await pilot.pause()
        focused = table.render_line(1)
        table.blur()
        await pilot.pause()
        assert table.render_line(1) != focused


async def test_a_table_made_over_a_filled_model_shows_it() -> None:
    async with a_table([], rows=Rows(many(3))) as (_, table):
        assert hosts_seen(table) == ["host0", "host1", "host2"]


LONGEST = st.builds(Longest, *[st.integers(0, 400)] * 2, *[st.integers(0, 60)] * 2)


@given(st.integers(0, 400), LONGEST)
def test_columns_never_overlap_or_leave_the_width(width: int, longest: Longest) -> None:
    layout = lay_out(width, longest)
    end = 0
    for span in layout.spans:
        assert span.start >= end
        assert span.width > 0
        end = span.start + span.width
    assert end <= width


@given(st.integers(57, 400), LONGEST)
def test_beside_the_tree_at_80_columns_and_wider_every_column_is_seen(
    width: int, longest: Longest
) -> None:
    spans = {span.column: span.width for span in lay_out(width, longest).spans}
    assert list(spans) == ["status", "host", "check", "latency", "note"]
    assert spans["host"] >= min(longest.host, longest.host_short, len("255.255.255.255"))
    assert spans["note"] >= 7


def test_in_a_narrow_table_a_host_gets_what_tells_it_from_others_and_what_a_note_leaves() -> None:
    def cells(width: int, host_short: int = 7) -> dict[str, int]:
        longest = Longest(host=26, host_short=host_short, check=22, check_short=14)
        return {span.column: span.width for span in lay_out(width, longest).spans}

    assert (cells(58)["host"], cells(58)["note"]) == (13, 10)
    assert (cells(58, 15)["host"], cells(58, 15)["note"]) == (15, 8)
    assert (cells(69)["host"], cells(69)["note"]) == (24, 10)
    assert list(cells(50)) == ["status", "host", "check", "latency"]
    assert cells(46)["host"] == 19


@pytest.mark.parametrize(
    ("host", "seen"),
    [
        ("192.168.100.100", "192.168.100.100"),
        ("[fe80::1234:5678:9abc:def0]", "[fe80::1234:56…"),
        ("pc-014.a-long-domain.example", "pc-014.a-lo…"),
        ("alloyscan-old.corp.example", "alloyscan-old…"),
        ("pc-014.corp.example:59850", "pc-014.corp…"),
    ],
)
async def test_a_narrow_table_shows_a_whole_address_and_a_name_until_its_domain(
    host: str, seen: str
) -> None:
    async with a_table([a_job(host, a_check(title="RPC mapping"))], (58, 24)) as (_, table):
        assert hosts_seen(table) == [seen]


@pytest.mark.parametrize(
    ("title", "transport", "port", "text"),
    [
        ("WinRM", "tcp", 5985, "WinRM 5985"),
        ("SNMP", "udp", 161, "SNMP U:161"),
        ("NetBIOS name", "udp", 137, "NetBIOS… U:137"),
        ("Raw printing", "tcp", 9100, "Raw prin… 9100"),
        ("Ping", "icmp", None, "Ping ICMP"),
    ],
)
async def test_a_narrow_table_tells_udp_and_cuts_the_title_before_the_port(
    title: str, transport: str, port: int | None, text: str
) -> None:
    asked = replace(a_check(title=title), transport=transport, port=port)
    jobs = [a_job("a" * 30, asked), a_job("b", a_check("b", "twelve chars", 1))]
    async with a_table(jobs, size=(58, 24)) as (_, table):
        assert f" {text} " in lines(table)[1]


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (None, ""),
        (0.004, "<0.01 ms"),
        (0.42, "0.42 ms"),
        (9.996, "10.0 ms"),
        (38.14, "38.1 ms"),
        (99.97, "100 ms"),
        (999.6, "1.0 s"),
        (2140.0, "2.1 s"),
    ],
)
def test_latencies_have_about_three_digits(ms: float | None, text: str) -> None:
    assert latency_text(ms) == text
    assert len(latency_text(ms)) <= 8


@pytest.mark.parametrize("signs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 5, 11])
def test_fitted_text_has_exactly_the_cells_it_was_given(signs: Signs, width: int) -> None:
    for text in ("", "a", "日本語テキスト", "e\u0301" * 20, "\x1b[0m" * 9, "word " * 9):
        assert cell_len(fit(text, width, signs)) == width
        assert cell_len(fit(text, width, signs, right=True)) == width

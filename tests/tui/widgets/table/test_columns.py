"""The columns of the table at every width, and what stands in a cell."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from probes.model import REASON_CELLS, Observation, Reason, Result, State, Status
from tests.tui.unmeasured import a_check, a_job, a_result
from tests.tui.widgets.table.shown import a_table, hosts_seen, lines, many, rows_seen
from tui.models.columns import (
    LOSSES,
    ContentWidths,
    RowData,
    latency_of,
    latency_text,
)
from tui.text.status import ASCII, UNICODE, Glyphs
from tui.widgets.table_rendering import MIN_TITLE, Layout, fit, lay_out, without_host

SIZES = [(40, 12), (80, 24), (200, 50)]


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
                a_result(jobs[0], Status.BLOCKED, "", 0.001, "接続が拒否されました。" * 30),
                a_result(jobs[1], Status.UNVERIFIABLE, "", 12345678.9, "👩‍👩‍👧 e\u0301" * 90),
                a_result(jobs[2], Status.OK, why="short"),
            ]
        )
        await pilot.pause()
        strips = [table.render_line(y) for y in range(table.size.height)]
        assert {cell_len(strip.text) for strip in strips} == {table.size.width - 1}
        assert {strip.cell_length for strip in strips} == {table.size.width - 1}
        assert all("\n" not in strip.text for strip in strips)


@pytest.mark.parametrize(
    ("width", "headings"),
    [(60, ["Host", "Check", "Latency", "Why"]), (200, ["Host", "Check", "Latency", "Why"])],
)
async def test_the_columns_have_headings_but_for_the_sign(width: int, headings: list[str]) -> None:
    async with a_table(many(3), (width, 24)) as (_, table):
        assert lines(table)[0].split() == headings


async def test_a_very_narrow_table_has_a_row_in_every_line() -> None:
    async with a_table(many(3), (40, 12)) as (_, table):
        table.sort("status")
        assert [line.split()[1] for line in lines(table)[:3]] == ["host0", "host1", "host2"]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("size", SIZES)
async def test_every_row_begins_with_its_sign(size: tuple[int, int], glyphs: Glyphs) -> None:
    jobs = many(len(Status))
    async with a_table(jobs, size, ascii=glyphs.ascii) as (pilot, table):
        table.apply([a_result(job, status) for job, status in zip(jobs, Status, strict=True)])
        table.mark([job.key for job in jobs[::2]], on=True)
        await pilot.pause()
        marks = (glyphs.mark, " ") * len(Status)
        for line, status, mark in zip(rows_seen(table), Status, marks, strict=False):
            assert line.startswith(f"{glyphs.status[status]}{mark}host")


@pytest.mark.parametrize("width", [80, 100, 200])
async def test_the_longest_reason_is_whole_from_80_columns_on(width: int) -> None:
    why = "x" * REASON_CELLS
    jobs = [a_job("pc-014.corp.example"), a_job("192.168.100.100", a_check(title="NetBIOS name"))]
    async with a_table(jobs, (width, 24)) as (pilot, table):
        table.apply([a_result(job, Status.BLOCKED, why=why, latency=123.4) for job in jobs])
        await pilot.pause()
        assert all(line.rstrip().endswith(f" {why}") for line in rows_seen(table))


async def test_columns_are_laid_out_anew_when_the_terminal_is_resized() -> None:
    async with a_table(many(3), (40, 12)) as (pilot, table):
        await pilot.resize_terminal(120, 20)
        await pilot.pause()
        assert lines(table)[0].split()[-1] == "Why"
        assert cell_len(lines(table)[1]) == table.size.width - 1


CONTENT = st.builds(
    lambda host, more_host, port, title, more, address: ContentWidths(
        host + more_host, host, port + title + more, port + title, port, min(address, host)
    ),
    *(st.integers(0, most) for most in (60, 300, 7, 14, 20, 60)),
)
"""Widths that a table may hold: a shortened text is never the longer one."""


@given(st.integers(0, 400), CONTENT)
def test_columns_never_overlap_or_leave_the_width(width: int, content: ContentWidths) -> None:
    flat = lay_out(width, content)
    for layout in (flat, without_host(flat, content)):
        end = 0
        for span in layout.spans:
            assert span.start >= end
            assert span.width > 0
            end = span.start + span.width
        assert end <= width


@given(st.integers(20, 250), CONTENT)
def test_the_sign_and_the_reason_are_always_seen_and_the_host_too(
    width: int, content: ContentWidths
) -> None:
    flat = lay_out(width, content)
    for layout in (flat, without_host(flat, content)):
        spans = {span.column: span.width for span in layout.spans}
        shown = {"host"} if layout is flat else set()
        assert {"status", "check", "why"} | shown == spans.keys() - {"latency"}
        assert spans["why"] >= 3
        if layout is flat:
            assert spans["why"] >= width // 3 or spans["host"] <= MIN_TITLE


@given(st.integers(100, 250), CONTENT)
def test_a_reason_gets_at_least_half_of_a_wide_table(width: int, content: ContentWidths) -> None:
    flat = lay_out(width, content)
    for layout in (flat, without_host(flat, content)):
        assert {span.column: span.width for span in layout.spans}["why"] >= width / 2


@given(CONTENT)
def test_a_reason_is_whole_at_80_columns_whatever_else_there_is(content: ContentWidths) -> None:
    for width in range(79, 100):
        flat = lay_out(width, content)
        for layout in (flat, without_host(flat, content)):
            assert {span.column: span.width for span in layout.spans}["why"] >= REASON_CELLS


DEMO = ContentWidths(host=19, host_short=7, check=23, check_short=14, check_port=7)


def parts(layout: Layout) -> set[str]:
    """Parts that a row still has besides sign, host, port and reason."""
    return set(LOSSES[layout.table.losses :])


@pytest.mark.parametrize(
    "content",
    [
        DEMO,
        DEMO._replace(host_short=13),
        DEMO._replace(host=15, host_short=15, address=15),
        DEMO._replace(host=39, host_short=39, address=39),
    ],
)
def test_a_narrow_table_loses_unit_transport_latency_and_title_in_this_order(
    content: ContentWidths,
) -> None:
    lost = [len(LOSSES) - len(parts(lay_out(width, content))) for width in range(20, 100)]
    assert lost[0] == len(LOSSES)
    assert lost[-1] == 0
    for width in range(20, 250):
        layout = lay_out(width, content)
        shown = {span.column: span for span in layout.spans}
        assert ("latency" in shown) is ("latency" in parts(layout))
        if "latency" in shown:
            assert shown["latency"].heading == ("Latency" if "unit" in parts(layout) else "ms")
        job = replace(a_check("snmp", "SNMP", 161), transport="udp")
        row = RowData(Status.OK, a_job("a", job), None)
        text = "".join(shown["check"].text(row, UNICODE, layout.table))
        assert text == (
            "SNMP UDP 161"
            if "transport" in parts(layout)
            else "SNMP U:161"
            if "title" in parts(layout)
            else "U:161"
        )


def test_at_80_columns_a_table_of_common_hosts_has_lost_nothing() -> None:
    for content in (DEMO, DEMO._replace(host=15, host_short=15, address=15)):
        assert parts(lay_out(79, content)) == set(LOSSES)


def test_at_40_columns_names_leave_the_title_of_the_check_and_addresses_are_whole() -> None:
    named = lay_out(39, DEMO._replace(host=26, host_short=20))
    assert "title" in parts(named)
    assert named.spans[-1].width >= 15
    addressed = lay_out(39, DEMO._replace(host=15, host_short=15, address=15))
    assert {span.column: span.width for span in addressed.spans}["host"] == 15


def test_below_a_heading_a_narrow_table_has_more_room_for_the_reason() -> None:
    flat = lay_out(39, DEMO)
    below = without_host(flat, DEMO)
    assert "host" not in {span.column for span in below.spans}
    assert below.spans[-1].width > flat.spans[-1].width
    wide = lay_out(79, DEMO)
    assert without_host(wide, DEMO).spans[-1] == wide.spans[-1], "the columns stay in line"


@pytest.mark.parametrize(
    ("host", "seen"),
    [
        ("192.168.100.100", "192.168.100.100"),
        ("[fe80::1234:5678:9abc:def0]", "[fe80::1234:56…"),
        ("pc-014.a-long-domain.example", "pc-014.…"),
        ("alloyscan-old.corp.example", "alloyscan-old…"),
        ("pc-014.corp.example:59850", "pc-014.…"),
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


@pytest.mark.parametrize("width", [58, 80, 100, 160])
@pytest.mark.parametrize("order", ["status", "host"])
async def test_udp_is_written_in_one_form_in_the_whole_column(width: int, order: str) -> None:
    titles = {"NetBIOS name": 137, "SNMP": 161, "Remoting": 135, "Audit Agent": 139}
    checks = [
        replace(a_check(str(port), title, port), transport="udp") for title, port in titles.items()
    ]
    jobs = [a_job(host, check) for host in ("pc-0001", "bb") for check in checks]
    async with a_table([*jobs, a_job("c", checks[0])], size=(width, 24)) as (pilot, table):
        table.sort(order)
        await pilot.pause()
        text = "\n".join(lines(table))
        assert ("U:" in text) is not ("UDP " in text), text


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


@pytest.mark.parametrize(
    ("ms", "text"),
    [
        (1.01, "≤ 1.1 ms"),
        (4.3, "≤ 4.3 ms"),
        (9.9, "≤ 9.9 ms"),
        (9.91, "≤ 10 ms"),
        (18.0, "≤ 18 ms"),
        (18.01, "≤ 19 ms"),
        (999.1, "≤ 1.0 s"),
        (1000.0, "≤ 1.0 s"),
        (2140.0, "≤ 2.2 s"),
    ],
)
def test_a_bound_is_rounded_up_and_told_as_one(ms: float, text: str) -> None:
    seen = Observation(State.CLOSED, Reason.CONN_REFUSED, latency_ms=ms, latency_at_most=True)
    assert latency_of(seen) == text
    assert len(text) <= 8
    assert latency_of(replace(seen, latency_at_most=False)) == latency_text(ms)


@pytest.mark.parametrize("ascii", [False, True])
@pytest.mark.parametrize("ms", [1.01, 9.91, 150.0, 999.0, 2140.0])
@pytest.mark.parametrize("width", [58, 80, 120])
async def test_a_bound_is_whole_at_every_width(width: int, ms: float, ascii: bool) -> None:
    job = a_job("a")
    seen = Observation(State.CLOSED, Reason.CONN_REFUSED, latency_ms=ms, latency_at_most=True)
    async with a_table([job], size=(width, 24), ascii=ascii) as (pilot, table):
        table.apply([Result(job, Status.BLOCKED, "Refused.", seen)])
        await pilot.pause()
        shown = lines(table)[1].replace(" ", "")
        sign, other = ("<=", "≤") if ascii else ("≤", "<=")
        assert latency_of(seen).replace("≤ ", sign).replace(" ", "") in shown
        assert other not in shown


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 5, 11])
def test_fitted_text_has_exactly_the_cells_it_was_given(glyphs: Glyphs, width: int) -> None:
    for text in ("", "a", "日本語テキスト", "e\u0301" * 20, "\x1b[0m" * 9, "word " * 9):
        assert cell_len(fit(text, width, glyphs)) == width
        assert cell_len(fit(text, width, glyphs, right=True)) == width

"""The columns of the table at every width, and what stands in a cell."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from probes.model import Observation, Reason, Result, State, Status
from tests.tui.unmeasured import a_check, a_job, a_result
from tests.tui.widgets.table.shown import a_table, hosts_seen, lines, many
from tui.models.columns import (
    COLUMNS,
    Column,
    ContentWidths,
    TableWidth,
    latency_of,
    latency_text,
)
from tui.text.status import ASCII, STATUS, UNICODE, Glyphs
from tui.widgets.table_rendering import fit, lay_out

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


def wanted(width: int) -> list[Column]:
    """The columns that want to be shown at a width, if there is room."""
    return [
        one for one in COLUMNS if one.table and one.table.cells(TableWidth(width), ContentWidths())
    ]


@pytest.mark.parametrize("size", [(46, 12), (59, 24), (80, 24), (200, 50)])
async def test_the_columns_that_fit_are_shown(size: tuple[int, int]) -> None:
    async with a_table(many(3), size) as (_, table):
        assert lines(table)[0].split() == [column.heading for column in wanted(size[0] - 1)]


async def test_where_it_is_narrow_a_row_keeps_what_says_which_it_is() -> None:
    async with a_table(many(3), (32, 12)) as (_, table):
        assert lines(table)[0].split() == ["Status", "Host", "Check"]


@pytest.mark.parametrize("size", SIZES)
async def test_the_status_word_and_sign_are_whole_at_every_size(size: tuple[int, int]) -> None:
    jobs = many(len(Status))
    async with a_table(jobs, size) as (pilot, table):
        table.apply([a_result(job, status) for job, status in zip(jobs, Status, strict=True)])
        await pilot.pause()
        for line, status in zip(lines(table)[1:], Status, strict=False):
            word = STATUS[status].short if size[0] < 70 else status.value
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


LONGEST = st.builds(ContentWidths, *[st.integers(0, 400)] * 2, *[st.integers(0, 60)] * 2)


@given(st.integers(0, 400), LONGEST)
def test_columns_never_overlap_or_leave_the_width(width: int, longest: ContentWidths) -> None:
    layout = lay_out(width, longest)
    end = 0
    for span in layout.spans:
        assert span.start >= end
        assert span.width > 0
        end = span.start + span.width
    assert end <= width


@given(st.integers(57, 400), LONGEST)
def test_beside_the_tree_at_80_columns_and_wider_every_column_is_seen(
    width: int, longest: ContentWidths
) -> None:
    spans = {span.column: span.width for span in lay_out(width, longest).spans}
    assert list(spans) == [column.id for column in wanted(width)]
    assert spans["host"] >= min(longest.host, longest.host_short, len("255.255.255.255"))
    assert spans["note"] >= 7


def test_in_a_narrow_table_a_host_gets_what_tells_it_from_others_and_what_a_note_leaves() -> None:
    def cells(width: int, host_short: int = 7) -> dict[str, int]:
        longest = ContentWidths(host=26, host_short=host_short, check=22, check_short=14)
        return {span.column: span.width for span in lay_out(width, longest).spans}

    assert (cells(58)["host"], cells(58)["note"]) == (13, 10)
    assert (cells(58, 15)["host"], cells(58, 15)["note"]) == (15, 8)
    assert (cells(69)["host"], cells(69)["note"]) == (24, 10)
    assert list(cells(50)) == ["status", "host", "check", "latency"]
    assert cells(46)["host"] == 19
    assert (cells(95)["host"], cells(95)["note"]) == (26, 21)


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

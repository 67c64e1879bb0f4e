"""Headings of statuses and targets: the cursor passes over them, and they say what is known."""

from time import monotonic

import pytest
from textual.geometry import Region

from probes.model import Queued, Ruling, Started, Status, Verdict
from tests.tui.driving import until
from tests.tui.unmeasured import a_check, a_job, a_result
from tests.tui.widgets.table.shown import (
    Watched,
    a_table,
    app_of,
    headings_seen,
    hosts_seen,
    lines,
    many,
    rows_seen,
)
from tui.models.rows import WORST_FIRST, Rows
from tui.models.verdicts import Verdicts
from tui.widgets.table import QUIET_SECONDS, ResultTable

STATUSES = (Status.BLOCKED, Status.OK, Status.ERROR, Status.OK, Status.WARNING)


def grouped(count: int, **options) -> dict:
    """Rows of every status in STATUSES, the worst first."""
    jobs = many(count)
    rows = Rows(jobs, WORST_FIRST)
    rows.apply([a_result(job, STATUSES[at % len(STATUSES)]) for at, job in enumerate(jobs)])
    rows.reorder()
    return {"rows": rows, **options}


def cursor_host(table: ResultTable) -> str:
    assert table.cursor_key is not None
    return table.cursor_key.split("|")[1]


async def test_rows_stand_below_a_heading_for_each_status_with_its_sign_and_count() -> None:
    for ascii, signs in ((False, "✗∅!✓"), (True, "xE!+")):
        async with a_table([], (60, 24), **grouped(10), ascii=ascii) as (_, table):
            blocked, error, warning, ok = signs
            assert headings_seen(table) == [
                f"{blocked} blocked 2",
                f"{error} error 2",
                f"{warning} warning 2",
                f"{ok} ok 4",
            ]
            assert lines(table)[2].startswith(f"{blocked} host0 ")
            assert "\n".join(lines(table)).isascii() is ascii


async def test_the_cursor_passes_over_headings_by_every_key() -> None:
    async with a_table([], (80, 11), **grouped(100)) as (pilot, table):
        order = [table.rows.key(place) for place in range(100)]
        for key, place in [
            ("home", 0),
            ("down", 1),
            ("up", 0),
            ("up", 0),
            ("end", 99),
            ("down", 99),
            ("home", 0),
            *(("down", place) for place in range(1, 25)),
            *(("up", place) for place in range(23, 17, -1)),
            ("home", 0),
            # The second page ends on the heading of the errors: it goes on to their first row.
            ("pagedown", 10),
            ("pagedown", 20),
            ("pagedown", 30),
            ("pageup", 20),
            ("pageup", 11),
            ("pageup", 1),
            ("pageup", 0),
        ]:
            await pilot.press(key)
            assert table.cursor_key == order[place], key
            assert table.cursor_line == place
            assert cursor_host(table) in hosts_seen(table), key
        assert headings_seen(table) == ["✗ blocked 20"], "at the top its heading is seen"


async def test_going_up_to_the_first_row_of_a_group_shows_its_heading() -> None:
    async with a_table([], (80, 11), **grouped(100)) as (pilot, table):
        await pilot.press("end")
        while table.cursor_line > 20:
            await pilot.press("up")
        assert lines(table)[1].startswith("∅ error 20 ─")
        assert cursor_host(table) in lines(table)[2]


async def test_a_click_on_a_heading_selects_nothing_and_one_below_it_its_row() -> None:
    async with a_table([], (80, 24), **grouped(5)) as (pilot, table):
        await pilot.click(Watched, offset=(3, 1))
        await pilot.click(Watched, offset=(3, 3))
        assert app_of(pilot).selected() == []
        await pilot.click(Watched, offset=(3, 4))
        assert app_of(pilot).selected() == [table.rows.key(1)]
        assert cursor_host(table) in lines(table)[4]


async def test_a_click_on_the_head_of_the_signs_sorts_by_status() -> None:
    async with a_table(many(3), (80, 24)) as (pilot, table):
        await pilot.click(Watched, offset=(0, 0))
        assert (table.rows.order, lines(table)[0][0]) == (("status", False), "▲")
        await pilot.click(Watched, offset=(0, 0))
        assert (table.rows.order, lines(table)[0][0]) == (("status", True), "▼")


async def test_other_orders_have_no_headings() -> None:
    async with a_table([], (80, 24), **grouped(10)) as (_, table):
        for column in ("check", "latency", "why", "note", None):
            table.sort(column)
            assert headings_seen(table) == []
            assert len(rows_seen(table)) == 10


def arriving(pressed: list[float]) -> dict:
    """A table in which rows move as soon as no key was pressed for a while."""
    return {"rows": Rows(order=WORST_FIRST), "last_key": lambda: pressed[0], "settle_seconds": 0.0}


async def test_results_move_rows_to_their_groups_but_not_under_busy_fingers() -> None:
    jobs = many(60)
    pressed = [float("-inf")]
    async with a_table(jobs, (80, 11), **arriving(pressed)) as (pilot, table):
        table.select(jobs[30].key)
        pressed[0] = float("inf")
        await pilot.pause()
        line = [cursor_host(table) in one for one in lines(table)].index(True)
        before = hosts_seen(table)
        table.apply([a_result(job, Status.BLOCKED) for job in jobs[50:]])
        assert hosts_seen(table) == before, "a key was just pressed"
        assert table.rows.disordered
        table.resort()
        assert not table.rows.disordered
        assert table.cursor_key == jobs[30].key
        assert cursor_host(table) in lines(table)[line], "the cursor is where the eye is"
        assert table.cursor_line == 40
        await pilot.press("home")
        assert headings_seen(table) == ["✗ blocked 10"]


async def test_until_it_is_moved_the_cursor_stays_at_the_top() -> None:
    jobs = many(60)
    async with a_table(jobs, (80, 11), **arriving([float("-inf")])) as (pilot, table):
        assert table.cursor_key == jobs[0].key
        table.apply([a_result(jobs[0]), a_result(jobs[7], Status.BLOCKED)])
        assert table.cursor_key == jobs[7].key
        assert headings_seen(table)[0] == "✗ blocked 1"
        table.pin()
        table.apply([a_result(jobs[5], Status.BLOCKED)])
        await until(pilot, lambda: not table.rows.disordered)
        assert (table.cursor_key, table.cursor_line) == (jobs[7].key, 1)


async def test_rows_move_by_themselves_when_the_keys_rest() -> None:
    jobs = many(3)
    pressed = [monotonic()]
    async with a_table(jobs, (80, 11), **arriving(pressed)) as (_, table):
        table.apply([a_result(jobs[2], Status.BLOCKED)])
        assert headings_seen(table) == ["· queued 3"]
        pressed[0] -= QUIET_SECONDS
        table.settle()
        assert headings_seen(table) == ["✗ blocked 1", "· queued 2"]


async def test_a_heading_is_not_wrong_for_long_however_many_keys_are_pressed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    jobs = many(3)
    async with a_table(jobs, (80, 11), **arriving([float("inf")])) as (_, table):
        table.apply([a_result(jobs[2], Status.BLOCKED)])
        assert headings_seen(table) == ["· queued 3"]
        monkeypatch.setattr("tui.widgets.table.MAX_UNSETTLED_SECONDS", 0.0)
        table.settle()
        assert headings_seen(table) == ["✗ blocked 1", "· queued 2"]


TWO = (a_check("windows.smb", "SMB", 445), a_check())
WINDOWS = [a_job(host, check) for host in ("pc2", "pc1") for check in TWO]
UNIX = a_job("db1", a_check("unix.ssh", "SSH", 22), "unix.target")
ROLES = {"windows.target": "Windows target", "unix.target": "Linux or macOS target"}


def by_host() -> dict:
    return {"rows": Rows(order=("host", False)), "verdicts": Verdicts(), "roles": ROLES}


async def test_a_target_has_a_heading_with_its_verdict_or_with_what_is_known() -> None:
    options = by_host()
    async with a_table([*WINDOWS, UNIX], (80, 24), **options) as (pilot, table):
        table.apply([a_result(WINDOWS[2], Status.BLOCKED, why="no answer"), a_result(UNIX)])
        await pilot.pause()
        assert [line.rstrip() for line in lines(table)[1:8]] == [
            "✓ db1   SSH 22",
            "· pc1  Windows target  1 blocked, 1 queued",
            "  ✗ SMB 445" + " " * 16 + "no answer",
            "  · WinRM 5985",
            "· pc2  Windows target  2 queued",
            "  · SMB 445",
            "  · WinRM 5985",
        ]
        verdict = Verdict(
            WINDOWS[2].target, "windows.audit", Ruling.BLOCKED, (), (), "Not audited: SMB is shut."
        )
        options["verdicts"].apply([verdict])
        table.refreshed.clear()
        table.apply([verdict])
        assert table.refreshed == [(Region(0, 2, table.size.width, 1),)]
        assert lines(table)[2].rstrip() == "✗ pc1  Windows target  blocked: SMB is shut."
        await pilot.press("home", "down", "down")
        assert table.cursor_key == WINDOWS[3].key
        table.refreshed.clear()
        table.apply([Started((WINDOWS[1].key,)), Queued((UNIX.key,))])
        regions = [region.y for call in table.refreshed for region in call]
        assert regions == [1, 5, 7], "the rows, and the heading that counts one of them"


async def test_a_row_whose_heading_is_out_of_sight_says_its_host() -> None:
    async with a_table(WINDOWS, (80, 5), **by_host()) as (pilot, table):
        await pilot.press("end")
        await pilot.pause()
        assert [line.split()[1] for line in lines(table)[1:]] == ["pc1", "pc2", "SMB", "WinRM"]
        assert "WinRM 5985" in lines(table)[1], "its row, not its heading"


@pytest.mark.parametrize("size", [(30, 8), (40, 12), (60, 16), (200, 50)])
async def test_headings_fill_the_width_with_any_text(size: tuple[int, int]) -> None:
    jobs = [a_job(host, check) for host in ("x" * 300, "日本" * 30, "\x1b[31m") for check in TWO]
    options = by_host()
    async with a_table(jobs, size, **options) as (_, table):
        text = "接続: 👩‍👩‍👧 e\u0301\x1b[2J" * 30
        options["verdicts"].apply([Verdict(jobs[0].target, "a", Ruling.READY, (), (), text)])
        for column in ("host", "status"):
            table.sort(column)
            strips = [table.render_line(y) for y in range(table.size.height)]
            assert {strip.cell_length for strip in strips} == {table.size.width - 1}
            assert all(strip.text.isprintable() for strip in strips)

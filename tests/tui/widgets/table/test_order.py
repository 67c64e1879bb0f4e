"""Sorting, filtering and rows that arrive meanwhile: the cursor stays on its row."""

from probes.model import Status
from tests.tui.unmeasured import a_job, a_result
from tests.tui.widgets.table.shown import Watched, a_table, app_of, hosts_seen, lines, many
from tui.models.filter import Filter


async def test_a_click_on_a_header_sorts_and_a_second_one_reverses() -> None:
    jobs = [a_job(host) for host in ("10.0.0.10", "10.0.0.9", "10.0.0.1")]
    async with a_table(jobs) as (pilot, table):
        await pilot.click(Watched, offset=(4, 0))
        assert hosts_seen(table) == ["10.0.0.1", "10.0.0.9", "10.0.0.10"]
        assert "Host▲" in lines(table)[0]
        await pilot.click(Watched, offset=(4, 0))
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

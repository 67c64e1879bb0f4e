"""Drawing of the table: changed lines only, harmless text, the hint, the cursor's line."""

from textual.geometry import Region

from probes.model import Queued, Started, Status
from tests.tui.unmeasured import a_job, a_result
from tests.tui.widgets.table.shown import a_table, hosts_seen, lines, many
from tui.models.rows import Rows


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


async def test_ascii_shows_nothing_but_ascii() -> None:
    jobs = [a_job("日本"), *many(len(Status) - 1)]
    async with a_table(jobs, ascii=True) as (pilot, table):
        table.apply(
            [a_result(j, s, why="naïve – “note” " * 20) for j, s in zip(jobs, Status, strict=True)]
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
                a_result(jobs[0], Status.OK, why="\x1b[2J\x9b31m\u202eright to left\r\nnext"),
                a_result(jobs[1], Status.OK, why="[red]not red[/red]"),
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

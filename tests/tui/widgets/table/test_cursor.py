"""The cursor of the table, moved by keys and by the mouse."""

from textual.events import MouseScrollDown

from tests.tui.widgets.table.shown import Watched, a_table, app_of, hosts_seen, lines, many


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
            assert lines(table)[0].split()[0] == "Host"


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

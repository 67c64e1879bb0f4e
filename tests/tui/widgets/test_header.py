"""The header: what it says of a run at each width, and what it never leaves out."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from probes.model import Status
from tests.tui.driving import drive, enter, text_of, until
from tui.models.run_clock import RunClock, time_of_day
from tui.screens.main_panes import order_text
from tui.widgets.header import Header

pytestmark = pytest.mark.usefixtures("state")
SITE = str(Path(__file__).parents[2] / "sessions" / "site.jsonl")
COUNTS = {Status.OK: 15, Status.BLOCKED: 12, Status.ERROR: 8, Status.QUEUED: 14}
WIDTHS = (30, 40, 59, 60, 79, 80, 99, 100, 120, 179, 180, 200)


def filled(header: Header, state: str, *, trouble: bool = False, latest: str = "") -> None:
    header.set_vantage("jump1 (10.88.9.2)")
    header.set_counts(COUNTS)
    header.set_state(state, trouble=trouble)
    header.set_clock("17 s", ended="" if latest else "14:15:29", latest=latest)


def first_line(header: Header) -> str:
    lines = text_of(header).splitlines()
    assert {len(line) for line in lines} == {header.app.size.width}
    return lines[0].rstrip()


def test_each_width_says_what_matters_most_and_no_line_is_too_long():
    @drive("open", SITE)
    async def _(pilot, app):
        header = app.query_one(Header)
        for height in (24, 12):
            for width in WIDTHS:
                await pilot.resize_terminal(width, height)
                await pilot.pause()
                assert header.size.height == (2 if height >= 16 else 1)
                filled(header, "saved")
                assert "saved" in first_line(header)
                assert "35/49" in first_line(header)
                assert "jump1" in first_line(header) or width < 60
                header.set_shown(12, 49, 3, 2)
                if width >= 79:
                    assert "3 marked (2 hidden), 12 of 49 shown" in text_of(header)
                header.set_shown(49, 49)
                header.set_watch("every 30 s, FROZEN", frozen=True)
                filled(header, "NOT SAVED", trouble=True, latest="14:16:00")
                assert "FROZEN" in first_line(header)
                assert first_line(header).endswith("NOT SAVED")
                header.set_watch("", frozen=False)
                filled(header, "measuring", latest="14:16:00")
                if height >= 16 and width >= 79:
                    assert "14:16:00" in first_line(header)
                    assert "at the latest" in first_line(header)


def test_at_eighty_columns_it_is_as_drawn():
    @drive("open", SITE)
    async def _(pilot, app):
        header = app.query_one(Header)
        filled(header, "saved")
        header.set_counts({**COUNTS, Status.QUEUED: 0})
        await pilot.pause()
        first, second = text_of(header).splitlines()
        assert first.startswith("AlloyScan 20")
        assert first.endswith(" from jump1 (10.88.9.2)             35/35, 17 s, saved 14:15:29")
        assert second.split("  ")[:3] == ["✗ 12 blocked", "∅ 8 error", "✓ 15 ok"]
        assert second.rstrip().endswith("order: worst first")
        filled(header, "measuring", latest="14:16:00")
        assert "35/49, 17 s, over by 14:16:00 at the latest" in header.full_text
        await pilot.resize_terminal(40, 12)
        await pilot.pause()
        filled(header, "saved")
        assert text_of(header) == "jump1 35/49 ✗12 ∅8 ✓15             saved"


def test_that_the_display_stands_still_is_said_at_once_and_without_rows():
    @drive()
    async def _(pilot, app):
        await pilot.press("escape", "p")
        assert "FROZEN" in text_of(app.query_one(Header))
        await pilot.press("p")
        assert "FROZEN" not in text_of(app.query_one(Header))


def test_after_a_run_it_says_how_long_it_took_and_when_it_was_over(closed):
    @drive()
    async def _(pilot, app):
        header = app.query_one(Header)
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        await until(pilot, lambda: ", saved " in header.full_text)
        assert re.search(r"; 1/1, \d+ s, saved \d\d:\d\d:\d\d\. 1 row", header.full_text)
        assert "at the latest" not in header.full_text
        await pilot.press("o")
        await pilot.pause()
        assert "order: by host" in text_of(header)


def test_while_it_measures_it_says_when_it_is_over_at_the_latest(closed):
    @drive()
    async def _(pilot, app):
        header, screen = app.query_one(Header), app.main
        await enter(pilot, app, f"unix.target=127.0.0.1:{closed}")
        later = 4102444800.0
        type(app.controller).latest_end, kept = (
            property(lambda _: later),
            type(app.controller).__dict__["latest_end"],
        )
        try:
            screen.measuring = True
            screen.show_state()
            assert f"over by {time_of_day(later)} at the latest" in header.full_text
            later = 1.0
            screen.show_state()
            assert "at the latest" not in header.full_text
        finally:
            type(app.controller).latest_end = kept
            screen.measuring = False


def test_a_clock_counts_from_the_first_row_to_the_end_of_a_run():
    clock = RunClock()
    assert (clock.elapsed_text(5), clock.ended_text) == ("", "")
    clock.set_running(False, 1)
    clock.set_running(True, 10)
    clock.set_running(True, 12)
    assert clock.elapsed_text(27.4) == "17 s"
    clock.set_running(False, 140)
    clock.set_running(False, 150)
    assert clock.elapsed_text(1000) == "2 min 10 s"
    assert clock.ended_text == time_of_day(140)
    clock.set_running(True, 1000)
    assert (clock.elapsed_text(1001), clock.ended_text) == ("1 s", "")
    assert time_of_day(139.2) == time_of_day(140)


@pytest.mark.parametrize(
    ("order", "text"),
    [
        (None, "order: as entered"),
        (("status", False), "order: worst first"),
        (("status", True), "order: best first"),
        (("host", False), "order: by host"),
        (("latency", True), "order: by latency, reversed"),
    ],
)
def test_the_order_is_told_in_words(order, text):
    assert order_text(order) == text

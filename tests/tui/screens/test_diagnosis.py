"""The findings on the screen, driven by keys over a recorded session."""

from __future__ import annotations

from pathlib import Path

from textual.widgets import OptionList

from probes.judging.findings import diagnose, rows_in_no_finding
from tests.tui.driving import drive, notice, seen, until
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.models.loaded_session import load_session
from tui.screens.diagnosis import DiagnosisDialog
from tui.widgets.table import ResultTable

EXAMPLE = Path(__file__).parents[2] / "sessions" / "site.jsonl"


def test_d_lists_findings_and_enter_shows_the_rows_of_one():
    @drive("open", str(EXAMPLE))
    async def _(pilot, app):
        everything = seen(app)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DiagnosisDialog))
        listed = app.screen.query_one(OptionList)
        first = str(listed.get_option_at_index(0).prompt)
        assert "pc-016.corp.example (10.20.2.16) is down or does not exist" in first
        listed.highlighted = 0
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, DiagnosisDialog))
        await until(pilot, lambda: len(seen(app)) < len(everything))
        assert {key.partition("|")[2] for key in seen(app)} == {"pc-016.corp.example"}
        assert "is down or does not exist" in notice(app)
        await pilot.press("escape")
        assert seen(app) == everything


def test_the_keys_of_a_long_diagnosis_stay_in_sight():
    @drive("open", str(EXAMPLE))
    async def _(pilot, app):
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DiagnosisDialog))
        for size in ((80, 24), (40, 12)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            listed, keys = app.screen.query_one(OptionList), app.screen.query_one(".keys")
            assert listed.region.bottom <= keys.region.y and keys.region.bottom <= size[1]


def test_the_rows_of_a_finding_are_shown_from_the_first_on():
    @drive("open", str(EXAMPLE))
    async def _(pilot, app):
        app.query_one(ResultTable).action_edge(1)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DiagnosisDialog))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, DiagnosisDialog))
        await pilot.pause()
        assert app.query_one(ResultTable).cursor_line == 0


def test_escape_leaves_the_diagnosis_and_the_table_as_it_was():
    @drive("open", str(EXAMPLE))
    async def _(pilot, app):
        everything = seen(app)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DiagnosisDialog))
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, DiagnosisDialog))
        assert seen(app) == everything


def test_the_last_line_counts_the_rows_in_no_finding_and_opens_them():
    @drive("open", str(EXAMPLE))
    async def _(pilot, app):
        loaded = load_session(EXAMPLE, load(Options("open")))
        alone = rows_in_no_finding(loaded.results, diagnose(loaded.results, loaded.answers))
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DiagnosisDialog))
        listed = app.screen.query_one(OptionList)
        last = str(listed.get_option_at_index(listed.option_count - 1).prompt)
        assert last.startswith(f"{len(alone)} rows to change are in no finding")
        await pilot.press("end", "enter")
        await until(pilot, lambda: not isinstance(app.screen, DiagnosisDialog))
        await until(pilot, lambda: set(seen(app)) == set(alone))
        assert notice(app).startswith("These are the rows to change that are in no finding")

"""The pages of the documentation as text: every form they have, and where they are shown."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Static

from tests.tui.driving import drive, notice, until
from tui.screens.dialogs import HelpDialog
from tui.text.pages import page_lines

SITE = str(Path(__file__).parents[2] / "sessions" / "site.jsonl")


def told(markdown: str, width: int = 40) -> list[str]:
    return list(page_lines(markdown, width))


def test_a_table_is_said_row_by_row_under_its_headings():
    table = "| note | do | |\n|---|---|---|\n| `a\\|b` | mend | x |\n"
    assert told(table) == ["- note: a|b", "    do: mend", "    x"]


def test_a_block_of_code_keeps_its_columns_until_it_must_be_wrapped():
    assert told("Before:\n```\na   b\n```\nafter") == ["Before:", "", "  a   b", "", "after"]
    assert told("```\none two\n```", 7) == ["  one", "    two"]


def test_items_of_a_list_hang_below_their_dash():
    assert told("- one\n  two\n- three", 7) == ["- one", "  two", "- three"]


def test_a_link_is_its_words_and_a_page_of_another_folder_is_named():
    assert told("See [a](b.md#c), [d](../e.md#f).") == ["See a, d (docs/e.md)."]


def page(app) -> str:
    return str(app.screen.query_one(Static).content)


@pytest.mark.parametrize(("options", "ascii"), [((), False), (("--ascii",), True)])
def test_m_explains_the_status_of_the_row(options, ascii):
    @drive("open", SITE, *options)
    async def _(pilot, app):
        app.main.panes.table.select("windows.winrm|pc-015.corp.example")
        await pilot.press("2", "m")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert page(app).startswith("BLOCKED\n\nRequired, and not available")
        assert "WHO REJECTS IT" in page(app)
        assert page(app).isascii() is ascii
        await pilot.press("escape")
        await until(pilot, lambda: len(app.screen_stack) == 1)


def test_m_explains_the_verdicts_where_these_are_listed():
    @drive("open", SITE)
    async def _(pilot, app):
        await pilot.press("v")
        await until(pilot, lambda: len(app.screen_stack) == 2)
        await pilot.press("m")
        await until(pilot, lambda: isinstance(app.screen, HelpDialog))
        assert page(app).startswith("VERDICTS\n")


def test_m_without_a_row_says_so():
    @drive()
    async def _(pilot, app):
        await pilot.press("escape", "m")
        await pilot.pause()
        assert notice(app) == "There is no row here whose status could be explained."

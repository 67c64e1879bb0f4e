"""The table of formats: every row leads to a renderer, a letter and a line of the manual."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from probes.model import Result
from tests.docs.pages import ROOT
from tui.cli.parser import OVERVIEW, parser_of
from tui.reports import FORMATS
from tui.reports.model import Report

PAGE = (ROOT / "docs/reports.md").read_text()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_renders_a_report(
    name: str, make_report: Callable[..., Report], make_result: Callable[..., Result]
) -> None:
    assert "5985" in "".join(FORMATS[name].render(make_report(make_result())))


def test_letters_and_places_on_the_screen_are_different() -> None:
    for values in (
        [one.letter for one in FORMATS.values()],
        [one.rank for one in FORMATS.values()],
    ):
        assert len(set(values)) == len(values)


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_is_offered_and_explained(name: str) -> None:
    help = parser_of("export").format_help()
    assert re.search(rf"[{{,]{name}[,}}]", re.sub(r"\s", "", help))
    assert f"| `{name}` |" in PAGE, "say what it is in docs/reports.md"
    assert name.partition("-")[0] in OVERVIEW
    assert re.fullmatch(r"\.[a-z]+", FORMATS[name].ending)


def test_the_manual_explains_no_format_that_does_not_exist() -> None:
    table = PAGE.partition("| format | is |")[2].partition("\n\n")[0]
    assert re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE) == list(FORMATS)

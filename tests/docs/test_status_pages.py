"""Each status and verdict has a page, and the pages speak of nothing that does not exist."""

from __future__ import annotations

import re

import pytest

from probes.model import Reason, Ruling, Service, State, Status
from tests.docs.pages import ROOT, STATUS_PAGES, anchors, name_of, rows, spans
from tui.cli.options import Options
from tui.cli.parser import COMMANDS
from tui.cli.prepare import load
from tui.commands import COMMANDS as KEYS
from tui.screens.help import help_text
from tui.text.pages import VERDICTS, page_lines, page_of, read_page
from tui.text.status import RULING, STATUS

WORD = re.compile(r"[a-z|]+(?:[ -][a-z|]+)*")
ANSWERS = {"yes", "no", "auto"}
OF_REPORTS = {"system-out", "verdicts", "verdict", "recommended"}
OTHERS = {"tcpdump", "ping"}


@pytest.mark.parametrize("status", Status)
def test_every_status_has_a_page_that_begins_with_it(status):
    heading = (ROOT / page_of(status)).read_text().splitlines()[0]
    assert status in heading.removeprefix("# ").split(", ")


def test_every_verdict_has_its_section():
    assert set(Ruling) <= {
        anchor.replace("-", " ") for anchor in anchors((ROOT / VERDICTS).read_text())
    }


@pytest.mark.parametrize("status", Status)
def test_a_status_that_the_table_shortens_is_on_its_page_as_it_stands_there(status):
    short = STATUS[status].short
    assert short == status or f"`{short}`" in (ROOT / page_of(status)).read_text()


@pytest.mark.parametrize("ruling", Ruling)
def test_a_verdict_that_a_list_shortens_is_on_the_page_as_it_stands_there(ruling):
    short = RULING[ruling].short
    assert short == ruling or f"`{short}`" in (ROOT / VERDICTS).read_text()


def test_there_is_no_page_of_a_status_that_does_not_exist():
    known = {page_of(status) for status in Status} | {VERDICTS}
    assert {name_of(path) for path in STATUS_PAGES} == known


def test_every_page_says_what_its_status_never_means():
    for path in STATUS_PAGES:
        assert re.search(r"never mean|promise", path.read_text()), path.name


def test_every_reason_state_and_service_is_explained():
    texts = [path.read_text() for path in STATUS_PAGES]
    told = {word for text in texts for word in (*spans(text), *anchors(text))}
    assert {*Reason, *Service} - told <= {Reason.NOT_NEEDED, Reason.NOT_OFFERED}
    assert {*State} - told <= {State.ERROR, State.NOT_RUN}


@pytest.mark.parametrize("path", STATUS_PAGES, ids=name_of)
def test_a_page_names_only_words_of_the_program(path):
    profile = load(Options("open"))
    known = {
        *Status,
        *State,
        *Reason,
        *Service,
        *Ruling,
        *(info.short for info in (*STATUS.values(), *RULING.values())),
        *COMMANDS,
        *(key for one in KEYS for key in one.keys.split(",")),
        *(one.id for one in (*profile.checks, *profile.roles, *profile.questions)),
        *ANSWERS,
        *OF_REPORTS,
        *OTHERS,
    }
    words = {span for span in spans(path.read_text()) if WORD.fullmatch(span)}
    assert {word for word in words if not word.startswith("auditreach ")} <= known


@pytest.mark.parametrize("path", STATUS_PAGES, ids=name_of)
def test_a_page_quotes_rows_of_its_own_status(path):
    statuses = {row.status for row in rows(path.read_text())}
    if path.stem in ("verdicts", "unfinished"):
        assert not statuses
    else:
        assert {page_of(Status(status)) for status in statuses} == {name_of(path)}


def test_the_help_says_how_to_see_the_pages():
    (explain,) = (one for one in KEYS if one.id == "explain")
    assert f"{explain.key_text} on a row" in help_text(KEYS)


@pytest.mark.parametrize("width", [76, 36])
@pytest.mark.parametrize("path", STATUS_PAGES, ids=name_of)
def test_a_page_says_on_the_screen_every_word_it_has_and_is_not_too_wide(path, width):
    text = path.read_text()
    lines = list(page_lines(text, width))
    assert max(map(len, lines)) <= width
    plain = re.sub(r"\]\([^)]*\)", " ", text)
    words = {*re.findall(r"\w+", plain.casefold())}
    assert len(words) > 60
    assert words - {*re.findall(r"\w+", " ".join(lines).casefold())} == set()
    assert not re.search(r"\]\(|\*\*|`|\|-", "\n".join(lines))


@pytest.mark.parametrize("status", Status)
def test_the_program_can_read_every_page_it_names(status):
    assert read_page(page_of(status)) == (ROOT / page_of(status)).read_text()

"""Commands, links and keys of README and docs."""

from __future__ import annotations

import re

import pytest

from bench.picture import SCENES
from probes.engine.middlebox import UNUSED_PORTS
from probes.engine.observation import SLOW_ANSWER
from probes.engine.plan import CONFIRM_ABOVE
from probes.https import EXPIRY_WARNING
from probes.kerberos import WARN_SKEW_S
from probes.lab.site import TIMEOUT as DEMO_TIMEOUT
from probes.model import FindingKind, Meaning, Ruling, Status
from probes.printer import LISTEN_S
from probes.settings import Settings
from probes.targets import MAX_HOSTS
from probes.vantage.repeated_connect import SILENCE
from profiles.loader import load_profile
from tests.docs import keys_page
from tests.docs.pages import (
    GENERATED,
    PAGES,
    ROOT,
    anchors,
    command_lines,
    first_cells,
    links,
    name_of,
    output_lines,
    recorded_lines,
    spans,
)
from tests.docs.program_text import environment_variables, quotations, state_files, unsaid
from tui.cli.exit_codes import Exit, exit_status
from tui.cli.parser import COMMANDS, parse_options, parser_of
from tui.commands import COMMANDS as KEYS
from tui.models.columns import COLUMNS
from tui.reports import FORMATS
from tui.screens.help import PANES

TEXTS = {path: path.read_text(encoding="utf-8") for path in PAGES}
EVERYTHING = "\n".join(TEXTS.values())
DEFAULTS = Settings()


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_link_leads_to_a_file_and_a_heading(path):
    for link in links(TEXTS[path]):
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (path.parent / name).resolve() if name else path
        assert target.exists(), link
        if anchor:
            assert anchor in anchors(target.read_text(encoding="utf-8")), link


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_every_command_line_can_be_typed(path):
    for words in command_lines(TEXTS[path]):
        if words and words[0] in COMMANDS and len(words) == 1:
            continue  # the name of a command in a sentence
        if not {"--version", "--help"} & {*words}:
            parse_options(words)


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_what_a_page_quotes_is_what_the_program_says(path):
    found = [part for one in quotations(TEXTS[path]) for part in unsaid(one)]
    assert not found, "write … for a value, and no quotation marks for words of another"


def test_a_quotation_of_words_that_the_program_does_not_have_is_found():
    table = "| the note says | do |\n|---|---|\n| Refused with … plugh; … | a |\n"
    page = f'It says "No xyzzy".\n\n{table}'
    assert [part for one in quotations(page) for part in unsaid(one)] == ["no xyzzy", "plugh"]


def test_the_page_about_targets_has_every_check_with_its_port():
    lines = TEXTS[ROOT / "docs" / "targets.md"].splitlines()
    rows = [line for line in lines if line.startswith("| `")]
    for check in load_profile(None, {}).checks:
        (row,) = [row for row in rows if f"`{check.role}`" in row.split(" | ")[0]]
        name = "the check of the same name," if check.id == check.role else f"`{check.id}`"
        assert f"{name} {check.port_text}" in row


def test_the_page_about_targets_has_every_question_with_its_answers():
    page = TEXTS[ROOT / "docs" / "targets.md"]
    for one in load_profile(None, {}).questions:
        assert f"| `{one.id}` | {', '.join(one.answers)} | {one.default} | {one.text}" in page


def test_readme_has_every_status_verdict_and_exit_status():
    names = first_cells(TEXTS[ROOT / "README.md"])
    finished = {status for status in Status if status.meaning is not Meaning.UNFINISHED}
    assert {*finished, *Ruling} - {Status.CANCELLED} <= names
    assert {str(one.value) for one in Exit} - {str(Exit.DIFFERS.value)} <= names


@pytest.mark.parametrize("ruling", Ruling)
def test_the_page_of_the_verdicts_has_the_exit_status_of_each(ruling):
    status = exit_status([ruling])
    (row,) = re.findall(rf"^\| {status} \|(.*)\|$", TEXTS[ROOT / "docs/status/verdicts.md"], re.M)
    assert f"`{ruling}`" in row


@pytest.mark.parametrize("kind", FindingKind)
def test_the_page_of_findings_has_a_row_for_every_kind(kind):
    cells = first_cells(TEXTS[ROOT / "docs" / "findings.md"])
    assert any(cell.removeprefix("a ").removeprefix("the ") == kind for cell in cells)


@pytest.mark.parametrize(
    ("page", "words"),
    [
        ("README.md", f"({UNUSED_PORTS[0]})"),
        ("README.md", f"**Why {DEFAULTS.timeout:g} seconds.**"),
        ("README.md", f"has {DEFAULTS.answer_timeout:g} s (`--answer-timeout`)"),
        ("README.md", f"{SILENCE} s after it"),
        ("docs/status/blocked.md", f"in {DEFAULTS.answer_timeout:g} s (`--answer-timeout`)"),
        ("docs/status/ok.md", f"listened to for {LISTEN_S:g} seconds"),
        ("docs/status/unverifiable.md", f"({UNUSED_PORTS[0]})"),
        ("docs/status/warning.md", f"{EXPIRY_WARNING.days} days or less"),
        ("docs/status/warning.md", f"{WARN_SKEW_S // 60} minutes or more"),
        ("docs/targets.md", f"| `--timeout S` | {DEFAULTS.timeout:g} |"),
        ("docs/targets.md", f"| `--answer-timeout S` | {DEFAULTS.answer_timeout:g} |"),
        ("docs/targets.md", f"| `--concurrency N` | {DEFAULTS.concurrency} |"),
        ("docs/targets.md", f"takes {SLOW_ANSWER:g} s or longer"),
        ("docs/targets.md", f"asked once more: {SILENCE} s after"),
        ("docs/targets.md", f"expires within {EXPIRY_WARNING.days} days"),
        ("docs/targets.md", f"More than {CONFIRM_ABOVE:,} endpoints"),
        ("docs/targets.md", f"{MAX_HOSTS:,} at most"),
        ("docs/troubleshooting.md", f"The default is {DEFAULTS.timeout:g}."),
        ("docs/troubleshooting.md", f"The demo has {DEMO_TIMEOUT:g},"),
        ("docs/troubleshooting.md", f"more than {CONFIRM_ABOVE:,} endpoints"),
    ],
)
def test_a_number_of_a_page_is_that_of_the_program(page, words):
    assert words in " ".join(TEXTS[ROOT / page].split())


def test_the_files_and_variables_of_the_program_are_told_of():
    page = TEXTS[ROOT / "docs" / "troubleshooting.md"]
    files, variables = state_files(), environment_variables()
    assert len(files) > 3 and len(variables) > 5
    variables.discard("SYSTEMROOT")  # Windows sets it, and nobody chooses it
    assert {name for name in (*files, *variables) if f"`{name}`" not in page} == set()


def test_the_command_lines_are_found():
    assert len(list(command_lines(TEXTS[ROOT / "README.md"]))) > 10
    assert [*command_lines("`.venv/bin/auditreach diff A B > x`")] == [["diff", "A", "B"]]


@pytest.mark.parametrize("command", ["screen", *COMMANDS])
def test_every_command_and_option_is_told_of(command):
    assert command == "screen" or f"auditreach {command}" in EVERYTHING
    for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", parser_of(command).format_help()):
        if option != "--help":
            assert option in EVERYTHING, option


def test_no_option_is_told_of_that_does_not_exist():
    known = {
        option
        for command in ("screen", *COMMANDS)
        for option in re.findall(r"--[a-z][a-z-]+", parser_of(command).format_help())
    }
    told = {
        option
        for path, text in TEXTS.items()
        for span in spans(text)
        if span.startswith(("auditreach ", "--"))
        for option in re.findall(r"(?<!\S)--[a-z][a-z-]+", span)
    }
    assert told
    assert told <= known


@pytest.mark.parametrize("path", PAGES, ids=name_of)
def test_a_letter_that_a_page_gives_as_a_key_does_something(path):
    keys = ",".join([*(one.keys for one in KEYS), *(k for p in PANES.values() for k, _ in p.keys)])
    letters = {column.sort.letter for column in COLUMNS if column.sort is not None}
    known = {*keys.split(","), *letters, *(one.letter for one in FORMATS.values())}
    told = {span for span in spans(TEXTS[path]) if re.fullmatch(r"[A-Za-z0-9]|Ctrl\+\w", span)}
    assert {one.lower() if len(one) > 1 else one for one in told} <= known


def test_the_page_of_the_keys_is_as_it_is_generated():
    written = keys_page.PAGE.read_text(encoding="utf-8")
    assert written == keys_page.page(), "python -m tests.docs.keys_page renews it"


def test_the_list_of_pages_names_every_page():
    index = ROOT / "docs" / "README.md"
    named = {(index.parent / link.partition("#")[0]).resolve() for link in links(TEXTS[index])}
    assert {*PAGES, GENERATED} - {index} <= named


# The block of the page of the screen is a kept picture, with words beside it.
@pytest.mark.parametrize("path", [one for one in PAGES if one.name != "screen.md"], ids=name_of)
def test_output_that_a_page_shows_is_that_of_a_recorded_session(path):
    real = recorded_lines()
    for line in output_lines(TEXTS[path]):
        assert any(one.startswith(line) for one in real), line


def test_the_output_on_the_pages_is_found():
    found = [line for text in TEXTS.values() for line in output_lines(text)]
    assert len(found) > 10


def test_there_is_a_picture_of_every_scene_and_each_is_shown():
    drawn = {path.stem for path in (ROOT / "docs" / "pictures").iterdir()}
    assert drawn == {*SCENES}
    assert all(f"pictures/{name}.svg)" in EVERYTHING for name in SCENES)


def test_readme_is_short():
    assert len(TEXTS[ROOT / "README.md"].split()) < 2700

"""Tables, lists and quoted texts of README and docs, held against the tables of the program."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from probes.model import Status
from probes.session.diff import ChangeKind
from tests.docs.pages import RECORDED, ROOT, fences, spans
from tests.tui.pictures import path_of
from tui.cli.config import template
from tui.cli.credentials import AUTH, COMMUNITY, PRIV, SNMP_NAMES, SSH_NAMES
from tui.cli.exit_codes import Exit
from tui.cli.options import Options
from tui.cli.parser import OVERVIEW, THEMES
from tui.cli.prepare import load
from tui.models.query import FIELDS, parse
from tui.reports import FORMATS
from tui.reports.csv import HEADINGS
from tui.reports.model import load_report
from tui.text.status import RULING, STATUS

NAME = re.compile(r"[a-z_0-9]+")
READ = re.compile(
    r'environ(?:\.get|\.pop)?[\[(]("[A-Za-z_]+")'
    r'|for name in \(("[A-Za-z_]+"(?:, "[A-Za-z_]+")*)\):\n.*environ\.get'
)
NOT_READ = {"SYSTEMROOT"}
"""Windows' own."""


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def rows(text: str) -> Iterator[list[str]]:
    """The cells of every row of every table, its headings included."""
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|-"):
            yield re.split(r"(?<!\\)\|", line)[1:-1]


def names(cell: str) -> set[str]:
    return {span for span in spans(cell) if NAME.fullmatch(span)}


LOG = json.loads((ROOT / "probes/session/schema.json").read_text(encoding="utf-8"))
RECORDS = {
    one["if"]["properties"]["type"]["const"]: one["then"]["$ref"].rpartition("/")[2]
    for one in LOG["allOf"]
}


def keys_of(definition: str) -> set[str]:
    return {*LOG["$defs"][definition].get("properties", {})} - {"type"}


@pytest.mark.parametrize("record", RECORDS)
def test_the_page_of_the_log_has_every_record_and_its_keys(record):
    (cells,) = [cells for cells in rows(page("session-log.md")) if record in names(cells[0])]
    assert keys_of(RECORDS[record]) <= names(cells[2])


def test_the_page_of_the_log_has_every_key_of_a_row_and_no_other():
    table = page("session-log.md").partition("\n## result\n")[2]
    told = {name for cells in rows(table) for name in names(cells[0])}
    assert told == keys_of("row")
    for key, definition in (("icmp", "icmp"), ("evidence", "exchange")):
        (cells,) = [cells for cells in rows(table) if names(cells[0]) == {key}]
        assert keys_of(definition) <= {*re.findall(r"\w+", cells[1])}


def test_the_page_of_the_reports_has_every_column_of_the_csv_in_its_place():
    table = page("reports.md").partition("### Columns of the CSV")[2].partition("###")[0]
    assert "".join(fences(table)) == ",".join(HEADINGS)


def _format(name: str) -> str:
    """Description of a report's format on its page."""
    (cells,) = [cells for cells in rows(page("reports.md")) if names(cells[0]) == {name}]
    return cells[1]


def test_the_page_of_the_reports_has_every_key_of_the_json():
    report = load_report(RECORDED[0], load(Options("export")))
    keys = {*json.loads("".join(FORMATS["json"].render(report)))} - {"schema"}
    assert keys <= names(_format("json"))


@pytest.mark.parametrize("kind", ["failure", "error", "skipped"])
def test_the_page_of_the_reports_says_what_junit_makes_of_each_status(kind):
    told = re.sub(r"\[(.*?)\]\(.*?\)", r"\1", _format("junit")).partition(f"`{kind}` is ")[2]
    said = re.split(", | or ", re.split("[;`]", told)[0].strip(", "))
    assert {*said} == {
        str(one.status)
        for one in STATUS.values()
        if one.junit == kind and one.status not in (Status.QUEUED, Status.RUNNING)
    }


def test_the_page_of_the_reports_has_every_word_of_a_comparison():
    table = page("reports.md").partition("| word | means |")[2].partition("\n\n")[0]
    told = {word.strip() for cells in rows(table) for word in cells[0].split(",")}
    assert told == {*map(str, ChangeKind)}


def test_the_page_of_the_configuration_has_every_section_and_key():
    lines = [line.removeprefix("# ") for line in template()][2:]
    said = {
        cells[0].strip(" `[]"): names(cells[1])
        for cells in rows(page("config.md"))
        if cells[0].startswith(" `[")
    }
    found = tomllib.loads("\n".join(lines))
    assert said.keys() == found.keys()
    assert said["screen"] == {*found["screen"]}
    assert said["measure"] == {*found["measure"]}


def test_every_variable_that_is_read_is_told_of():
    told = {
        span
        for cells in rows(page("config.md") + page("credentials.md"))
        for span in spans(cells[0])
    }
    read = {
        name
        for folder in ("tui", "probes")
        for path in (ROOT / folder).rglob("*.py")
        for found in READ.findall(path.read_text(encoding="utf-8"))
        for name in re.findall(r"\w+", " ".join(found))
    }
    assert {"TERM", "no_proxy", "HTTPS_PROXY"} <= read
    assert read - NOT_READ <= told


def test_the_page_of_the_credentials_has_every_variable_and_protocol():
    text = page("credentials.md")
    told = {span for span in spans(text) if span.startswith("AUDITREACH_")}
    assert told == {COMMUNITY, *SNMP_NAMES.values(), *SSH_NAMES.values()}
    for key, known in (("auth", AUTH), ("priv", PRIV)):
        (line,) = [line for line in fences(text) if line.startswith(f"{key} = ")]
        assert " ".join(known) == line.partition("# ")[2].partition(";")[0]


def test_the_page_of_the_screen_shows_a_kept_picture():
    kept = path_of("colour", (80, 24)).read_text(encoding="utf-8").splitlines()
    shown = [line[:80].rstrip() for line in fences(page("screen.md"))]
    assert len(shown) > 10
    assert [line for line in shown if line not in kept] == []


def test_the_page_of_the_screen_has_every_sign_and_theme():
    text = page("screen.md")
    signs, _, plain, words = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]]
        for line in text.partition("\n| ✓ ")[2].partition("\n\n")[0].join(["| ✓ ", ""]).splitlines()
    ]
    told = {word: (sign, ascii) for sign, ascii, word in zip(signs, plain, words, strict=True)}
    assert told == {str(one.status): (one.sign, one.ascii) for one in STATUS.values()}
    verdicts = re.search(r"For a verdict: (.*)\.", text)
    assert verdicts is not None
    assert dict(part.split(" ", 1)[::-1] for part in verdicts[1].split(", ")) == {
        str(ruling): STATUS[info.status].sign for ruling, info in RULING.items() if ruling
    }
    themes = text.partition("| `--theme`")[2].partition("\n\n")[0]
    assert {*spans(themes)} == {*THEMES}


def test_the_filters_on_their_page_are_filters():
    examples, fields = page("filter.md").split("| field | a value is")
    typed = [spans(cells[0])[0] for cells in rows(examples) if spans(cells[0])]
    assert len(typed) > 7
    for cells in rows(fields):
        (field,) = names(cells[0].replace(":", "")) or {""}
        if field:
            values = spans(cells[1])
            assert values and field in FIELDS
            typed += [f"{field}:{value}" for value in values]
    for text in typed:
        assert parse(text).error == "", text


def _paths(text: str) -> Iterator[str]:
    for span in spans(text):
        if re.fullmatch(r"[\w./-]*(?:\w/|\w\.(?:py|toml|json|jsonl|md|tcss))", span):
            yield span


@pytest.mark.parametrize("name", ["docs/architecture.md", "CONTRIBUTING.md"])
def test_every_file_that_developers_are_told_of_exists(name):
    """Named from the root or from one of the folders that stand beside it in the text."""
    text = re.sub(r"\([^)]*\)", "", (ROOT / name).read_text(encoding="utf-8"))
    folders = ("docs", "profiles", "probes", "tui", "tests", "bench", ".ci")
    files = [path.as_posix() for one in folders for path in (ROOT / one).rglob("*")]
    files += [path.as_posix() for path in ROOT.iterdir()]
    told = [path for path in _paths(text) if Path(path).stem not in ("x", "test_x")]
    assert len(told) > 20
    missing = [
        one for one in told if not any(file.endswith(f"/{one.rstrip('/')}") for file in files)
    ]
    assert missing == [], "in `shared` beside the checkout" if missing else ""


@pytest.mark.parametrize("told", ["README.md", "--help"])
def test_every_exit_status_of_a_run_is_told_of(told):
    if told == "--help":
        numbers = re.findall(r"\b\d+\b", OVERVIEW.partition("Exit status of run:")[2])
    else:
        table = (ROOT / told).read_text(encoding="utf-8").partition("| exit status of `run` |")[2]
        numbers = [cells[0].strip() for cells in rows(table.partition("\n\n")[0])]
    assert {*map(int, numbers)} == {*Exit} - {Exit.DIFFERS}

"""Findings of a log that count: the last group, if no row is newer."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from probes.judging.findings import Confidence, Finding, FindingKind
from probes.model import Result
from probes.session import Header, SessionLog, read_session
from probes.session.records import finding_record, to_finding_record

Make = Callable[..., Result]

DOWN = Finding(
    FindingKind.HOST,
    "dc1 is down",
    Confidence.LIKELY,
    "silence",
    ("windows.ldap|dc1",),
    "Start it.",
)
LATE = Finding(
    FindingKind.TIME, "dc1 is late", Confidence.CERTAIN, "its clock", ("windows.ldap|dc1",)
)


@pytest.fixture
def told(tmp_path: Path, header: Header, make_result: Make) -> Callable[..., list[str]]:
    """Findings that count after a record for each of these words."""

    def write(*words: str | Finding) -> list[str]:
        path = tmp_path / "one.jsonl"
        path.unlink(missing_ok=True)
        log = SessionLog.create(path)
        log.write_header(header)
        for word in words:
            if isinstance(word, Finding):
                log.write_findings([word])
            elif word == "row":
                log.write_results([make_result()])
            else:
                log.write_end(True, {})
        log.close()
        session = read_session(path)
        assert session.messages == ()
        return [finding.text for finding in session.findings]

    return write


def test_findings_written_together_stand_together(told) -> None:
    assert told("row", DOWN, LATE, "end") == ["dc1 is down", "dc1 is late"]


def test_a_killed_run_keeps_what_it_had_found(told) -> None:
    assert told("row", DOWN, LATE) == ["dc1 is down", "dc1 is late"]


def test_those_of_a_rerun_stand_for_those_before(told) -> None:
    assert told("row", DOWN, "end", "row", LATE, "end") == ["dc1 is late"]


def test_a_rerun_after_which_nothing_is_found_leaves_none(told) -> None:
    assert told("row", DOWN, "end", "row", "end") == []


def test_a_row_that_is_newer_makes_them_doubtful(told) -> None:
    assert told("row", DOWN, "end", "row") == []


def test_a_second_end_without_a_row_says_them_once(told) -> None:
    assert told("row", DOWN, "end", DOWN, "end") == ["dc1 is down"]
    assert told("row", DOWN, "end", "end") == ["dc1 is down"]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"text": ""}, "its text or sure is empty"),
        ({"sure": 1}, "its sure is not a string"),
        ({"keys": "k"}, "its keys is not a list of strings"),
        ({"rows": 0}, "its rows is not a number from 1 to 2147483647"),
    ],
)
def test_a_broken_finding_is_skipped_by_its_number(
    tmp_path: Path, header: Header, change: dict[str, object], why: str
) -> None:
    path = tmp_path / "one.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    log.close()
    with path.open("a", encoding="ascii") as file:
        file.write(json.dumps(finding_record(to_finding_record(DOWN)) | change) + "\n")
    session = read_session(path)
    assert session.messages == (f"Line 2 was skipped: {why}.",)
    assert session.findings == ()


def test_a_word_of_a_later_version_is_kept(tmp_path: Path, header: Header) -> None:
    path = tmp_path / "one.jsonl"
    log = SessionLog.create(path)
    log.write_header(header)
    log.close()
    later = replace(to_finding_record(DOWN), kind="weather", sure="guessed")
    with path.open("a", encoding="ascii") as file:
        file.write(json.dumps(finding_record(later)) + "\n")
    assert read_session(path).findings == (later,)

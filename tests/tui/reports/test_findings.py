"""Findings in each report: before the rows, after the verdicts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from defusedxml.ElementTree import fromstring

from probes.judging.findings import Confidence, Finding, FindingKind
from probes.model import Reason, Result, State, Status
from probes.session import SessionLog
from probes.session.records import to_finding_record
from profiles.model import Profile
from tui.models.loaded_session import with_findings
from tui.reports import FORMATS
from tui.reports.anonymise import pseudonymised
from tui.reports.model import Report, load_report
from tui.text.row_parts import Part

Make = Callable[..., Result]
Reports = Callable[..., Report]

DEAD = (
    "pc1.corp.example (10.20.2.14) is down, or everything to it is dropped: "
    "none of its 3 ports answers"
)


@pytest.fixture
def dead(make_report: Reports, make_result: Make) -> Report:
    """A log that was written before there were findings: a dead host beside one that is not."""
    checks = ("enable.rpc", "enable.smb", "windows.winrm")
    fine = {"address": "10.20.2.15", "status": Status.OK, "state": State.OPEN}
    return make_report(
        *(make_result(check=check) for check in checks),
        make_result("web1", "unix.ssh", reason=Reason.SYN_ACK, **fine),
    )


def render(report: Report, format: str) -> str:
    return "".join(FORMATS[format].render(report))


def test_a_log_without_findings_is_diagnosed_from_its_rows(dead: Report) -> None:
    (finding,) = dead.session.findings
    assert (finding.text, finding.sure, finding.rows) == (DEAD, "likely", 3)


@pytest.mark.parametrize("format", ["markdown", "html"])
def test_they_stand_between_the_verdicts_and_the_rows(dead: Report, format: str) -> None:
    text = unescape(render(dead, format))
    places = [text.index(part) for part in ("Verdicts (2)", "Findings (1)", DEAD, "To change (3)")]
    assert places == sorted(places)


@pytest.mark.parametrize("hidden", [False, True])
@pytest.mark.parametrize("format", ["html", "junit"])
def test_the_details_of_a_row_have_the_same_parts_as_on_the_screen(
    dead: Report, format: str, hidden: bool
) -> None:
    report = pseudonymised(dead) if hidden else dead
    text = re.sub(r"<dt>(.*?)</dt><dd>|<p>(Verify)", r"\n\1\2: ", unescape(render(report, format)))
    row = text[text.index("\nSeen: " if format == "html" else "Seen: ") :]
    places = [row.index(f"{part.heading}") for part in Part]
    assert places == sorted(places)
    result = dead.session.results[0]
    assert f"Means: {result.job.check.consequence}" in row
    assert re.search(r"Same: \S+ \S+( \S+)? TCP \d+ and 1 more row", row)
    assert "Cause: " in row and "is down, or everything to it is dropped" in row
    if not hidden:
        assert "Same: pc1.corp.example " in row


def test_json_has_them_with_the_keys_of_their_rows(dead: Report) -> None:
    (finding,) = json.loads(render(dead, "json"))["findings"]
    assert finding["kind"] == "host"
    assert set(finding["keys"]) == {row.job.key for row in dead.session.results[:3]}


def test_junit_tells_them_in_the_suite_of_their_rows(dead: Report) -> None:
    suites = list(fromstring(render(dead, "junit")))
    said = {suite.get("name"): suite.findtext("system-out") for suite in suites}
    unix = said["unix.target: Linux or macOS target"]
    assert unix == "ready: web1: The computer can be audited without an agent."
    assert f"likely: {DEAD} (3 rows; " in (said["windows.target: Windows target"] or "")


def test_csv_stays_a_row_a_line(dead: Report) -> None:
    assert len(render(dead, "csv").splitlines()) == 5


def test_a_finding_of_the_log_stands_whatever_the_rows_say(dead: Report) -> None:
    told = to_finding_record(
        Finding(FindingKind.TIME, "The sun is down", Confidence.CERTAIN, "it is dark", ("k",))
    )
    report = replace(dead, session=replace(dead.session, findings=(told,)))
    text = render(report, "markdown")
    assert "| certain | The sun is down. | it is dark | 1 |  |" in text
    assert DEAD not in text


def test_a_stand_in_for_a_network_is_a_network(make_report: Reports, make_result: Make) -> None:
    rows = [
        make_result(f"pc{number}.corp.example", check, address=f"10.20.2.{number}")
        for number in range(1, 7)
        for check in ("enable.rpc", "windows.winrm")
    ]
    (finding,) = pseudonymised(make_report(*rows)).session.findings
    # Which of the networks for documentation it is depends on the id of the session.
    assert re.match(
        r"Nothing in (192\.0\.2|198\.51\.100|203\.0\.113)\.0/24 answers: 6 hosts stay silent",
        finding.text,
    )
    assert len(set(finding.keys)) == 12


def test_keys_lead_to_the_rows_under_their_stand_ins(dead: Report) -> None:
    session = pseudonymised(dead).session
    assert set(session.findings[0].keys) <= {row.job.key for row in session.results}


def test_rows_of_an_earlier_session_have_their_causes_too(
    write_session: Callable[..., Path], make_result: Make, profile: Profile
) -> None:
    checks = ("enable.rpc", "enable.smb", "windows.winrm")
    path = write_session(*(make_result(check=check) for check in checks), complete=False)
    log = SessionLog.append(path)
    log.write_earlier([make_result("pc2", check, address="10.20.3.15") for check in checks])
    log.write_findings(
        [Finding(FindingKind.HOST, DEAD, Confidence.LIKELY, "silence", ("windows.winrm|pc1",))]
    )
    log.write_end(True, {})
    log.close()
    found = [one.text for one in load_report(path, profile).session.findings]
    assert [text.partition(" is ")[0] for text in found] == [
        "pc1.corp.example (10.20.2.14)",
        "pc2 (10.20.3.15)",
    ]


@pytest.mark.parametrize("format", ["markdown", "html", "junit"])
def test_the_rows_in_no_finding_are_counted_below_them(
    make_report: Reports, make_result: Make, format: str
) -> None:
    refused = {"state": State.CLOSED, "reason": Reason.CONN_REFUSED}
    rows = [make_result(check=check) for check in ("enable.rpc", "enable.smb")]
    report = make_report(*rows, make_result("web1", "unix.ssh", address="10.9.9.9", **refused))
    text = unescape(render(report, format))
    said = "1 row to change is in no finding: it is a cause of its own."
    assert text.count(said) == 1
    if format != "junit":
        assert text.index(DEAD[:40]) < text.index(said) < text.index("To change (3)")


def test_a_log_that_names_only_some_rows_of_a_finding_is_diagnosed_anew(dead: Report) -> None:
    (finding,) = dead.session.findings
    cut = replace(finding, keys=finding.keys[:1])
    again = with_findings(replace(dead.session, findings=(cut,)))
    assert again.findings == (finding,)

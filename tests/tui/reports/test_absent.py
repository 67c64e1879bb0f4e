"""Addresses that nobody uses in reports: in no request, no failure, and not one by one."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from probes.model import Reason, Ruling, State, Status, Target, Verdict
from probes.session import VerdictRecord
from tui.models.loaded_session import with_verdicts
from tui.reports import FORMATS
from tui.reports.anonymise import pseudonymised
from tui.reports.model import load_report

NETWORK = "10.20.2.0/29"


@pytest.fixture
def results(make_result):
    """A host, and two addresses that nobody uses."""

    def of(number, status, **seen):
        host = f"10.20.2.{number}"
        made = make_result(host, "unix.ssh", status, address=host, **seen)
        target = replace(made.job.target, network=NETWORK)
        return replace(made, job=replace(made.job, target=target))

    refused = {"state": State.CLOSED, "reason": Reason.CONN_REFUSED}
    return [of(1, Status.BLOCKED, **refused), of(2, Status.NO_HOST), of(3, Status.NO_HOST)]


@pytest.fixture
def report(results, write_session, profile):
    return load_report(write_session(*results), profile)


def rendered(format, report):
    return "".join(FORMATS[format].render(report))


@pytest.mark.parametrize("format", ["firewall", "markdown", "html"])
def test_a_report_for_a_reader_does_not_list_them(report, format):
    text = rendered(format, report)
    assert "10.20.2.1" in text
    assert "10.20.2.2<" not in text
    assert "| 10.20.2.2 " not in text
    if format != "firewall":
        assert "2 more rows are of addresses that nobody uses" in text


def test_junit_counts_no_failure_for_them(report):
    text = rendered("junit", report)
    assert 'failures="1"' in text
    assert 'skipped="2"' in text


def test_data_formats_hold_them(report):
    read = csv.DictReader(io.StringIO(rendered("csv", report)))
    assert [row["status"] for row in read].count("no host") == 2
    assert "no host" in json.dumps(json.loads(rendered("json", report)))


def test_no_verdict_of_theirs_is_made_or_kept(report, results, write_session, profile):
    assert {one.host for one in report.session.verdicts} == {"10.20.2.1"}


def test_a_silent_network_has_its_verdict_in_a_report(results, write_session, profile):
    report = load_report(write_session(*results[1:]), profile)
    assert [(one.host, one.verdict) for one in report.session.verdicts] == [(NETWORK, "unknown")]
    assert f"Nothing has come from {NETWORK}" in report.session.findings[0].text


def test_the_network_has_a_pseudonym_too(results, write_session, profile):
    report = load_report(write_session(*results[1:]), profile)
    made = pseudonymised(report).session
    (verdict,) = made.verdicts
    assert "10.20.2" not in verdict.host
    assert {one.job.target.network for one in made.results} == {verdict.host}
    text = rendered("json", pseudonymised(report))
    assert "10.20.2" not in text


def test_a_verdict_that_a_later_row_made_void_is_left_out(results, write_session, profile):
    path = write_session(*results)
    report = load_report(path, profile)
    record = VerdictRecord(NETWORK, "unix.target", "unix.audit", "unknown", (), (), "x")
    session = replace(report.session, verdicts=(record,))
    assert NETWORK not in {one.host for one in with_verdicts(session, profile).verdicts}
    assert isinstance(record.event, Verdict)
    assert record.event.ruling is Ruling.UNKNOWN
    assert record.event.target == Target("unix.target", NETWORK)

"""JSON: one document with the session, its rows and the sentences of its profile."""

from __future__ import annotations

import json
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Result
from tui.reports import json as report_json
from tui.reports.model import Report

Make = Callable[..., Result]
Reports = Callable[..., Report]


def test_the_document_has_the_rows_of_the_log_and_what_they_mean(
    make_report: Reports, make_result: Make
) -> None:
    report = make_report(make_result("a"), make_result("b", "unix.ssh"), remarks=("x",))
    document = json.loads("".join(report_json.render(report)))
    assert document["schema"] == "auditreach.report/1"
    assert document["session"]["vantage"]["host"] == "jump1"
    assert document["complete"] is True
    assert [row["key"] for row in document["results"]] == ["windows.winrm|a", "unix.ssh|b"]
    assert document["checks"]["windows.winrm"]["required_when"] == "PowerShell Remoting is enabled"
    assert document["counts"] == {"blocked": 2}
    assert [remark["text"] for remark in document["remarks"]] == ["x"]


def test_a_session_without_rows_is_a_document_too(make_report: Reports) -> None:
    assert json.loads("".join(report_json.render(make_report())))["results"] == []


@settings(max_examples=100)
@given(text=st.text(max_size=40))
def test_any_text_survives_and_the_document_is_ascii(
    forged: Callable[[str], Report], text: str
) -> None:
    made = "".join(report_json.render(forged(text)))
    assert made.isascii()
    assert [row["note"] for row in json.loads(made)["results"]] == [text] * 4


def test_a_number_that_json_does_not_have_is_null(make_report: Reports, make_result: Make) -> None:
    report = make_report(make_result())
    facts = report.session.results[0].observation.facts
    assert isinstance(facts, dict)
    facts["skew"] = float("inf")
    document = json.loads("".join(report_json.render(report)))
    assert document["results"][0]["facts"]["skew"] is None

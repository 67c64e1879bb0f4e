"""JUnit XML: accepted by a parser, and every status in its place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.model import Result, Status
from profiles.model import Profile
from tui.reports import junit
from tui.reports.model import Report, load_report

Make = Callable[..., Result]
Reports = Callable[..., Report]


def parsed(report: Report) -> Element:
    return fromstring("".join(junit.render(report)).encode("utf-8"))


@pytest.mark.parametrize(
    ("status", "element"),
    [
        (Status.BLOCKED, "failure"),
        (Status.ERROR, "error"),
        (Status.NOT_NEEDED, "skipped"),
        (Status.UNVERIFIABLE, "skipped"),
        (Status.CANCELLED, "skipped"),
        (Status.OK, "system-out"),
        (Status.DEGRADED, "system-out"),
        (Status.WARNING, "system-out"),
    ],
)
def test_every_status_has_its_element(
    make_report: Reports, make_result: Make, status: Status, element: str
) -> None:
    result = replace(make_result(status=status, note="As it is."), why="As it is.")
    (case,) = parsed(make_report(result)).iter("testcase")
    assert [child.tag for child in case] == [element]
    assert "As it is." in (case[0].get("message") or case[0].text or "")


def test_a_suite_is_a_role_and_its_counts_are_right(
    make_report: Reports, make_result: Make
) -> None:
    root = parsed(
        make_report(
            make_result("a"),
            make_result("b", status=Status.ERROR),
            make_result("c", "unix.ssh", Status.UNVERIFIABLE),
            make_result("d", "unix.ssh", Status.OK),
        )
    )
    assert root.tag == "testsuites"
    counted = ("tests", "failures", "errors", "skipped")
    assert [root.get(name) for name in counted] == ["4", "1", "1", None]
    suites = {suite.get("name"): [suite.get(name) for name in counted] for suite in root}
    assert suites == {
        "windows.target: Windows target": ["2", "1", "1", "0"],
        "unix.target: Linux or macOS target": ["2", "0", "0", "1"],
    }
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert names[0] == ("a", "WinRM TCP 5985 (windows.winrm)")


SCHEMA = {
    "testsuites": ({"testsuite"}, set(), {"name", "time", "tests", "failures", "errors"}),
    "testsuite": (
        {"testsuite", "properties", "testcase", "system-out", "system-err"},
        {"name", "tests", "failures", "errors"},
        {"time", "skipped", "timestamp", "hostname", "id", "package", "group", "file"},
    ),
    "properties": ({"property"}, set(), set()),
    "property": (set(), {"name", "value"}, set()),
    "testcase": (
        {"skipped", "error", "failure", "system-out", "system-err"},
        {"name"},
        {"time", "classname", "group"},
    ),
    **dict.fromkeys(("skipped", "error", "failure"), (set(), set(), {"type", "message"})),
    "system-out": (set(), set(), set()),
}
"""Schema of Jenkins' xUnit plugin (junit-10.xsd): children, attributes needed and allowed."""


@pytest.mark.parametrize("name", ["docs/example.jsonl", "tests/sessions/site.jsonl"])
def test_it_fits_the_schema_that_jenkins_holds_it_against(name: str, profile: Profile) -> None:
    root = parsed(load_report(Path(__file__).parents[3] / name, profile))
    assert root.tag == "testsuites"
    for element in root.iter():
        children, needed, allowed = SCHEMA[element.tag]
        assert {child.tag for child in element} <= children
        assert needed <= set(element.attrib) <= needed | allowed, element.tag
        # Text stands only in leaves.
        assert not (children and (element.text or "").strip())
    for suite in root:
        cases = list(suite.iter("testcase"))
        assert int(suite.get("tests", "")) == len(cases)
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.get(count, "")) == sum(case.find(tag) is not None for case in cases)


@settings(max_examples=150)
@given(
    text=st.text(max_size=40)
    | st.sampled_from(["]]>", "<!--", "&amp;", '"/><x y="', "\x00\x0b", "\ud800", "\ufffe", "'\n"])
)
def test_no_text_breaks_the_document(forged: Callable[[str], Report], text: str) -> None:
    root = parsed(forged(text))
    assert len(list(root.iter("testcase"))) == 4
    assert {element.tag for element in root.iter()} <= {
        *("testsuites", "testsuite", "properties", "property", "testcase"),
        *("failure", "error", "skipped", "system-out"),
    }


def test_a_row_that_claims_to_have_taken_for_ever_has_a_finite_time(
    make_report: Reports, make_result: Make
) -> None:
    report = make_report(make_result(timings_ms={"connect": 1e308, "answer": 1e308}))
    (case,) = parsed(report).iter("testcase")
    assert case.get("time") == "1000000.000"


def test_a_failure_begins_with_its_reason_and_says_what_is_lost(
    make_report: Reports, make_result: Make
) -> None:
    row = replace(make_result(), why="dropped: 88 answers")
    (failure,) = parsed(make_report(row)).iter("failure")
    assert failure.get("message") == "dropped: 88 answers"
    assert failure.text is not None
    assert f"Means: {row.job.check.consequence}" in failure.text
    assert failure.text.startswith("Seen: nothing, asked twice")

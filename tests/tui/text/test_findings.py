from __future__ import annotations

from probes.judging.findings import Confidence, Finding, FindingKind
from tui.text.findings import findings_lines


def finding(number: int = 1) -> Finding:
    return Finding(
        FindingKind.HOST, f"pc{number} is down", Confidence.LIKELY, "silence", ("k",), "Start it."
    )


def test_a_finding_is_one_line_with_what_it_rests_on():
    assert list(findings_lines([finding()])) == [
        "",
        "Findings",
        "likely   pc1 is down (1 row; silence). Start it.",
    ]


def test_many_findings_end_in_a_count():
    lines = list(findings_lines([finding(number) for number in range(25)]))
    assert len(lines) == 23
    assert lines[-1] == "and 5 more; the screen shows all of them"


def test_no_findings_are_no_lines():
    assert list(findings_lines([])) == []


def test_the_last_line_counts_the_rows_in_no_finding():
    (*_, last) = findings_lines([finding()], 1)
    assert last == "1 row to change is in no finding: it is a cause of its own."
    assert list(findings_lines([], 1200)) == [
        "",
        "Findings",
        "1,200 rows to change are in no finding: each is a cause of its own.",
    ]

"""Findings as lines of text, for a run without a screen and for the list on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.judging.findings import Finding
from probes.session import FindingRecord

MAX_FINDINGS = 20
"""Most findings that a run without a screen prints."""


def findings_lines(
    findings: Sequence[Finding], alone: int = 0, most: int = MAX_FINDINGS
) -> Iterator[str]:
    """A heading, a line for each finding, the number of those left out, and the rows in none.

    `alone` is the number of rows to change that are in no finding. Nothing without any of both.
    """
    if not findings and not alone:
        return
    yield ""
    yield "Findings"
    for finding in findings[:most]:
        yield f"{finding.confidence:<7}  {sentence(finding)}"
    if len(findings) > most:
        yield f"and {len(findings) - most:,} more; the screen shows all of them"
    if alone:
        yield in_no_finding_text(alone)


def in_no_finding_text(number: int) -> str:
    """Sentence about rows to change that are in no finding; empty for none."""
    if not number:
        return ""
    if number == 1:
        return "1 row to change is in no finding: it is a cause of its own."
    return f"{number:,} rows to change are in no finding: each is a cause of its own."


def sentence(finding: Finding | FindingRecord) -> str:
    """A finding with its reason and the number of its rows."""
    rows = f"{finding.rows:,} row" if finding.rows == 1 else f"{finding.rows:,} rows"
    return f"{finding.text} ({rows}; {finding.why}).{' ' if finding.fix else ''}{finding.fix}"

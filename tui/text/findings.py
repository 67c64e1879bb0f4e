"""Findings as lines of text, for a run without a screen and for the list on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from probes.judging.findings import Finding
from probes.session import FindingRecord

MAX_FINDINGS = 20
"""Most findings that a run without a screen prints."""


def findings_lines(findings: Sequence[Finding], most: int = MAX_FINDINGS) -> Iterator[str]:
    """A heading, a line for each finding, and the number of those left out; nothing without any."""
    if not findings:
        return
    yield ""
    yield "Findings"
    for finding in findings[:most]:
        yield f"{finding.confidence:<7}  {sentence(finding)}"
    if len(findings) > most:
        yield f"and {len(findings) - most:,} more; the screen shows all of them (d)"


def sentence(finding: Finding | FindingRecord) -> str:
    """A finding with its reason and the number of its rows."""
    rows = f"{finding.rows:,} row" if finding.rows == 1 else f"{finding.rows:,} rows"
    return f"{finding.text} ({rows}; {finding.why}).{' ' if finding.fix else ''}{finding.fix}"

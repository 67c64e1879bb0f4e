"""CSV (RFC 4180, lines ended by LF), a row a line, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from probes.model import Result
from tui.reports.model import Report, fix, line

HEADINGS = (
    "status",
    "host",
    "role",
    "check",
    "title",
    "transport",
    "port",
    "address",
    "source",
    "interface",
    "state",
    "reason",
    "service",
    "note",
    "to change",
    "latency ms",
    "latency source",
    "started",
    "attempts",
    "said no",
    "icmp type",
    "icmp code",
)

_FORMULAS = "=+-@\t\r\n＝＋－＠"
"""What begins a formula in a spreadsheet, in its full-width forms too."""


def render(report: Report) -> Iterator[str]:
    """The report, a piece a line."""
    yield from table(HEADINGS, (_row(result) for result in report.session.results))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of CSV in which no cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in (headings, *rows):
        writer.writerow([harmless(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def harmless(cell: str) -> str:
    """A cell that a spreadsheet shows as text: what would be a formula begins with a quote."""
    return f"'{cell}" if cell[:1] and cell[0] in _FORMULAS else cell


def _row(result: Result) -> tuple[str, ...]:
    job, seen = result.job, result.observation
    icmp = seen.icmp
    return (
        result.status,
        line(job.target.label),
        line(job.target.role),
        line(job.check.id),
        line(job.check.title),
        job.check.transport,
        "" if job.port is None else str(job.port),
        line(seen.address or ""),
        line(seen.source or ""),
        line(seen.interface or ""),
        seen.state,
        seen.reason,
        seen.service,
        line(result.note),
        fix(result),
        "" if seen.latency_ms is None else f"{seen.latency_ms:.3f}",
        line(seen.latency_source or ""),
        line(seen.started),
        str(seen.attempts),
        "" if icmp is None else line(icmp.offender),
        "" if icmp is None else str(icmp.type),
        "" if icmp is None else str(icmp.code),
    )

"""A result as one line of text, with its latency."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from probes.model import FAILURES, Job, Result, Status
from probes.wire.text import printable
from tui.text.status import STATUS, in_order


def latency_text(ms: float | None) -> str:
    """Milliseconds in at most 8 cells, with about three digits: `0.42 ms`, `38.1 ms`, `2.1 s`."""
    if ms is None:
        return ""
    if ms < 0.01:
        return "<0.01 ms"
    if ms < 9.995:
        return f"{ms:.2f} ms"
    if ms < 99.95:
        return f"{ms:.1f} ms"
    if ms < 999.5:
        return f"{ms:.0f} ms"
    return f"{ms / 1000:.1f} s"


_WIDEST_HOST = 40
_NOTE = 2000


class Lines:
    """Formats the rows of one run with aligned columns; `colour` adds ANSI colours."""

    def __init__(self, jobs: Sequence[Job], *, colour: bool) -> None:
        self._colour = colour
        hosts = (len(job.target.label) for job in jobs)
        self._host = min(max(hosts, default=4), _WIDEST_HOST)
        self._check = max((len(job.check_text) for job in jobs), default=5)

    def result(self, result: Result) -> str:
        """One line: status, host, check, latency and the whole note."""
        status = f"{result.status:<12}"
        host = printable(result.job.target.label)
        took = latency_text(result.observation.latency_ms)
        note = printable(result.note, _NOTE)
        return (
            f"{self._paint(status, result.status)}  {host:<{self._host}}  "
            f"{result.job.check_text:<{self._check}}  {took:>8}  {note}"
        )

    def _paint(self, text: str, status: Status) -> str:
        code = STATUS[status].ansi
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code else text


def summary(counts: Mapping[Status, int], seconds: float) -> str:
    """The whole run in one sentence."""
    rows = sum(counts.values())
    order = in_order(lambda ranks: ranks.summary)
    parts = [f"{counts[status]} {status}" for status in order if counts.get(status)]
    return f"{rows} {'row' if rows == 1 else 'rows'} in {seconds:.1f} s: " + (
        ", ".join(parts) or "nothing measured"
    )


def failures(results: Iterable[Result]) -> Iterable[Result]:
    """The results a reader must not miss, worst first."""
    found = [result for result in results if result.status in FAILURES]
    return sorted(found, key=lambda result: STATUS[result.status].ranks.report)

"""A result as one line of text, and a summary of many as one sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from probes.model import FAILURES, Job, Result, Status
from probes.wire.cells import width
from probes.wire.text import printable
from tui.models.columns import COLUMNS, RowData
from tui.text.status import ASCII, STATUS, in_order

_COLUMNS = tuple((column, column.run) for column in COLUMNS if column.run is not None)


class ResultFormatter:
    """Formatter of the rows of one run in aligned columns; `colour` adds ANSI colours.

    `encoding` is of the stream that gets them: one that lacks some signs gets them in ASCII.
    """

    def __init__(self, jobs: Sequence[Job], *, colour: bool, encoding: str = "utf-8") -> None:
        self._colour = colour
        self._ascii = not encoding.lower().startswith(("utf", "u8"))
        self._widths = [0] * len(_COLUMNS[:-1])
        self.add(jobs)

    def add(self, jobs: Sequence[Job]) -> None:
        """Widen the columns for rows that came later."""
        rows = [RowData(Status.QUEUED, job, None) for job in jobs]
        for at, (column, run) in enumerate(_COLUMNS[:-1]):
            texts = () if run.cells else map(column.text, rows)
            widest = max(map(len, texts), default=len(column.heading))
            width = run.cells or min(widest, run.max_cells)
            self._widths[at] = max(self._widths[at], width)

    def format(self, result: Result) -> str:
        """One line: status, host, check, latency, short reason, and the note if it says more."""
        row = RowData(result.status, result.job, result)
        texts = [printable(column.text(row), run.max_length) for column, run in _COLUMNS]
        if texts[-1].rstrip(".").casefold() == row.why.casefold():
            texts[-1] = ""
        if self._ascii:
            texts = [ASCII.clean(text, len(text)) for text in texts]
        for at, cells in enumerate(self._widths):
            # Wide characters take two cells.
            room = max(cells - width(texts[at]) + len(texts[at]), 0)
            texts[at] = f"{texts[at]:{'>' if _COLUMNS[at][0].right else '<'}{room}}"
        texts[0] = self._coloured(texts[0], result.status)
        return "  ".join(texts).rstrip()

    def _coloured(self, text: str, status: Status) -> str:
        code = STATUS[status].ansi
        return f"\x1b[{code}m{text}\x1b[0m" if self._colour and code else text


def summary(counts: Mapping[Status, int], seconds: float) -> str:
    """The whole run in one sentence."""
    rows = sum(counts.values())
    order = in_order(lambda ranks: ranks.summary)
    parts = [f"{counts[status]} {status}" for status in order if counts.get(status)]
    return f"{rows} {'row' if rows == 1 else 'rows'} in {seconds:.1f} s: " + (
        ", ".join(parts) or "nothing tested"
    )


def failures(results: Iterable[Result]) -> Iterable[Result]:
    """The results a reader must not miss, worst first."""
    found = [result for result in results if result.status in FAILURES]
    return sorted(found, key=lambda result: STATUS[result.status].ranks.report)

"""CSV (RFC 4180, lines ended by LF), a row a line, safe to open in a spreadsheet."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from probes.model import Icmp, Result
from tui.models.columns import COLUMNS, RowData
from tui.reports.model import Report, fix_text, line, who_text


class _CsvOnlyColumn(NamedTuple):
    """A column of this format only."""

    number: int
    """Among those of tui.models.columns."""
    heading: str
    text: Callable[[Report, Result], str]


_CSV_ONLY = (
    _CsvOnlyColumn(5, "title", lambda _, row: row.job.check.title),
    _CsvOnlyColumn(6, "transport", lambda _, row: row.job.check.transport),
    _CsvOnlyColumn(9, "source", lambda _, row: row.observation.source or ""),
    _CsvOnlyColumn(10, "interface", lambda _, row: row.observation.interface or ""),
    _CsvOnlyColumn(15, "to change", fix_text),
    _CsvOnlyColumn(17, "latency source", lambda _, row: row.observation.latency_source or ""),
    _CsvOnlyColumn(18, "started", lambda _, row: row.observation.started),
    _CsvOnlyColumn(19, "attempts", lambda _, row: str(row.observation.attempts)),
    _CsvOnlyColumn(20, "said no", lambda _, row: _of_icmp(row, lambda icmp: icmp.offender)),
    _CsvOnlyColumn(21, "icmp type", lambda _, row: _of_icmp(row, lambda icmp: str(icmp.type))),
    _CsvOnlyColumn(22, "icmp code", lambda _, row: _of_icmp(row, lambda icmp: str(icmp.code))),
    _CsvOnlyColumn(23, "to change by", who_text),
    _CsvOnlyColumn(
        24, "latency at most", lambda _, row: "yes" if row.observation.latency_at_most else ""
    ),
)
_SHARED = tuple((column, column.csv) for column in COLUMNS if column.csv is not None)
_TEXTS = tuple(cell.text or column.text for column, cell in _SHARED)
_NUMBERED = [
    *((own.number, own.heading) for own in _CSV_ONLY),
    *((cell.number, cell.heading) for _, cell in _SHARED),
]
_PLACES = sorted(range(len(_NUMBERED)), key=lambda place: _NUMBERED[place][0])
NUMBERS = [_NUMBERED[place][0] for place in _PLACES]
HEADINGS = tuple(_NUMBERED[place][1] for place in _PLACES)
"""The headings, in the order of their numbers."""


def _of_icmp(row: Result, text: Callable[[Icmp], str]) -> str:
    icmp = row.observation.icmp
    return "" if icmp is None else text(icmp)


_FORMULAS = "=+-@\t\r\n＝＋－＠"
"""Characters that begin a formula in a spreadsheet, in full width too."""


def render(report: Report) -> Iterator[str]:
    """The report, a piece a line."""
    yield from table(HEADINGS, (_row(report, result) for result in report.session.results))


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Lines of CSV in which no cell is a formula."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    for row in (headings, *rows):
        writer.writerow([escape_formula(cell) for cell in row])
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def escape_formula(cell: str) -> str:
    """A cell that a spreadsheet shows as text: what would be a formula begins with a quote."""
    return f"'{cell}" if cell[:1] and cell[0] in _FORMULAS else cell


def _row(report: Report, result: Result) -> list[str]:
    cells = RowData(result.status, result.job, result)
    texts = [*(only.text(report, result) for only in _CSV_ONLY), *(text(cells) for text in _TEXTS)]
    return [line(texts[place]) for place in _PLACES]

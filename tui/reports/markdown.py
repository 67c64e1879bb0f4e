"""Markdown with tables (GitHub's), in which text from the network stays text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from probes.model import TO_CHANGE, Result
from tui.reports.model import (
    FINDING_HEADINGS,
    LOSS_HEADINGS,
    MAX_TEXT,
    ROW_COLUMNS,
    VERDICT_HEADINGS,
    Report,
    by_role,
    finding_cells,
    fix_text,
    header_lines,
    line,
    listed,
    loss_cells,
    notices,
    remark_text,
    role_titles,
    row_texts,
    unexplained_text,
    verdict_cells,
    who_text,
    worst_first,
)

_MARKUP = re.compile(r"[\\`*_\[\]<>|~&$]|://|(?<=www)\.")
"""Characters that could begin markup or a link inside a line."""


def render(report: Report) -> Iterator[str]:
    """The report, a piece a line or a table."""
    yield f"# {text(report.profile.name)}: required paths\n\n"
    for notice in notices(report):
        yield f"> {line_start(notice)}\n\n"
    yield from table(("", ""), ((name, value) for name, value in header_lines(report)))
    yield from _conclusions(report)
    failing = [result for result in worst_first(report) if result.status in TO_CHANGE]
    yield f"\n## To change ({len(failing)})\n\n"
    if failing:
        headings = ("Status", "Host", "Check", "What happened", "To change", "To change by")
        yield from table(headings, (_failing(report, result) for result in failing))
    else:
        yield "Nothing has to change.\n"
    if losses := loss_cells(report):
        yield "\n## What is lost\n\n"
        yield from table(LOSS_HEADINGS, losses)
    yield "\n## All rows\n"
    yield from _roles(report)
    if report.session.remarks:
        yield "\n## Remarks\n\n"
        for remark in report.session.remarks:
            yield f"- {line_start(remark_text(remark))}\n"


def text(raw: str, most: int = MAX_TEXT) -> str:
    """One line of text, cut after `most` characters, without any markup in it."""
    return _MARKUP.sub(lambda found: f"\\{found[0]}", line(raw, most))


def line_start(raw: str) -> str:
    """The same for the beginning of a line, where more characters are markup."""
    return re.sub(r"^([#+=-]|\d+(?=[.)]))", _escape, text(raw))


def _escape(found: re.Match[str]) -> str:
    # A number needs no escape itself, what follows it does; an empty entity parts the two.
    return f"{found[0]}&#8203;" if found[0].isdecimal() else f"\\{found[0]}"


def table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], most: int = MAX_TEXT
) -> Iterator[str]:
    """A table, a piece a line; every cell is escaped, and cut after `most` characters, here."""
    yield _cells(headings, most)
    yield f"|{'---|' * len(headings)}\n"
    for row in rows:
        yield _cells(row, most)


def _cells(cells: Sequence[str], most: int) -> str:
    return f"| {' | '.join(text(cell, most) for cell in cells)} |\n"


def _conclusions(report: Report) -> Iterator[str]:
    """Conclusions: verdicts and findings."""
    if report.session.verdicts:
        yield f"\n## Verdicts ({len(report.session.verdicts)})\n\n"
        yield from table(VERDICT_HEADINGS, verdict_cells(report))
    if report.session.findings:
        yield f"\n## Findings ({len(report.session.findings)})\n\n"
        yield from table(FINDING_HEADINGS, finding_cells(report))
    if alone := unexplained_text(report):
        yield f"\n{line_start(alone)}\n"


def _roles(report: Report) -> Iterator[str]:
    titles = role_titles(report)
    for role, rows in by_role(report).items():
        yield f"\n### {text(titles.get(role, '') or role)}\n\n"
        shown, others = listed(rows)
        if shown:
            yield from table(
                [column.heading for column in ROW_COLUMNS], (row_texts(result) for result in shown)
            )
        if others:
            yield f"\n{others}\n"


def _failing(report: Report, result: Result) -> Sequence[str]:
    job = result.job
    fix, who = fix_text(report, result), who_text(report, result)
    return result.status, job.target.label, job.check_text, result.note, fix, who

"""One HTML file: no scripts, nothing loaded from elsewhere, readable on paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from importlib import resources

from probes.model import TO_CHANGE, Evidence, Result, Ruling, Status
from probes.remediation import commands
from tui.models.same_cause import SameCause
from tui.reports.grid import grid
from tui.reports.model import (
    FINDING_HEADINGS,
    LOSS_HEADINGS,
    ROW_COLUMNS,
    VERDICT_HEADINGS,
    WORST_FIRST,
    Report,
    by_role,
    causes_of,
    finding_cells,
    first_parts,
    header_lines,
    line,
    listed,
    loss_cells,
    measured_text,
    notices,
    path_text,
    remark_text,
    resolved_text,
    role_titles,
    row_remedy,
    row_texts,
    times_text,
    unexplained_text,
    verdict_cells,
    worst_first,
)
from tui.text.detail import beginning_text
from tui.text.row_parts import Part
from tui.text.status import RULING, STATUS

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""A second lock: should something slip through the escaping, the browser does not run it."""

_STATUS_COLOURS = "/* colours of statuses and rulings */"
_WIDTHS = "/* widths of columns */"
_UNWRAPPED = "/* columns whose text is not wrapped */"
"""Stand in the style sheet for what the tables of statuses and columns say."""

_REPORT_COLUMNS = tuple(column.report for column in ROW_COLUMNS if column.report is not None)
_RULINGS = {str(ruling): ruling for ruling in Ruling}


def render(report: Report) -> Iterator[str]:
    """The document, a piece a row."""
    title = escape(line(f"{report.profile.name}: required paths"))
    style = resources.files("tui.reports").joinpath("report.css").read_text(encoding="utf-8")
    style = style.replace(_STATUS_COLOURS, _status_colours())
    style = style.replace(_WIDTHS, _widths()).replace(_UNWRAPPED, _unwrapped())
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
    )
    for notice in notices(report):
        yield f'<p class="notice">{text(notice)}</p>\n'
    yield from _counts(report)
    failing = [result for result in worst_first(report) if result.status in TO_CHANGE]
    links = {result.job.key: f"row{number}" for number, result in enumerate(failing, 1)}
    yield from grid(report, links)
    yield '<dl class="about">\n'
    for name, value in header_lines(report):
        yield f"<dt>{text(name)}</dt><dd>{text(value)}</dd>\n"
    yield "</dl>\n"
    yield from _conclusions(report)
    yield from _failing(report, failing, links)
    yield "<h2>All rows</h2>\n"
    yield from _roles(report)
    if report.session.remarks:
        yield "<h2>Remarks</h2>\n<ul>\n"
        for remark in report.session.remarks:
            yield f"<li>{text(remark_text(remark))}</li>\n"
        yield "</ul>\n"
    yield "</body>\n</html>\n"


def text(raw: str) -> str:
    """One line of text that is nothing but text in HTML."""
    return escape(line(raw))


def _counts(report: Report) -> Iterator[str]:
    yield '<p class="counts">'
    for status, number in report.counts.items():
        yield f"{number} {_badge(status, STATUS[status].sign)} "
    yield "</p>\n"


def _status_colours() -> str:
    """A rule for each colour, for the statuses that have it and the rulings that look like them."""
    names: dict[str, list[str]] = {}
    for status in WORST_FIRST:
        names.setdefault(STATUS[status].css_colour, []).append(_class(status))
    for ruling in Ruling:
        of_colour = names[STATUS[RULING[ruling].status].css_colour]
        if _class(ruling) not in of_colour:
            of_colour.append(_class(ruling))
    return "\n".join(
        f"{', '.join(f'.{name}' for name in of_colour)} {{ color: {colour};"
        f"{' font-weight: 400;' if colour == 'GrayText' else ''} }}"
        for colour, of_colour in names.items()
    )


def _widths() -> str:
    return "\n".join(
        f".rows th:nth-child({number}) {{ width: {report.width}; }}"
        for number, report in enumerate(_REPORT_COLUMNS, 1)
        if report.width
    )


def _unwrapped() -> str:
    numbers = [number for number, report in enumerate(_REPORT_COLUMNS, 1) if not report.wrap]
    places = (f"nth-child({number})" if number > 1 else "first-child" for number in numbers)
    return f"{', '.join(f'.rows td:{place}' for place in places)} {{ white-space: nowrap; }}"


def _class(word: Status | Ruling) -> str:
    return word.replace(" ", "-")


def _badge(status: Status | Ruling, sign: str = "") -> str:
    word = f"{sign} {status}".lstrip()
    return f'<span class="status {_class(status)}">{word}</span>'


def _conclusions(report: Report) -> Iterator[str]:
    """Conclusions: verdicts and findings."""
    if report.session.verdicts:
        yield f"<h2>Verdicts ({len(report.session.verdicts)})</h2>\n"
        rows = (_line(_ruling(word), cells) for word, *cells in verdict_cells(report))
        yield from _table("verdicts", VERDICT_HEADINGS, rows)
    if report.session.findings:
        yield f"<h2>Findings ({len(report.session.findings)})</h2>\n"
        rows = (_line(text(sure), cells) for sure, *cells in finding_cells(report))
        yield from _table("findings", FINDING_HEADINGS, rows)
    if alone := unexplained_text(report):
        yield f"<p>{text(alone)}</p>\n"


def _ruling(word: str) -> str:
    """A ruling as a badge; a word of another version as it is."""
    return _badge(_RULINGS[word]) if word in _RULINGS else text(word)


def _line(first: str, cells: Iterable[str]) -> str:
    """A row of a table: a first cell that is HTML, and texts."""
    return f"<tr><td>{first}</td>{''.join(f'<td>{text(cell)}</td>' for cell in cells)}</tr>\n"


def _failing(report: Report, failing: Sequence[Result], links: Mapping[str, str]) -> Iterator[str]:
    yield f"<h2>To change ({len(failing)})</h2>\n"
    if not failing:
        yield "<p>Nothing has to change.</p>\n"
    if losses := loss_cells(report):
        yield "<h3>What is lost</h3>\n"
        yield from _table(
            "losses", LOSS_HEADINGS, (_line(text(one), rest) for one, *rest in losses)
        )
    causes = causes_of(report)
    for result in failing:
        yield _failure_details(report, causes, result, links[result.job.key])


def _failure_details(report: Report, causes: SameCause, result: Result, id: str) -> str:
    job, seen = result.job, result.observation
    facts = [
        *first_parts(report, causes, result),
        ("State", f"{seen.state}, {seen.reason}; service {seen.service}"),
        ("Resolved", resolved_text(seen)),
        ("Path", path_text(seen)),
        ("Time", times_text(seen)),
        ("Tested", measured_text(seen)),
    ]
    if seen.icmp is not None:
        said = f"{seen.icmp.offender}, ICMP type {seen.icmp.type} code {seen.icmp.code}"
        facts.append(("Error from", said))
    facts += [
        (f"Exchange {number}", _exchange(item)) for number, item in enumerate(seen.evidence, 1)
    ]
    facts += [("Needed for", job.check.purpose), ("Needed when", job.check.required_when)]
    listed = "".join(
        f"<dt>{text(name)}</dt><dd>{text(value)}</dd>\n" for name, value in facts if value
    )
    head = f"{text(job.target.label)}: {text(job.check.title)} {text(job.port_text)}"
    return (
        f'<section class="card" id="{id}">\n<h3>{_badge(result.status)} {head}</h3>\n'
        f"<dl>\n{listed}</dl>\n"
        f"{_fix_blocks(report, result)}</section>\n"
    )


def _fix_blocks(report: Report, result: Result) -> str:
    """Blocks to paste for the change, and commands that confirm the row."""
    fix = row_remedy(report, result)
    blocks = [(paste.where, paste.lines) for paste in fix.snippets] if fix else []
    if asked := commands(result):
        blocks.append(
            (f"{Part.VERIFY.heading} with one of these", tuple(one.text for one in asked))
        )
    return "".join(_block(where, lines) for where, lines in blocks)


def _block(where: str, lines: Iterable[str]) -> str:
    pasted = "\n".join(map(text, lines))
    return f"<p>{text(where)}:</p>\n<pre>{pasted}</pre>\n"


def _exchange(item: Evidence) -> str:
    parts = [beginning_text(item)]
    parts += [f"sent {item.sent}"] if item.sent else []
    parts += [f"received {item.received}"] if item.received else []
    parts += [f"{item.state} ({item.reason})"] if item.state else []
    parts += [f"errno {item.errno}"] if item.errno is not None else []
    return ", ".join(parts)


def _roles(report: Report) -> Iterator[str]:
    titles = role_titles(report)
    for role, rows in by_role(report).items():
        yield f"<h3>{text(titles.get(role, '') or role)}</h3>\n"
        headings = [column.heading for column in ROW_COLUMNS]
        shown, others = listed(rows)
        if shown:
            yield from _table("rows", headings, (_row(result) for result in shown))
        if others:
            yield f"<p>{text(others)}</p>\n"


def _table(kind: str, headings: Sequence[str], rows: Iterable[str]) -> Iterator[str]:
    head = "".join(f"<th>{text(heading)}</th>" for heading in headings)
    yield f'<table class="{kind}">\n<thead><tr>{head}</tr></thead>\n<tbody>\n'
    yield from rows
    yield "</tbody>\n</table>\n"


def _row(result: Result) -> str:
    _, *cells = row_texts(result)
    return _line(_badge(result.status), cells)

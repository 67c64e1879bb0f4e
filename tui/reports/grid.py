"""Grid of all rows as inline SVG: hosts down, checks across, one block beside the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from typing import NamedTuple

from probes.model import Result, Status
from tui.models.columns import RowData
from tui.models.grid import GridLine, GridSection, build_grid, cell_text
from tui.reports.model import Report, line
from tui.text.status import STATUS

MOST_LINES = 1000
"""Hosts in the grid; of more the worst."""
_BLOCK_LINES = 30
"""Hosts in one block, so that the blocks of a large site stand beside each other."""
_CELL, _LINE = 18, 16
"""Width of a cell and height of a line in pixels."""
_LETTER = 6.3
"""Width of a letter at the size of the style sheet, in pixels, rounded up."""
_BOLD_LETTER = 7.5
"""The same of a title."""
_MOST_LETTERS = 30
"""Letters of the longest host name; of a longer one the rest is in its title."""


class _Block(NamedTuple):
    """A part of a section that is drawn by itself."""

    section: GridSection
    start: int
    """Place of its first host in the section."""
    results: Sequence[Result]
    """Results by the numbers in its cells."""
    links: Mapping[str, str]
    """Ids of elements of the page by the key of a row."""

    @property
    def lines(self) -> tuple[GridLine, ...]:
        """Its hosts."""
        return self.section.lines[self.start : self.start + _BLOCK_LINES]

    @property
    def label_width(self) -> int:
        letters = max(len(_host(one)) for one in self.lines)
        return round(min(letters, _MOST_LETTERS + 1) * _LETTER) + 8

    @property
    def title(self) -> str:
        """The role and how many hosts of it there are."""
        return line(f"{self.section.role}, continued" if self.start else self.section.title)

    @property
    def head_height(self) -> int:
        """Height of the title and the headings, which rise at 60 degrees."""
        longest = max(len(one.title) for one in self.section.columns)
        return _LINE + round(longest * _LETTER * 0.87) + 12

    @property
    def width(self) -> int:
        # The last heading leans to the right of its column.
        grid = self.label_width + _CELL * len(self.section.columns) + self.head_height // 2
        return max(grid, round(len(self.title) * _BOLD_LETTER) + 8)

    @property
    def height(self) -> int:
        return self.head_height + _LINE * len(self.lines) + 4


def grid(report: Report, links: Mapping[str, str]) -> Iterator[str]:
    """The grid, a block or more for each role; nothing where there is no row.

    `links` has ids of elements of the page by the key of a row.
    """
    results = report.session.results
    jobs = [one.job for one in results]
    shown = build_grid(jobs, lambda row: results[row].status, report.profile, MOST_LINES)
    if not shown.sections:
        return
    yield '<div class="grid">\n'
    for section in shown.sections:
        for start in range(0, len(section.lines), _BLOCK_LINES):
            yield from _svg(_Block(section, start, results, links))
    if shown.left_out:
        yield f"<p>{shown.left_out:,} more hosts have no line here; none is worse.</p>\n"
    yield "</div>\n"


def _svg(block: _Block) -> Iterator[str]:
    yield (
        f'<svg width="{block.width}" height="{block.height}" '
        f'viewBox="0 0 {block.width} {block.height}">\n'
    )
    yield f'<text class="role" x="0" y="12">{escape(block.title)}</text>\n'
    for place, column in enumerate(block.section.columns):
        x, y = _middle(block, place), block.head_height - 5
        turned = f'x="{x}" y="{y}" transform="rotate(-60 {x} {y})"'
        yield f'<text class="check" {turned}>{escape(line(column.title))}</text>\n'
    for number, one in enumerate(block.lines):
        y = block.head_height + _LINE * number + 12
        yield f'<text class="host" x="{block.label_width - 6}" y="{y}">{_label(one)}</text>\n'
        for place, row in enumerate(one.cells):
            if row is not None:
                yield _sign(block.results[row], _middle(block, place), y, block.links)
    yield "</svg>\n"


def _middle(block: _Block, column: int) -> int:
    return block.label_width + _CELL * column + _CELL // 2


def _host(one: GridLine) -> str:
    return line(one.target.label)


def _label(one: GridLine) -> str:
    host = _host(one)
    if len(host) <= _MOST_LETTERS:
        return escape(host)
    return f"{escape(host[:_MOST_LETTERS])}…<title>{escape(host)}</title>"


def _sign(result: Result, x: int, y: int, links: Mapping[str, str]) -> str:
    """Sign of a status with its reason as the title, leading to the row's part of the page."""
    status = result.status
    title = escape(line(cell_text(RowData(status, result.job, result))))
    text = (
        f'<text class="sign {_class(status)}" x="{x}" y="{y}">{STATUS[status].sign}'
        f"<title>{title}</title></text>"
    )
    link = links.get(result.job.key)
    return f'<a href="#{link}">{text}</a>\n' if link else f"{text}\n"


def _class(status: Status) -> str:
    return status.replace(" ", "-")

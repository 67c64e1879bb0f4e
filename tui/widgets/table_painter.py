"""The table's lines as strips, kept while neither the row, the columns nor the colours change."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.cells import cell_len
from rich.style import Style
from textual.cache import LRUCache
from textual.geometry import Size
from textual.strip import Strip

from probes.model import Job
from tui.models.filter import port_text
from tui.models.rows import Column, Rows
from tui.text.status import Signs
from tui.widgets.table_layout import Layout, Longest, lay_out
from tui.widgets.table_render import QUIET, check_text, header_strip, hint_strips, row_strip


class Painter:
    """Draws lines of a given size; `style` finds the style of a named part."""

    def __init__(self, signs: Signs, style: Callable[[str], Style]) -> None:
        self.signs = signs
        self._find_style = style
        self._styles: dict[str, Style] = {}
        self._strips: LRUCache[tuple[int, int, bool, bool], Strip] = LRUCache(128)
        self._size = Size(0, 0)
        self._hinted: tuple[str, Size, Style] | None = None
        self._hint: list[Strip] = []
        self._longest = Longest()
        self.layout: Layout = lay_out(0, Longest())

    def resize(self, size: Size) -> None:
        """Lay the columns out for a size, if it is another one."""
        if size != self._size:
            self._size = size
            self._lay_out()

    def measure(self, jobs: Iterable[Job]) -> bool:
        """Widen the columns to what new rows hold; whether that changed anything.

        They never get narrower while rows come, so nothing jumps under the eye.
        """
        host, host_short, check, check_short = self._longest
        seen: set[tuple[str, int | None]] = set()
        targets: set[int] = set()
        for job in jobs:
            # Rows of a target share one object; finding it by content would take as long as this.
            if id(job.target) not in targets:
                targets.add(id(job.target))
                label = self.signs.clean(job.target.label)
                host = max(host, cell_len(label))
                host_short = max(host_short, cell_len(_distinct(label)))
            if (job.check.id, job.port) not in seen:
                seen.add((job.check.id, job.port))
                title, port = self.signs.clean(job.check.title), port_text(job)
                check = max(check, cell_len(check_text(title, port, compact=False)))
                check_short = max(check_short, cell_len(check_text(title, port, compact=True)))
        longest = Longest(host, host_short, check, check_short)
        if longest == self._longest:
            return False
        self._longest = longest
        self._lay_out()
        return True

    def forget_rows(self) -> None:
        """Start anew with other rows."""
        self._longest = Longest()
        self._lay_out()

    def forget_styles(self) -> None:
        """Look every colour up again."""
        self._styles.clear()
        self._strips.clear()

    def header(self, order: tuple[Column, bool] | None) -> Strip:
        """The headings, with the column that sorts marked."""
        return header_strip(self.layout, self._size.width, order, self.signs, self._style("header"))

    def row(self, rows: Rows, row: int, under_cursor: bool, marked: bool) -> Strip:
        """One row in its present version."""
        key = (row, rows.version(row), under_cursor, marked)
        strip = self._strips.get(key)
        if strip is None:
            cells = rows.cells(row)
            if under_cursor:
                status = rest = self._style("cursor")
            else:
                status = self._style(cells.status.value.replace(" ", "-"))
                rest = self._style("quiet" if cells.status in QUIET else "row")
            styles = (status, rest)
            strip = row_strip(cells, self.layout, self._size.width, self.signs, styles, marked)
            self._strips[key] = strip
        return strip

    def blank(self) -> Strip:
        """A line below the last row."""
        return Strip.blank(self._size.width, self._style("row"))

    def hint(self, text: str, y: int) -> Strip:
        """Line `y` of what is shown instead of rows."""
        key = (text, self._size, self._style("hint"))
        if key != self._hinted:
            self._hinted = key
            self._hint = hint_strips(text, self._size, self.signs, key[2])
        return self._hint[y] if y < len(self._hint) else self.blank()

    def _lay_out(self) -> None:
        self.layout = lay_out(self._size.width, self._longest)
        self._strips.clear()

    def _style(self, part: str) -> Style:
        style = self._styles.get(part)
        if style is None:
            style = self._styles[part] = self._find_style(part)
        return style


def _distinct(label: str) -> str:
    """What tells a host from the others: a whole address, or of a name all before its domain."""
    name, dot, _ = label.partition(".")
    return label if ":" in name or name.isdigit() or not dot else f"{name}."

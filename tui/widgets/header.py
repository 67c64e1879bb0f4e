"""Header of two lines: profile, vantage and state; progress and counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from probes.model import UNFINISHED, Status
from tui.text.status import STATUS, Glyphs, component_classes, component_styles, in_order
from tui.widgets.table_rendering import fit

_COUNTED = tuple(
    status for status in in_order(lambda ranks: ranks.header) if status not in UNFINISHED
)


class Header(Widget):
    """Profile, vantage and log on the first line; progress bar and counts on the second."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header--title",
        "header--quiet",
        "header--bar",
        "header--trouble",
        *component_classes("header", _COUNTED),
    }
    DEFAULT_CSS = f"""
    Header {{
        height: 2;
        background: $surface;
    }}
    .header--title {{ text-style: bold; }}
    .header--quiet {{ color: $text-muted; }}
    .header--bar {{ color: $text-accent; }}
    .header--trouble {{ color: $text-error; text-style: bold; }}
    {component_styles("header")}
    """

    def __init__(self, glyphs: Glyphs, title: str) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._title = title
        self._vantage = ""
        self._state = ""
        self._trouble = False
        self._counts: Mapping[Status, int] = {}
        self._shown = ""

    def set_vantage(self, text: str) -> None:
        """Set the vantage the measurement is made from."""
        self._vantage = text
        self.refresh()

    def set_state(self, text: str, *, trouble: bool = False) -> None:
        """Set the text at the right end of the first line; `trouble` makes it stand out."""
        if (text, trouble) != (self._state, self._trouble):
            self._state, self._trouble = text, trouble
            self.refresh()

    def set_counts(self, counts: Mapping[Status, int]) -> None:
        """Set the number of rows by status."""
        if counts != self._counts:
            self._counts = dict(counts)
            self.refresh()

    def set_shown(self, rows: int, total: int, marked: int = 0, hidden: int = 0) -> None:
        """Set the numbers of visible, marked, and marked but hidden rows."""
        parts = [f"{marked:,} marked{f' ({hidden:,} hidden)' if hidden else ''}"] if marked else []
        if rows < total:
            parts.append(f"{rows:,} of {total:,} shown")
        text = ", ".join(parts)
        if text != self._shown:
            self._shown = text
            self.refresh()

    @property
    def full_text(self) -> str:
        """Both lines in full."""
        counts = ", ".join(
            f"{count} {status}" for status in Status if (count := self._counts.get(status, 0))
        )
        total = sum(self._counts.values())
        rows = f"{total} {'row' if total == 1 else 'rows'}: {counts}." if total else "No rows yet."
        of = f"{self._title} from {self._vantage or 'this machine'}"
        return self._glyphs.clean(
            f"{of}; {self._state}. {rows}" if self._state else f"{of}. {rows}"
        )

    def render_line(self, y: int) -> Strip:
        """One of the two lines."""
        parts = self._first_line() if y == 0 else self._second_line()
        plain = self.rich_style
        return Strip(
            [Segment(self._glyphs.clean(text), self._style(name, plain)) for text, name in parts]
        ).adjust_cell_length(self.size.width, plain)

    def _first_line(self) -> list[tuple[str, str]]:
        # That a session is not being saved must be seen on the narrowest screen.
        width = self.size.width
        state = self._state[:width]
        title = self._title if cell_len(self._title) < width - len(state) else ""
        room = width - cell_len(title) - len(state) - 2
        vantage = f" from {self._vantage}" if self._vantage and title else ""
        if cell_len(vantage) > room:
            vantage = fit(vantage, max(0, room), self._glyphs)
        gap = max(0, width - cell_len(title + vantage) - len(state))
        name = "trouble" if self._trouble else "quiet"
        return [(title, "title"), (vantage, ""), (" " * gap, ""), (state, name)]

    def _second_line(self) -> list[tuple[str, str]]:
        total = sum(self._counts.values())
        if not total:
            return [("", "")]
        done = total - sum(self._counts.get(status, 0) for status in UNFINISHED)
        width = min(20, self.size.width // 5)
        filled = width * done // total
        full, empty = ("#", "-") if self._glyphs.ascii else ("━", "─")
        parts = [
            (full * filled, "bar"),
            (empty * (width - filled), "quiet"),
            (f" {done}/{total}", "title"),
        ]
        # What is hidden is said before anything is counted: nobody must take a part for all.
        end = f"  {self._shown}" if self._shown else ""
        room = self.size.width - cell_len(end)
        for status in _COUNTED:
            count = self._counts.get(status, 0)
            if count:
                info = STATUS[status]
                word = info.short if self.size.width < 100 else status.value
                text = f"  {self._glyphs.status[status]} {count} {word}"
                if sum(cell_len(part) for part, _ in parts) + cell_len(text) > room:
                    break
                parts.append((text, info.colour))
        gap = room - sum(cell_len(part) for part, _ in parts)
        return [*parts, (" " * gap, ""), (end, "title")]

    def _style(self, name: str, plain: Style) -> Style:
        component = f"header--{name}"
        if name and component in self.COMPONENT_CLASSES:
            return self.get_component_rich_style(component)
        return plain

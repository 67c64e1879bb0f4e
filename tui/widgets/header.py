"""Header: profile, vantage and how far the run is; counts and order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from probes.model import UNFINISHED, Status
from tui.text.status import STATUS, Glyphs, component_classes, component_styles, in_order
from tui.widgets.table_rendering import fit

_COUNTED = tuple(
    status for status in in_order(lambda ranks: ranks.header) if status not in UNFINISHED
)


_MIN_LEFT = 40
"""Cells that profile and vantage keep where what is said at their right can be said shorter."""
_LEFT_OF_WATCH = 20
"""The same while the run is a watch."""


class Header(Widget):
    """Profile and vantage, at the right how far the run is; on the second line counts.

    A header of one line has both, as far as there is room.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "header--title",
        "header--quiet",
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
        self._watch = ("", False)
        self._clock = ("", "", "")
        self._order = ""
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

    def set_watch(self, text: str, *, frozen: bool) -> None:
        """Set what is said of a watch, and that the display stands still."""
        if (text, frozen) != self._watch:
            self._watch = text, frozen
            self.refresh()

    def set_clock(self, elapsed: str, *, ended: str = "", latest: str = "") -> None:
        """Set how long the run takes so far, when it was over, or will be at the latest."""
        if (elapsed, ended, latest) != self._clock:
            self._clock = elapsed, ended, latest
            self.refresh(Region(0, 0, self.size.width, 1))

    def set_order(self, text: str) -> None:
        """Set the order of the rows in a few words."""
        if text != self._order:
            self._order = text
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
        total = self._total
        rows = f"{total} {'row' if total == 1 else 'rows'}: {counts}." if total else "No rows yet."
        of = f"{self._title} from {self._vantage or 'this machine'}"
        said = next(self._progress())
        return self._glyphs.clean(f"{of}; {said}. {rows}" if said else f"{of}. {rows}")

    def render_line(self, y: int) -> Strip:
        """One of the lines."""
        if self.size.height == 1:
            parts = self._only_line()
        else:
            parts = self._first_line() if y == 0 else self._second_line()
        plain = self.rich_style
        return Strip(
            [Segment(self._glyphs.clean(text), self._style(name, plain)) for text, name in parts]
        ).adjust_cell_length(self.size.width, plain)

    @property
    def _total(self) -> int:
        return sum(self._counts.values())

    @property
    def _done(self) -> str:
        """Number of rows that have a result, of how many; empty without rows."""
        total = self._total
        waiting = sum(self._counts.get(status, 0) for status in UNFINISHED)
        return f"{total - waiting}/{total}" if total else ""

    def _progress(self) -> Iterator[str]:
        """Texts of progress and state, from the longest to the shortest.

        That it is not kept, or stands still, is in every one.
        """
        elapsed, ended, latest = self._clock
        watch, frozen = self._watch
        held = "FROZEN" if frozen else ""
        if latest and not self._trouble:
            ends = (f"over by {latest} at the latest", f"at the latest {latest}")
        else:
            ends = (f"{self._state} {ended}".strip() if self._state else "", self._state)
        yield _joined(self._done, elapsed, watch, ends[0])
        if watch:
            yield _joined(self._done, watch, ends[1])
        yield _joined(self._done, elapsed, held, ends[0])
        yield _joined(self._done, elapsed, held, ends[1])
        yield _joined(self._done, held, self._state)
        yield _joined(held, self._state)

    def _first_line(self) -> list[tuple[str, str]]:
        # That a session is not being saved must be seen on the narrowest screen.
        width = self.size.width
        vantage = f" from {self._vantage}" if self._vantage else ""
        # A watch is said nowhere else.
        least = _LEFT_OF_WATCH if self._watch[0] else _MIN_LEFT
        wanted = min(cell_len(self._title + vantage), least) + 2
        texts = list(self._progress())
        state = next(
            (text for text in texts if width - cell_len(text) >= wanted),
            next((text for text in texts[-2:] if cell_len(text) <= width), texts[-1][:width]),
        )
        title = self._title if cell_len(self._title) < width - len(state) else ""
        room = width - cell_len(title) - len(state) - 2
        vantage = vantage if title else ""
        if cell_len(vantage) > room:
            vantage = fit(vantage, max(0, room), self._glyphs)
        gap = max(0, width - cell_len(title + vantage) - len(state))
        return [(title, "title"), (vantage, ""), (" " * gap, ""), (state, self._state_name)]

    @property
    def _state_name(self) -> str:
        return "trouble" if self._trouble or self._watch[1] else "quiet"

    def _second_line(self) -> list[tuple[str, str]]:
        if not self._total:
            return [("", "")]
        # What is hidden is said before anything is counted: nobody must take a part for all.
        shown = f"  {self._shown}" if self._shown else ""
        width = self.size.width
        counts = self._count_parts(width - cell_len(shown), words=True)
        used = sum(cell_len(part) for part, _ in counts) + cell_len(shown)
        order = f"  {self._order}" if self._order and not shown else ""
        if used + cell_len(order) > width:
            order = ""
        gap = width - used - cell_len(order)
        return [*counts, (" " * gap, ""), (order, "quiet"), (shown, "title")]

    def _only_line(self) -> list[tuple[str, str]]:
        """Vantage, progress, hidden rows, counts, and at the right what must not be missed."""
        width = self.size.width
        held = "FROZEN" if self._watch[1] else ""
        state = _joined(held, self._state)[:width]
        end = f" {state}" if state else ""
        parts: list[tuple[str, str]] = []
        room = width - cell_len(end)
        for text, name in ((self._done, "title"), (self._shown, "title")):
            if text and cell_len(text) + 1 <= room:
                parts.append((f"{text} ", name))
                room -= cell_len(text) + 1
        counts = self._count_parts(room, words=False)
        room -= sum(cell_len(part) for part, _ in counts)
        where = self._vantage.partition(" ")[0] or self._title
        if where and cell_len(where) + 1 <= room:
            parts.insert(0, (f"{where} ", ""))
            room -= cell_len(where) + 1
        return [*parts, *counts, (" " * room, ""), (end, self._state_name)]

    def _count_parts(self, room: int, *, words: bool) -> list[tuple[str, str]]:
        """Number of rows by status with their signs, as many as fit; with their `words`, or not."""
        parts: list[tuple[str, str]] = []
        for status in _COUNTED:
            count = self._counts.get(status, 0)
            if not count:
                continue
            info = STATUS[status]
            if words:
                word = info.short if self.size.width < 100 else status.value
                text = f"{'  ' if parts else ''}{self._glyphs.status[status]} {count} {word}"
            else:
                text = f"{' ' if parts else ''}{self._glyphs.status[status]}{count}"
            room -= cell_len(text)
            if room < 0:
                break
            parts.append((text, info.colour))
        return parts

    def _style(self, name: str, plain: Style) -> Style:
        component = f"header--{name}"
        if name and component in self.COMPONENT_CLASSES:
            return self.get_component_rich_style(component)
        return plain


def _joined(*texts: str) -> str:
    return ", ".join(filter(None, texts))

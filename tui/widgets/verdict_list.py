"""List of verdicts on Textual's line API: only visible lines are rendered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from probes.model import Ruling
from tui.models.verdicts import VerdictLine
from tui.text.status import RULING, STATUS, Glyphs, component_classes, component_styles
from tui.widgets.table_rendering import fit

_WIDEST_HOST = 40


class VerdictList(ScrollView, can_focus=True, inherit_bindings=False):
    """A line a verdict; the cursor stays on its target while others come and the order changes."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "move(-1000000)", "First", show=False),
        Binding("end", "move(1000000)", "Last", show=False),
        Binding("enter", "select", "Rows", show=False),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "verdictlist--cursor",
        *component_classes("verdictlist", {info.status for info in RULING.values()}),
    }
    DEFAULT_CSS = f"""
    VerdictList {{
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }}
    .verdictlist--cursor {{ text-style: bold reverse; }}
    {component_styles("verdictlist", muted=True)}
    """

    class Highlighted(Message):
        """The cursor stands on another line, or that line says something else."""

        def __init__(self, line: VerdictLine) -> None:
            super().__init__()
            self.line = line

    class Selected(Message):
        """A line was chosen with Enter or a click."""

        def __init__(self, line: VerdictLine) -> None:
            super().__init__()
            self.line = line

    def __init__(self, lines: Sequence[VerdictLine], glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._cursor = 0
        self._lines: Sequence[VerdictLine] = lines
        self._words = 0
        """Cells of the first column, and of the hosts'."""
        self._hosts = 0

    @property
    def selected(self) -> VerdictLine | None:
        """The line under the cursor; None while there is none."""
        return self._lines[self._cursor] if self._lines else None

    def show(self, lines: Sequence[VerdictLine]) -> None:
        """Show other lines; the cursor stays on its target where that is still there."""
        selected = self.selected
        self._lines = lines
        places = [
            at
            for at, line in enumerate(lines)
            if selected is not None and line.target == selected.target
        ]
        self._cursor = places[0] if places else max(0, min(self._cursor, len(lines) - 1))
        self._lay_out()
        if self.selected is not None and self.selected != selected:
            self.post_message(self.Highlighted(self.selected))

    def on_mount(self) -> None:
        """Post the line under the cursor."""
        if self.selected is not None:
            self.post_message(self.Highlighted(self.selected))

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        to = max(0, min(self._cursor + lines, len(self._lines) - 1))
        if to == self._cursor:
            return
        before, self._cursor = self._cursor, to
        self._refresh_line(before)
        self._refresh_line(to)
        self._keep_in_sight()
        self.post_message(self.Highlighted(self._lines[to]))

    def action_page(self, pages: int) -> None:
        """Move the cursor by what is visible at once."""
        self.action_move(pages * max(1, self.size.height))

    def action_select(self) -> None:
        """Choose the line under the cursor."""
        if self.selected is not None:
            self.post_message(self.Selected(self.selected))

    def on_click(self, event: events.Click) -> None:
        """Choose the line that was clicked."""
        at = event.get_content_offset(self)
        if at is not None and at.y + self.scroll_offset.y < len(self._lines):
            event.stop()
            self.action_move(at.y + self.scroll_offset.y - self._cursor)
            self.action_select()

    def on_resize(self) -> None:
        """Fit the lines to the new size."""
        self._lay_out()

    def render_line(self, y: int) -> Strip:
        """One verdict: its sign and word, the host, and as much of the sentence as fits."""
        # The scroll bar's column stays free, so that nothing moves when it appears.
        width = max(1, self.size.width - self.styles.scrollbar_size_vertical)
        at = y + self.scroll_offset.y
        if at >= len(self._lines):
            return Strip.blank(width, self.rich_style)
        line = self._lines[at]
        status = RULING[line.ruling].status
        word = f"{self._glyphs.status[status]} {self._word(line.ruling)}"
        style = self.rich_style
        coloured = style + self._component(STATUS[status].colour)
        if at == self._cursor:
            style, coloured = (one + self._component("cursor") for one in (style, coloured))
        words = min(self._words, width)
        hosts = min(self._hosts, max(0, width - words - 1))
        rest = max(0, width - words - hosts - 2)
        host = fit(line.target.label, hosts, self._glyphs)
        text = f" {host} {fit(line.sentence, rest, self._glyphs)}"
        return Strip(
            [Segment(fit(word, words, self._glyphs), coloured), Segment(text, style)]
        ).adjust_cell_length(width, style)

    def _word(self, ruling: Ruling | None) -> str:
        info = RULING[ruling]
        return info.short if self.size.width < 100 else info.word

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"verdictlist--{name}", partial=True)

    def _lay_out(self) -> None:
        rulings = {line.ruling for line in self._lines}
        self._words = 2 + max((len(self._word(one)) for one in rulings), default=0)
        longest = max((cell_len(line.target.label) for line in self._lines), default=0)
        self._hosts = min(longest, _WIDEST_HOST, max(8, self.size.width // 3))
        self.virtual_size = Size(self.size.width, len(self._lines))
        self._keep_in_sight()
        self.refresh()

    def _refresh_line(self, line: int) -> None:
        self.refresh(Region(0, line - self.scroll_offset.y, self.size.width, 1))

    def _keep_in_sight(self) -> None:
        self.scroll_to_region(Region(0, self._cursor, 1, 1), animate=False, force=True)

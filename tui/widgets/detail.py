"""Detail pane of the selected row, wrapped and scrolled."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from tui.text.status import Glyphs
from tui.widgets.table_rendering import fit

if TYPE_CHECKING:
    from tui.text.detail import Line

_GAP = 2
"""Least number of cells between a text and the hint after it."""


class _Wrapped(NamedTuple):
    """One line of the pane."""

    label: str
    text: str
    hint: str
    column: int


class Detail(ScrollView, can_focus=True, inherit_bindings=False):
    """Labelled lines; the first one is a heading. Only what changed is drawn."""

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(-1)", "Up", show=False, tooltip="scrolls a line up"),
        Binding("down,j", "scroll_by(1)", "Down", show=False, tooltip="scrolls a line down"),
        Binding("pageup", "scroll_by(-8)", "Page up", show=False, tooltip="scrolls eight lines up"),
        Binding(
            "pagedown", "scroll_by(8)", "Page down", show=False, tooltip="scrolls eight lines down"
        ),
        Binding("home", "scroll_by(-10000)", "Top", show=False, tooltip="scrolls to the top"),
        Binding("end", "scroll_by(10000)", "End", show=False, tooltip="scrolls to the end"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"detail--heading", "detail--label"}
    DEFAULT_CSS = """
    Detail {
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }
    .detail--heading { text-style: bold; background: $panel; }
    Detail:focus .detail--heading { text-style: bold reverse; }
    .detail--label { color: $text-muted; }
    """

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._plain = Style()
        self._content: tuple[Line, ...] = ()
        self._lines: list[_Wrapped] = []

    def show(self, lines: Iterable[Line], *, top: bool) -> None:
        """Show other lines, from the top or at the present scroll position."""
        new = tuple(lines)
        if new != self._content:
            self._content = new
            self._wrap()
            self.refresh()
        if top:
            self.scroll_to(y=0, animate=False)

    def action_scroll_by(self, lines: int) -> None:
        """Scroll by lines."""
        self.scroll_to(y=self.scroll_offset.y + lines, animate=False)

    def on_resize(self) -> None:
        """Wrap for the new width."""
        self._wrap()

    @property
    def _width(self) -> int:
        """Cells of a line: the scroll bar's column stays free, so that nothing moves."""
        return max(1, self.size.width - self.styles.scrollbar_size_vertical)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the widget, with colours that are looked up once for all of them."""
        self._plain = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """The heading, or one line of the details."""
        width = self._width
        if y == 0:
            heading = self._content[0].text if self._content else "Details"
            style = self.get_component_rich_style("detail--heading")
            rule = "-" if self._glyphs.ascii else "─"
            text = f"{rule} {self._glyphs.clean(heading)} "
            text += rule * (width - cell_len(text))
            return Strip([Segment(fit(text, width, self._glyphs), style)], width)
        line = y - 1 + self.scroll_offset.y
        if line >= len(self._lines):
            return Strip.blank(width, self._plain)
        label, text, hint, column = self._lines[line]
        left = max(column, cell_len(label) + 1)
        right = cell_len(hint)
        quiet = self._plain + self.get_component_rich_style("detail--label", partial=True)
        return Strip(
            [
                Segment(fit(label, left, self._glyphs), quiet),
                Segment(fit(text, max(0, width - left - right), self._glyphs), self._plain),
                Segment(hint, quiet),
            ],
            width,
        )

    def _wrap(self) -> None:
        content = self._content
        if content and cell_len(self._glyphs.clean(content[0].text)) + 2 > self._width:
            heading, *rest = content
            row = replace(heading, label="row", column=(rest or [heading])[0].column)
            content = (heading, row, *rest)
        self._lines = []
        waiting = ""
        for line in content[1:]:
            label, text, column = line.label, line.text, line.column
            # A hint that finds no room goes on to the lines that continue its own.
            waiting = line.hint or ("" if label else waiting)
            room = max(10, self._width - column)
            # A long label has its text right after it.
            indent = " " * max(0, cell_len(label) + 1 - column)
            wrapped = _wrapped(text, room, indent)
            for more in line.extra:
                longer = _wrapped(f"{text}, {more}", room, indent)
                if len(longer) == len(wrapped):
                    text, wrapped = f"{text}, {more}", longer
            place = _place_of(waiting, wrapped, room)
            for number, part in enumerate(wrapped or [""]):
                shown = waiting if number == place else ""
                self._lines.append(_Wrapped("" if number else label, part.strip(), shown, column))
            waiting = waiting if place is None else ""
        self.virtual_size = Size(self.size.width, len(self._lines) + 1)


def _wrapped(text: str, room: int, indent: str) -> list[str]:
    return textwrap.wrap(text, room, initial_indent=indent, break_on_hyphens=False)


def _place_of(hint: str, lines: Sequence[str], room: int) -> int | None:
    """Number of the first line with room for a hint at its right end; None without one."""
    fits = (
        number
        for number, line in enumerate(lines)
        if cell_len(line) + _GAP + cell_len(hint) <= room
    )
    return next(fits, None) if hint else None

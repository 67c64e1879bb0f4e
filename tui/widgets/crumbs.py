"""The line that says where one is, in place of the notice while there is none."""

from __future__ import annotations

from collections.abc import Sequence

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget

from tui.text.breadcrumbs import fitted
from tui.text.status import Signs


class Crumbs(Widget):
    """The pane, the place in the tree, and at the right end which row."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Crumbs { height: 1; background: $surface; color: $text-muted; }"

    def __init__(self, signs: Signs) -> None:
        super().__init__()
        self._signs = signs
        self._told: tuple[str, tuple[str, ...], str] = ("", ("",), "")

    def show(self, pane: str, parts: Sequence[str], place: str) -> None:
        """Say something else; `parts` lead from the widest to the narrowest."""
        told = (pane, tuple(parts), place)
        if told != self._told:
            self._told = told
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        text = fitted(*self._told, self.size.width, self._signs)
        style = self.rich_style
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

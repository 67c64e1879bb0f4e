"""Footer: breadcrumbs and key bar."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tui.models.command import Command
from tui.text.breadcrumbs import fit_line
from tui.text.status import Glyphs


class KeyBar(Widget):
    """Key and word for each binding that is meant to be seen, as many as fit."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"keybar--key"}
    DEFAULT_CSS = """
    KeyBar {
        height: 1;
        background: $panel;
    }
    .keybar--key { text-style: bold; color: $text-accent; }
    """

    def __init__(self, glyphs: Glyphs, commands: Sequence[Command]) -> None:
        """Of a session's commands only these are shown, in this order."""
        super().__init__()
        self._commands = commands
        self._glyphs = glyphs
        self._keys: tuple[tuple[str, str], ...] | None = None

    def on_mount(self) -> None:
        """Follow what can be done with the focus where it is."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._update())

    def on_resize(self) -> None:
        """Update the keys: keys of hidden panes come first."""
        self._update()

    def render_line(self, y: int) -> Strip:
        """The line."""
        style = self.rich_style
        bold = style + self.get_component_rich_style("keybar--key", partial=True)
        segments: list[Segment] = []
        used = 0
        if self._keys is None:
            # Not before it is drawn: at first the focus is nowhere.
            self._keys = self._visible_keys()
        for key, word in self._keys:
            if used + len(key) + len(word) + 2 > self.size.width:
                break
            segments += [Segment(f" {key}", bold), Segment(f" {word}", style)]
            used += len(key) + len(word) + 2
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def _update(self) -> None:
        keys = self._visible_keys()
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def _visible_keys(self) -> tuple[tuple[str, str], ...]:
        focused = self.screen.focused
        typing = isinstance(focused, Input)
        order = {command.id: command.bar for command in self._commands}
        shown = [
            active.binding
            for active in self.screen.active_bindings.values()
            # Letters go into the line that is being typed in.
            if active.binding.show
            and active.enabled
            and not (typing and active.node is self.screen)
        ]
        if self.screen.has_class("-narrow") or self.screen.has_class("-short"):
            order |= {"quit": -9, "help": -8, "tree": -7, "table": -6, "details": -5}
        shown.sort(key=lambda one: order.get(one.id or "", 0))
        first: dict[str, str] = {}
        for one in shown:
            first.setdefault(one.description.partition(" ")[0], self.app.get_key_display(one))
        return tuple((key, word) for word, key in first.items())


class Breadcrumbs(Widget):
    """Line with the pane, the place in the tree, and at the right end the row."""

    ALLOW_SELECT = False
    DEFAULT_CSS = "Breadcrumbs { height: 1; background: $surface; color: $text-muted; }"

    def __init__(self, glyphs: Glyphs) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._parts: tuple[str, tuple[str, ...], str] = ("", ("",), "")

    def show(self, pane: str, parts: Sequence[str], place: str) -> None:
        """Show other parts, which lead from the widest to the narrowest."""
        shown = (pane, tuple(parts), place)
        if shown != self._parts:
            self._parts = shown
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        text = fit_line(*self._parts, self.size.width, self._glyphs)
        style = self.rich_style
        return Strip([Segment(text, style)]).adjust_cell_length(self.size.width, style)

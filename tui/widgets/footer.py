"""Footer: breadcrumbs and key bar."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Literal, NamedTuple

from rich.segment import Segment
from textual import events
from textual.dom import DOMNode
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from tui.models.command import Command
from tui.text.breadcrumbs import fit_line
from tui.text.status import Glyphs

Stage = Literal["empty", "measuring", "measured", "old"]
"""Stage of a session: without rows, while it measures, after that, or an old one."""

_ALWAYS = ("quit", "help")
FIRST: Mapping[Stage, tuple[str, ...]] = {
    "empty": (*_ALWAYS, "hosts", "sets", "sessions", "answers", "credentials"),
    "measuring": (*_ALWAYS, "stop", "hosts", "failures", "filter", "verdicts", "freeze"),
    "measured": (
        *(*_ALWAYS, "hosts", "again", "failures", "filter", "verdicts", "diagnosis"),
        *("export", "sessions", "again-failures", "watch"),
    ),
    "old": (
        *(*_ALWAYS, "again", "failures", "verdicts", "diagnosis", "export", "sessions"),
        *("filter", "copy-change", "replay"),
    ),
}
"""Commands that come first at each stage; the others follow by their own places."""


class _Entry(NamedTuple):
    """One key of the bar: its word, and what it does on which widget."""

    key: str
    word: str
    action: str
    node: DOMNode


class KeyBar(Widget):
    """Key and word for each binding that is meant to be seen, as many as fit; a click does it."""

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
        self._keys: tuple[_Entry, ...] | None = None
        self._places: list[tuple[int, int, _Entry]] = []
        """First cell of each that is shown, and the one after its last."""
        self._stage: Stage = "empty"

    def on_mount(self) -> None:
        """Follow what can be done with the focus where it is."""
        self.screen.bindings_updated_signal.subscribe(self, lambda _: self._update())

    def on_resize(self) -> None:
        """Update the keys: keys of hidden panes come first."""
        self._update()

    def set_stage(self, stage: Stage) -> None:
        """Show first what people need at this stage."""
        if stage != self._stage:
            self._stage = stage
            self._update()

    async def on_click(self, event: events.Click) -> None:
        """Do what the key does that was clicked."""
        at = event.get_content_offset(self)
        if at is None:
            return
        event.stop()
        for begin, end, entry in self._places:
            if begin <= at.x < end:
                await self.app.run_action(entry.action, default_namespace=entry.node)
                return

    def render_line(self, y: int) -> Strip:
        """The line."""
        style = self.rich_style
        bold = style + self.get_component_rich_style("keybar--key", partial=True)
        segments: list[Segment] = []
        places: list[tuple[int, int, _Entry]] = []
        used = 0
        if self._keys is None:
            # Not before it is drawn: at first the focus is nowhere.
            self._keys = self._visible_keys()
        for entry in self._keys:
            key, word = entry.key, entry.word
            if used + len(key) + len(word) + 2 > self.size.width:
                break
            segments += [Segment(f" {key}", bold), Segment(f" {word}", style)]
            places.append((used, used + len(key) + len(word) + 2, entry))
            used += len(key) + len(word) + 2
        self._places = places
        return Strip(segments).adjust_cell_length(self.size.width, style)

    def _update(self) -> None:
        keys = self._visible_keys()
        if keys != self._keys:
            self._keys = keys
            self.refresh()

    def _visible_keys(self) -> tuple[_Entry, ...]:
        focused = self.screen.focused
        typing = isinstance(focused, Input)
        order = {command.id: command.bar for command in self._commands}
        first = FIRST[self._stage]
        order |= {id: at - len(first) for at, id in enumerate(first)}
        shown = [
            active
            for active in self.screen.active_bindings.values()
            # Letters go into the line that is being typed in.
            if active.binding.show
            and active.enabled
            and not (typing and active.node is self.screen)
        ]
        if self.screen.has_class("-narrow") or self.screen.has_class("-short"):
            order |= {"quit": -99, "help": -98, "tree": -97, "table": -96, "details": -95}
        shown.sort(key=lambda one: order.get(one.binding.id or "", -100))
        found: dict[str, _Entry] = {}
        for one in shown:
            word = one.binding.description.partition(" ")[0]
            key = self.app.get_key_display(one.binding)
            found.setdefault(word, _Entry(key, word, one.binding.action, one.node))
        return tuple(found.values())


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

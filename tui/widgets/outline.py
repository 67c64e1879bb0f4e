"""The tree of the reference at the left: sections, roles and checks, with what was found."""

from __future__ import annotations

from collections.abc import Iterable
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

from probes.engine.model import Event, Job, Status
from profiles.model import Profile
from tui.outline import Node, RollUp, nodes
from tui.signs import Signs
from tui.widgets.table_render import fit


class Outline(ScrollView, can_focus=True, inherit_bindings=False):
    """Nodes with a sign, the rolled-up status and a count; the cursor's node filters the table."""

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "move(-10)", "Page up", show=False),
        Binding("pagedown", "move(10)", "Page down", show=False),
        Binding("home", "move(-10000)", "First", show=False),
        Binding("end", "move(10000)", "Last", show=False),
        Binding("left,h", "fold(True)", "Fold", show=False),
        Binding("right,l", "fold(False)", "Unfold", show=False),
        Binding("enter", "open_or_close", "Fold/unfold", show=False),
        Binding("space", "include", "Include/exclude"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "outline--cursor",
        "outline--quiet",
        "outline--section",
        *(f"outline--{status.value.replace(' ', '-')}" for status in Status),
    }
    DEFAULT_CSS = """
    Outline {
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
        & > .outline--section { text-style: bold; }
        & > .outline--quiet { color: $text-muted; }
        & > .outline--cursor { text-style: bold underline; }
        &:focus > .outline--cursor { text-style: bold reverse; }
        & > .outline--ok { color: $text-success; }
        & > .outline--degraded, & > .outline--warning { color: $text-warning; }
        & > .outline--blocked, & > .outline--error { color: $text-error; }
        & > .outline--running { color: $text-accent; }
    }
    """

    class Highlighted(Message):
        """The cursor stands on another node."""

        def __init__(self, node: Node) -> None:
            super().__init__()
            self.node = node

    class Included(Message):
        """Checks were included in or excluded from what is measured."""

        def __init__(self, node: Node, included: bool) -> None:
            super().__init__()
            self.node = node
            self.included = included

    def __init__(self, profile: Profile, signs: Signs) -> None:
        super().__init__()
        self._tree = nodes(profile)
        self._signs = signs
        self._roll_up = RollUp()
        self._folded = {node.id for node in self._tree if node.kind == "category"}
        self._shown: list[Node] = []
        self._drawn: dict[str, tuple[Status | None, int]] = {}
        self._cursor = 0
        self._excluded: frozenset[str] = frozenset()

    @property
    def node(self) -> Node:
        """The node under the cursor."""
        return self._shown[self._cursor]

    @property
    def included(self) -> frozenset[str]:
        """Ids of the checks that are measured."""
        return self._tree[0].checks - self._excluded

    def on_mount(self) -> None:
        """Show the folded tree."""
        self._lay_out()

    def clear(self) -> None:
        """Forget every row's status."""
        self._roll_up.clear()
        self._redraw_changed()

    def add(self, jobs: Iterable[Job]) -> None:
        """Count new rows, and unfold the sections they stand in."""
        jobs = tuple(jobs)
        self._roll_up.add(jobs)
        self._folded -= {f"category:{job.check.category}" for job in jobs}
        self._lay_out()

    def apply(self, events: Iterable[Event]) -> None:
        """Take in what the engine reports and refresh the lines that changed."""
        self._roll_up.apply(events)
        self._redraw_changed()

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self._move_to(self._cursor + lines)

    def action_fold(self, fold: bool) -> None:
        """Fold or unfold the node; folding a leaf goes to its parent."""
        node = self.node
        if fold and (node.id in self._folded or not self._has_children(node)):
            parent = [at for at, one in enumerate(self._shown) if one.id == node.parent]
            self._move_to(parent[0] if parent else 0)
        elif fold:
            self._folded.add(node.id)
        else:
            self._folded.discard(node.id)
        self._lay_out()

    def action_open_or_close(self) -> None:
        """Fold an unfolded node and the other way round."""
        if self._has_children(self.node):
            self.action_fold(self.node.id not in self._folded)

    def action_include(self) -> None:
        """Exclude the node's checks from being measured, or include them again."""
        node = self.node
        included = node.checks <= self._excluded
        self._excluded = self._excluded - node.checks if included else self._excluded | node.checks
        self.refresh()
        self.post_message(self.Included(node, included))

    def on_click(self, event: events.Click) -> None:
        """Move the cursor to a node; on its sign, fold or unfold it."""
        at = event.get_content_offset(self)
        if at is None:
            return
        line = at.y + self.scroll_offset.y
        if line < len(self._shown):
            event.stop()
            self._move_to(line)
            if at.x <= self.node.depth:
                self.action_open_or_close()

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self.virtual_size = Size(self.size.width, len(self._shown))

    @property
    def _width(self) -> int:
        """Cells of a line: the scroll bar's column stays free, so that nothing moves."""
        return max(1, self.size.width - self.styles.scrollbar_size_vertical)

    def render_line(self, y: int) -> Strip:
        """One node."""
        width = self._width
        line = y + self.scroll_offset.y
        if line >= len(self._shown):
            return Strip.blank(width, self.rich_style)
        node = self._shown[line]
        excluded = node.checks <= self._excluded and bool(node.checks)
        status, count = self._roll_up.of(node)
        mark = f" {self._signs.status[status]}{count}" if status else ""
        sign = "×" if excluded else self._fold_sign(node)
        if excluded and self._signs.ascii:
            sign = "x"
        title = f"{' ' * node.depth}{sign} {node.title}"
        text = fit(title, max(0, width - cell_len(mark)), self._signs)
        base = self.rich_style
        if excluded:
            base += self._component("quiet")
        elif node.kind in ("all", "category"):
            base += self._component("section")
        end = base + self._component(status.value.replace(" ", "-")) if status else base
        if line == self._cursor:
            base += self._component("cursor")
            end += self._component("cursor")
        return Strip([Segment(text, base), Segment(mark, end)], width)

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"outline--{name}", partial=True)

    def _fold_sign(self, node: Node) -> str:
        if not self._has_children(node):
            return " "
        if node.id in self._folded:
            return ">" if self._signs.ascii else "▸"
        return "v" if self._signs.ascii else "▾"

    @staticmethod
    def _has_children(node: Node) -> bool:
        return node.kind in ("category", "role")

    def _lay_out(self) -> None:
        current = self._shown[self._cursor].id if self._shown else ""
        hidden: set[str] = set()
        self._shown = []
        for node in self._tree:
            if node.parent in hidden or node.parent in self._folded:
                hidden.add(node.id)
            else:
                self._shown.append(node)
        places = {node.id: at for at, node in enumerate(self._shown)}
        self._cursor = places.get(current, min(self._cursor, len(self._shown) - 1))
        self.virtual_size = Size(self.size.width, len(self._shown))
        self._drawn = {node.id: self._roll_up.of(node) for node in self._shown}
        self.refresh()

    def _redraw_changed(self) -> None:
        for line, node in enumerate(self._shown):
            now = self._roll_up.of(node)
            if self._drawn.get(node.id) != now:
                self._drawn[node.id] = now
                self._refresh_line(line)

    def _refresh_line(self, line: int) -> None:
        y = line - self.scroll_offset.y
        if 0 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    def _move_to(self, line: int) -> None:
        line = max(0, min(line, len(self._shown) - 1))
        if line == self._cursor:
            return
        before, self._cursor = self._cursor, line
        self._refresh_line(before)
        self._refresh_line(line)
        self.scroll_to_region(Region(0, line, 1, 1), animate=False, force=True)
        self.post_message(self.Highlighted(self.node))

"""Tree of the profile: sections and roles, and where a role is unfolded its checks."""

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

from probes.model import Event, Job, Status
from profiles.model import Profile
from tui.models.tree import Node, RollUp, nodes
from tui.text.breadcrumbs import node_titles
from tui.text.status import STATUS, Glyphs, component_classes, component_styles
from tui.widgets.table_rendering import fit


def _has_children(node: Node) -> bool:
    return node.kind in ("category", "role")


class ProfileTree(ScrollView, can_focus=True, inherit_bindings=False):
    """Tree of nodes with a rolled-up status and a count; the cursor's node filters the table.

    Hosts are not in it: the table has them.
    """

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "up,k",
            "move(-1)",
            "Up",
            show=False,
            tooltip="goes to the node above; the table shows the rows of the node",
        ),
        Binding("down,j", "move(1)", "Down", show=False, tooltip="goes to the node below"),
        Binding("pageup", "move(-10)", "Page up", show=False, tooltip="goes ten nodes up"),
        Binding("pagedown", "move(10)", "Page down", show=False, tooltip="goes ten nodes down"),
        Binding(
            "home",
            "move(-10000)",
            "First",
            show=False,
            tooltip="goes to the top, where every row is shown",
        ),
        Binding("end", "move(10000)", "Last", show=False, tooltip="goes to the last node"),
        Binding(
            "left,h",
            "fold(True)",
            "Fold",
            show=False,
            tooltip="folds the node; where nothing is to fold, goes to its parent",
        ),
        Binding(
            "right,l",
            "fold(False)",
            "Unfold",
            key_display="Right",
            tooltip="unfolds the node: a section shows its roles, a role its checks",
        ),
        Binding(
            "enter",
            "screen.do('table')",
            "Choose",
            key_display="Enter",
            tooltip="goes to the rows of the node",
        ),
        Binding(
            "space",
            "include",
            "Exclude",
            key_display="Space",
            tooltip="leaves the check, role or section out of the tests, or not any more",
        ),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "profiletree--cursor",
        "profiletree--quiet",
        "profiletree--section",
        *component_classes("profiletree"),
    }
    DEFAULT_CSS = f"""
    ProfileTree {{
        background: $surface;
        overflow-x: hidden;
        overflow-y: auto;
        scrollbar-size-vertical: 1;
    }}
    .profiletree--section {{ text-style: bold; }}
    .profiletree--quiet {{ color: $text-muted; }}
    .profiletree--cursor {{ text-style: bold underline; }}
    ProfileTree:focus .profiletree--cursor {{ text-style: bold reverse; }}
    {component_styles("profiletree")}
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

    def __init__(self, profile: Profile, glyphs: Glyphs) -> None:
        super().__init__()
        self._profile = profile
        self._profile_nodes = nodes(profile)
        self._glyphs = glyphs
        self._roll_up = RollUp()
        self._folded = {node.id for node in self._profile_nodes if _has_children(node)}
        self._shown: list[Node] = []
        self._drawn: dict[str, str] = {}
        self._plain = Style()
        """Style of text without a style of its own."""
        self._cursor = 0
        self._excluded: frozenset[str] = frozenset()

    @property
    def node(self) -> Node:
        """The node under the cursor."""
        return self._shown[self._cursor]

    @property
    def titles(self) -> list[str]:
        """The titles from the top of the tree to the node under the cursor, in full."""
        return node_titles(self.node, self._shown)

    @property
    def status_text(self) -> str:
        """Status of the node under the cursor, in words."""
        status, count = self._roll_up.of(self.node)
        return f"{count} {status}" if status else ""

    @property
    def included(self) -> frozenset[str]:
        """Ids of the checks that are measured."""
        return self._profile_nodes[0].checks - self._excluded

    def on_mount(self) -> None:
        """Show the folded tree."""
        self._lay_out()

    def clear(self) -> None:
        """Forget every row's status."""
        self._roll_up.clear()
        self._lay_out()

    def add(self, jobs: Iterable[Job]) -> None:
        """Count new rows, and unfold the sections they stand in."""
        jobs = tuple(jobs)
        self._roll_up.add(jobs)
        self._folded -= {f"category:{job.check.category}" for job in jobs}
        self._lay_out()

    def remove_rows(self, keys: Iterable[str]) -> None:
        """Count these rows no more."""
        self._roll_up.remove(keys)
        self._lay_out()

    def apply(self, events: Iterable[Event]) -> None:
        """Apply events of the engine and refresh the lines that changed."""
        self._roll_up.apply(events)
        self._redraw_changed()

    def action_move(self, lines: int) -> None:
        """Move the cursor by lines."""
        self._move_to(self._cursor + lines)

    def action_fold(self, fold: bool) -> None:
        """Fold or unfold the node; folding a leaf goes to its parent."""
        node = self.node
        if fold and (node.id in self._folded or not _has_children(node)):
            parent = [at for at, one in enumerate(self._shown) if one.id == node.parent]
            self._move_to(parent[0] if parent else 0)
        elif fold:
            self._folded.add(node.id)
        else:
            self._folded.discard(node.id)
        self._lay_out()

    def action_include(self) -> None:
        """Exclude the node's checks from being measured, or include them again."""
        node = self.node
        if not node.checks:
            return
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
            if at.x <= self.node.depth and self._fold_sign(self.node).strip():
                self.action_fold(self.node.id not in self._folded)

    def on_resize(self) -> None:
        """Fit the lines to the new width."""
        self.virtual_size = Size(self.size.width, len(self._shown))

    @property
    def _width(self) -> int:
        """Cells of a line: the scroll bar's column stays free, so that nothing moves."""
        return max(1, self.size.width - self.styles.scrollbar_size_vertical)

    def render_lines(self, crop: Region) -> list[Strip]:
        """Lines of the widget, with colours that are looked up once for all of them."""
        self._plain = self.rich_style
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """One node."""
        width = self._width
        line = y + self.scroll_offset.y
        if line >= len(self._shown):
            return Strip.blank(width, self._plain)
        node = self._shown[line]
        excluded = node.checks <= self._excluded and bool(node.checks)
        status, mark = self._status_mark(node)
        self._drawn[node.id] = mark
        sign = "×" if excluded else self._fold_sign(node)
        if excluded and self._glyphs.ascii:
            sign = "x"
        title = f"{' ' * node.depth}{sign} {node.title}" if sign else node.title
        text = fit(title, max(0, width - cell_len(mark)), self._glyphs)
        base = self._plain
        if excluded:
            base += self._component("quiet")
        elif node.kind in ("all", "category"):
            base += self._component("section")
        end = base + self._component(STATUS[status].colour) if status else base
        if line == self._cursor:
            base += self._component("cursor")
            end += self._component("cursor")
        return Strip([Segment(text, base), Segment(mark, end)], width)

    def _status_mark(self, node: Node) -> tuple[Status | None, str]:
        """The status that colours a node, and the sign with the count at its end."""
        known, count = self._roll_up.of(node)
        return known, f" {self._glyphs.status[known]}{count}" if known else ""

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"profiletree--{name}", partial=True)

    def _fold_sign(self, node: Node) -> str:
        """Sign before a title; empty where the title stands at the edge: there is no room."""
        if node.kind == "check":
            return " "
        if node.id in self._folded:
            return ">" if self._glyphs.ascii else "▸"
        if node.kind == "role":
            return "v" if self._glyphs.ascii else "▾"
        return ""

    def _lay_out(self) -> None:
        current = self._shown[self._cursor].id if self._shown else ""
        hidden: set[str] = set()
        self._shown = []
        for node in self._profile_nodes:
            if node.parent in hidden or node.parent in self._folded:
                hidden.add(node.id)
            else:
                self._shown.append(self._roll_up.titled(node, self._profile))
        places = {node.id: at for at, node in enumerate(self._shown)}
        self._cursor = places.get(current, min(self._cursor, len(self._shown) - 1))
        self.virtual_size = Size(self.size.width, len(self._shown))
        self.refresh()

    def _redraw_changed(self) -> None:
        top = self.scroll_offset.y
        for line, node in enumerate(self._shown[top : top + self.size.height], top):
            if self._drawn.get(node.id) != self._status_mark(node)[1]:
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

"""Tree of the profile: sections, roles and checks, with status and count."""

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

from probes.model import Event, Job, Status, Target, Verdict
from profiles.model import Profile
from tui.models.tree import Node, RollUp, nodes, target_node, targets_node
from tui.models.verdicts import Verdicts
from tui.text.breadcrumbs import node_titles
from tui.text.status import RULING, STATUS, Glyphs, component_classes, component_styles
from tui.widgets.table_rendering import fit


class ProfileTree(ScrollView, can_focus=True, inherit_bindings=False):
    """Tree of nodes with a rolled-up status and a count; the cursor's node filters the table.

    Hosts have the sign of their verdict, and the node above them that of the worst.
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
            tooltip="folds the node; where nothing is to fold, goes to the one it stands in",
        ),
        Binding("right,l", "fold(False)", "Unfold", show=False, tooltip="unfolds the node"),
        Binding(
            "enter",
            "toggle_fold",
            "Fold/unfold",
            show=False,
            tooltip="folds or unfolds the node; on a check or host goes to its rows",
        ),
        Binding(
            "space",
            "include",
            "Exclude",
            tooltip="leaves the check, role or section out of what is measured, or not any more",
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
        self.verdicts = Verdicts()
        """Verdicts of the hosts below the roles."""
        self._role_nodes: dict[str, str] = {}
        """Of each role the first node, below which its hosts stand."""
        for node in self._profile_nodes:
            if node.kind == "role":
                self._role_nodes.setdefault(node.filter.role, node.id)
        self._seen_nodes: set[str] = set()
        """Nodes above hosts that were seen before."""
        self._glyphs = glyphs
        self._roll_up = RollUp()
        self._target_nodes: dict[Target, Node] = {}
        """The nodes of hosts that were shown once."""
        self._folded = {node.id for node in self._profile_nodes if node.kind == "category"}
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
        node = self.node
        if node.target is not None:
            return self.verdicts.of(node.target) or "no verdict yet"
        if node.kind == "targets":
            ruling, count = self.verdicts.tally(node.filter.role)
            return f"{count} {ruling}" if ruling else ""
        status, count = self._roll_up.of(node)
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
        self._target_nodes.clear()
        self._lay_out()

    def add(self, jobs: Iterable[Job]) -> None:
        """Count new rows, and unfold the sections they stand in."""
        jobs = tuple(jobs)
        self._roll_up.add(jobs)
        self._folded -= {f"category:{job.check.category}" for job in jobs}
        self._lay_out()

    def remove_hosts(self, targets: Iterable[Target], keys: Iterable[str]) -> list[Verdict]:
        """Remove hosts and their rows; returns their verdicts."""
        self._roll_up.remove(keys)
        verdicts = self.verdicts.remove(targets)
        self._lay_out()
        return verdicts

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
        if fold and (node.id in self._folded or not self._has_children(node)):
            parent = [at for at, one in enumerate(self._shown) if one.id == node.parent]
            self._move_to(parent[0] if parent else 0)
        elif fold:
            self._folded.add(node.id)
        else:
            self._folded.discard(node.id)
        self._lay_out()

    async def action_toggle_fold(self) -> None:
        """Fold an unfolded node and the other way round; from a leaf go to its rows."""
        if self._has_children(self.node):
            self.action_fold(self.node.id not in self._folded)
        else:
            await self.run_action("screen.do('table')")

    def action_include(self) -> None:
        """Exclude the node's checks from being measured, or include them again."""
        node = self.node
        if not node.checks:
            return
        included = node.checks <= self._excluded
        self._excluded = self._excluded - node.checks if included else self._excluded | node.checks
        self.refresh()
        self.post_message(self.Included(node, included))

    async def on_click(self, event: events.Click) -> None:
        """Move the cursor to a node; on its sign, fold or unfold it."""
        at = event.get_content_offset(self)
        if at is None:
            return
        line = at.y + self.scroll_offset.y
        if line < len(self._shown):
            event.stop()
            self._move_to(line)
            if at.x <= self.node.depth:
                await self.action_toggle_fold()

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
        title = f"{' ' * node.depth}{sign} {node.title}"
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
        if node.target is not None:
            status = RULING[self.verdicts.of(node.target)].status
            return status, f" {self._glyphs.status[status]}"
        if node.kind == "targets":
            ruling, count = self.verdicts.tally(node.filter.role)
            known = RULING[ruling].status if ruling else None
        else:
            known, count = self._roll_up.of(node)
        return known, f" {self._glyphs.status[known]}{count}" if known else ""

    def resort(self) -> None:
        """Put the hosts in the order of their verdicts again, the worst first."""
        self._lay_out()

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"profiletree--{name}", partial=True)

    def _fold_sign(self, node: Node) -> str:
        if not self._has_children(node):
            return " "
        if node.id in self._folded:
            return ">" if self._glyphs.ascii else "▸"
        return "v" if self._glyphs.ascii else "▾"

    @staticmethod
    def _has_children(node: Node) -> bool:
        return node.kind in ("category", "role", "targets")

    def _lay_out(self) -> None:
        current = self._shown[self._cursor].id if self._shown else ""
        hidden: set[str] = set()
        self._shown = []
        for node in self._profile_nodes:
            if node.parent in hidden or node.parent in self._folded:
                hidden.add(node.id)
            else:
                self._shown.append(self._roll_up.titled(node, self._profile))
                self._shown += self._target_nodes_of(node)
        places = {node.id: at for at, node in enumerate(self._shown)}
        self._cursor = places.get(current, min(self._cursor, len(self._shown) - 1))
        self.virtual_size = Size(self.size.width, len(self._shown))
        self.refresh()

    def _target_nodes_of(self, node: Node) -> list[Node]:
        """The hosts of a role, below a node that is folded when it is first seen."""
        if self._role_nodes.get(node.filter.role) != node.id or node.id in self._folded:
            return []
        count = self.verdicts.count(node.filter.role)
        if not count:
            return []
        above = targets_node(node, count)
        if above.id not in self._seen_nodes:
            self._seen_nodes.add(above.id)
            self._folded.add(above.id)
        if above.id in self._folded:
            return [above]
        found = [above]
        for target in self.verdicts.targets(node.filter.role):
            below = self._target_nodes.get(target)
            if below is None:
                below = self._target_nodes[target] = target_node(above, target)
            found.append(below)
        return found

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

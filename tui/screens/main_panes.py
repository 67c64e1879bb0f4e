"""Panes of the main screen and the status line below them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from probes.model import FINE, Event, Job, Removed, Restored, Result, Target
from profiles.model import Profile
from tui import screens
from tui.models.columns import COLUMNS
from tui.models.command import Command
from tui.models.filter import Filter
from tui.models.keymap import with_keys
from tui.screens.layout import Arrangement, Pane
from tui.text.breadcrumbs import filter_parts
from tui.text.status import Glyphs
from tui.widgets.detail import Detail
from tui.widgets.footer import Crumbs
from tui.widgets.header import Head
from tui.widgets.host_input import HostEntry
from tui.widgets.table import ResultTable
from tui.widgets.tree import Outline

if TYPE_CHECKING:
    from tui.models.removed_hosts import RemovedHosts
    from tui.terminal.clipboard import Clipboard
    from tui.watch.row_history import Series
    from tui.widgets.filter_input import FilterLine


_NOTICES = 100


class Below:
    """Shows one of them at a time, and remembers what was said."""

    def __init__(
        self,
        screen: Screen[object],
        signs: Glyphs,
        commands: Sequence[Command],
        filter_line: Callable[[], FilterLine],
    ) -> None:
        self.crumbs = screen.query_one(Crumbs)
        self.notices: deque[str] = deque(maxlen=_NOTICES)
        """What was said, the latest last, with the time."""
        self._notice = screen.query_one("#notice", Static)
        self._signs = signs
        self._commands = commands
        self._filter_line = filter_line
        self._said = ("", False)

    def say(self, text: str, *, trouble: bool = False) -> None:
        """One or a few sentences, `{command-id}` in them for a key; empty takes them away."""
        text = self._signs.clean(with_keys(text, self._commands))
        if (text, trouble) == self._said:
            # Every update lays the whole screen out again.
            return
        self._said = (text, trouble)
        if text:
            self.notices.append(f"{datetime.now().astimezone():%H:%M:%S}  {text}")
        self._notice.update(text)
        self._notice.set_class(bool(text), "-shown")
        self._notice.set_class(trouble, "-trouble")
        self._show_crumbs()

    @property
    def filter_line(self) -> FilterLine:
        """The filter line, which takes the place of the breadcrumbs."""
        return self._filter_line()

    def open_filter(self) -> None:
        """Go to the filter line."""
        self.say("")
        self.filter_line.open()
        self._show_crumbs()

    def close_filter(self, *, forget: bool) -> None:
        """Hide the filter line; `forget` what was typed in it too."""
        self.filter_line.close(forget=forget)
        self._show_crumbs()

    def _show_crumbs(self) -> None:
        self.crumbs.display = not self._said[0] and not self.filter_line.shown


_ORDERS = (None, *(column.id for column in COLUMNS if column.sort is not None))
_ALL_HIDDEN = "No row passes the filter; {back} shows all."

_W = TypeVar("_W", bound=Widget)


class Panes:
    """Head, tree, table, detail and notice of a composed screen."""

    def __init__(
        self,
        screen: Screen[object],
        profile: Profile,
        signs: Glyphs,
        commands: Sequence[Command],
        arrangement: Arrangement,
        *,
        filter_line: Callable[[], FilterLine],
        past: Callable[[str], Series | None],
    ) -> None:
        """`filter_line` and `past`, the rounds of a row, are not needed for the first frame."""
        self.head = _the(screen, Head)
        self.outline = _the(screen, Outline)
        self.table = _the(screen, ResultTable)
        self.detail = _the(screen, Detail)
        self._hint = self.table.hint
        self._all_hidden = with_keys(_ALL_HIDDEN, commands)
        self.below = Below(screen, signs, commands, filter_line)
        self.verdicts = self.outline.verdicts
        places: dict[Pane, Widget] = {
            "tree": self.outline,
            "table": self.table,
            "detail": self.detail,
        }
        entry = next(iter(screen.walk_children(HostEntry)), None)
        self.arrangement = arrangement
        self.arrangement.over(places, entry)
        self._screen = screen
        self._profile = profile
        self._signs = signs
        self._past = past
        self.failures = False
        """Only rows that are not well are shown."""
        self.words = ""
        """Only rows that this query describes are shown."""
        self._only: Filter | None = None
        """Rows that a verdict or finding is about, instead of those of the tree's node."""

    @cached_property
    def clipboard(self) -> Clipboard:
        """Copies of what the selected row offers."""
        return screens.Clipboard(self.table.app)

    @cached_property
    def removals(self) -> RemovedHosts:
        """What was taken off the screen."""
        return screens.RemovedHosts(self.table, self.outline, self._tally)

    @property
    def keys(self) -> list[str]:
        """The key of every row, hidden ones included."""
        rows = self.table.rows
        return [rows.job(row).key for row in range(len(rows))]

    @property
    def visible(self) -> list[str]:
        """The keys of the visible rows, from top to bottom."""
        rows = self.table.rows
        return [rows.key(line) for line in range(len(rows.view))]

    @property
    def marked(self) -> list[str]:
        """The keys of marked rows as they stand on the screen, then of hidden ones."""
        marks = self.table.marks
        if not len(marks):
            return []
        hidden = [key for key in marks if not self.table.rows.visible(key)]
        return [*(key for key in self.visible if key in marks), *hidden]

    @property
    def aimed(self) -> list[str]:
        """What a command is for: the marked rows, without any the selected one, if there is one."""
        key = self.table.cursor_key
        return self.marked or ([] if key is None else [key])

    @property
    def results(self) -> list[Result]:
        """What is known of the rows that a command is for, as far as they were measured."""
        found = map(self.table.rows.result, self.aimed)
        return [result for result in found if result is not None]

    @property
    def chosen(self) -> Result | None:
        """What is known of the selected row, if it was measured."""
        key = self.table.cursor_key
        return None if key is None else self.table.rows.result(key)

    @property
    def failed(self) -> list[str]:
        """The keys of rows that are neither ok nor unnecessary."""
        rows = self.table.rows
        return [rows.job(row).key for row in range(len(rows)) if rows.status(row) not in FINE]

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target that has a row."""
        rows = self.table.rows
        return tuple(dict.fromkeys(rows.job(row).target for row in range(len(rows))))

    def add(self, jobs: Iterable[Job]) -> None:
        """Show planned rows."""
        jobs = tuple(jobs)
        self.removals.forget({job.target for job in jobs})
        self.table.add(jobs)
        self.verdicts.add(jobs)
        self.outline.add(jobs)
        self._tally()

    def clear(self) -> None:
        """Forget every row."""
        self._only = None
        self.removals.clear()
        self.table.clear()
        self.verdicts.clear()
        self.outline.clear()
        self.locate()

    def apply(self, events: Sequence[Event]) -> None:
        """Show what happened to rows, and which came or went."""
        begun = 0
        for at, event in enumerate(events):
            if isinstance(event, Removed | Restored):
                self._take_in(events[begun:at])
                begun = at + 1
                took = isinstance(event, Removed)
                (self.removals.remove if took else self.removals.restore)(event.targets)
        self._take_in(events[begun:])
        self._tally()
        shown = self.table.cursor_key
        if any(isinstance(event, Result) and event.job.key == shown for event in events):
            self.tell(shown, top=False)

    def _take_in(self, events: Sequence[Event]) -> None:
        if not events:
            return
        self.removals.finish_pending()
        self.table.apply(events)
        self.verdicts.apply(events)
        self.outline.apply(events)

    def tell(self, key: str | None, *, top: bool) -> None:
        """Show the story of a row, from its `top` or where it was scrolled to."""
        self.locate()
        rows = self.table.rows
        job = None if key is None else rows.job_of(key)
        if key is None or job is None:
            self.detail.show((), top=True)
        else:
            lines = screens.detail_lines(job, rows.result(key), self._profile)
            past = screens.history_lines(self._past(key), ascii=self._signs.ascii)
            self.detail.show((*islice(lines, 2), *past, *lines), top=top)

    def follow(self, focused: Widget) -> None:
        """Bring the pane with the focus to the front, and say so."""
        self.arrangement.follow(focused)
        self.locate()

    def locate(self) -> None:
        """Say where the cursor is: which pane, where in the tree, which row."""
        focused = self._screen.focused
        if isinstance(focused, HostEntry):
            role = next((one.title for one in self._profile.roles if one.id == self.role), "")
            of = f"hosts without ROLE= count as {role}" if role else "type ROLE=HOST"
            self.below.crumbs.show("Hosts", (of,), "")
        elif self.arrangement.pane == "tree":
            self.below.crumbs.show("Tree", self.outline.titles, self.outline.told)
        else:
            name = "Table" if self.arrangement.pane == "table" else "Details"
            line, shown = self.table.cursor_line + 1, len(self.table.rows.view)
            row = f"row {line:,}/{shown:,}" if shown else ""
            self.below.crumbs.show(name, filter_parts(self.table.rows.filter, self._profile), row)

    @property
    def role(self) -> str:
        """The role the tree stands on, if it is one or below one."""
        return self.outline.node.filter.role

    def filter(self) -> None:
        """Show the rows of the tree's node, or of what was chosen, that pass the other filters."""
        self.removals.finish_pending()
        self.table.show(self._wanted)
        self._count()

    @property
    def _wanted(self) -> Filter:
        """What the tree's node, or what was chosen, and the other filters leave."""
        where = self._only or self.outline.node.filter
        return replace(where, failures=self.failures, text=self.words)

    def only(self, rows: Filter) -> None:
        """Show these rows instead of those of the tree's node, from the first on."""
        was = self.table.cursor_key
        self._only = rows
        self.filter()
        if self.table.cursor_key != was:
            self.table.action_edge(-1)

    def follow_tree(self) -> None:
        """Show the rows of the node that the tree's cursor has come to."""
        self._only = None
        self.filter()

    def find(self, text: str) -> None:
        """Show only rows that a query describes."""
        if text != self.words:
            self.removals.finish_pending()
            self.words = text
            # As it is typed: keys come before the rows.
            self.table.show_soon(self._wanted, self._count)

    def mark(self, keys: Iterable[str], *, on: bool) -> None:
        """Mark rows or take their marks away."""
        self.table.mark(keys, on=on)
        self._count()

    def show_all(self) -> None:
        """Take every filter away."""
        self._only, self.failures, self.words = None, False, ""
        self.outline.action_move(-10000)
        self.filter()

    def resort(self) -> None:
        """Apply filter and order to what has arrived since."""
        self.table.resort()
        self.outline.resort()
        self._count()

    @property
    def narrowed(self) -> str:
        """How many rows the filters leave, as a sentence; empty where they hide none."""
        self.table.settle()
        shown, total = len(self.table.rows.view), len(self.table.rows)
        if shown == total:
            return ""
        which = filter_parts(self.table.rows.filter, self._profile)
        held = f" ({', '.join(which)})" if len(which) > 1 else ""
        return f"{shown:,} of {total:,} rows{held}; {{back}} shows all."

    def _tally(self) -> None:
        self.head.counts(self.table.rows.counts)
        self._count()

    def _count(self) -> None:
        shown, total = len(self.table.rows.view), len(self.table.rows)
        marks = self.table.marks
        hidden = sum(not self.table.rows.visible(key) for key in marks) if shown < total else 0
        self.head.shown(shown, total, len(marks), hidden)
        self.below.filter_line.count(f"{shown:,} of {total:,} rows")
        self.table.hint = self._all_hidden if total else self._hint
        self.locate()

    def toggle_failures(self) -> str:
        """Show only failures, or everything again; returns what to say."""
        self.failures = not self.failures
        self.filter()
        if not self.failures or len(filter_parts(self.table.rows.filter, self._profile)) > 1:
            return self.narrowed
        shown, total = len(self.table.rows.view), len(self.table.rows)
        return f"Failures only, {shown:,} of {total:,} rows; {{failures}} shows the others again."

    def sort_by_next(self) -> None:
        """Sort by the column after the present one; after the last, as rows were added."""
        order = self.table.rows.order
        at = _ORDERS.index(order[0] if order else None)
        self.table.sort(_ORDERS[(at + 1) % len(_ORDERS)])

    def sort_by(self, column: str | None) -> None:
        """Sort by a column, the other way round if it is that one already; None as added."""
        again = column is not None and self.table.rows.order == (column, False)
        self.table.sort(column, again)

    def reverse(self) -> None:
        """Sort the other way round."""
        order = self.table.rows.order
        if order is not None:
            self.table.sort(order[0], not order[1])


def _the(screen: Screen[object], kind: type[_W]) -> _W:
    """The widget of a class; unlike a query's, its name need not be parsed."""
    (found,) = screen.walk_children(kind)
    return found

"""Panes of the main screen and the status line below them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, TypeVar

from textual.screen import Screen
from textual.widget import Widget
from textual.widgets import Static

from probes.judging.networks import silent_keys
from probes.judging.recognised_role import host_roles
from probes.model import (
    FINE,
    Diagnosed,
    Event,
    Job,
    Queued,
    Recognised,
    Removed,
    Restored,
    Result,
    Started,
    Status,
    Target,
)
from profiles.model import Profile
from tui import screens
from tui.models.columns import COLUMN, COLUMNS
from tui.models.command import Command
from tui.models.filter import Filter
from tui.models.keymap import with_keys
from tui.models.restrictions import hiding, hiding_new, taken_away_text
from tui.screens.layout import Pane, PaneLayout
from tui.text.breadcrumbs import filter_parts
from tui.text.status import Glyphs
from tui.widgets.detail import Detail
from tui.widgets.footer import Breadcrumbs
from tui.widgets.header import Header
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

if TYPE_CHECKING:
    from tui.models.removed_hosts import RemovedHosts
    from tui.models.same_cause import SameCause
    from tui.terminal.clipboard import Clipboard
    from tui.text.detail import Line
    from tui.watch.row_history import Series
    from tui.widgets.filter_input import FilterLine


_MAX_NOTICES = 100


class StatusLine:
    """Status line: breadcrumbs, notice or filter line, one at a time; keeps earlier notices."""

    def __init__(
        self,
        screen: Screen[object],
        glyphs: Glyphs,
        commands: Sequence[Command],
        filter_line: Callable[[], FilterLine],
    ) -> None:
        self.breadcrumbs = screen.query_one(Breadcrumbs)
        self.notices: deque[str] = deque(maxlen=_MAX_NOTICES)
        """Earlier notices, the latest last, with the time."""
        self._notice = screen.query_one("#notice", Static)
        self._glyphs = glyphs
        self._commands = commands
        self._filter_line = filter_line
        self._shown_notice = ("", False)

    def say(self, text: str, *, trouble: bool = False) -> None:
        """One or a few sentences, `{command-id}` in them for a key; empty takes them away."""
        text = self._glyphs.clean(with_keys(text, self._commands))
        if (text, trouble) == self._shown_notice:
            # Every update lays the whole screen out again.
            return
        self._shown_notice = (text, trouble)
        if text:
            self.notices.append(f"{datetime.now().astimezone():%H:%M:%S}  {text}")
        self._notice.update(text)
        self._notice.set_class(bool(text), "-shown")
        self._notice.set_class(trouble, "-trouble")
        self._update_breadcrumbs()

    @property
    def filter_line(self) -> FilterLine:
        """The filter line, which takes the place of the breadcrumbs."""
        return self._filter_line()

    @property
    def shows_notice(self) -> bool:
        """True while a notice is shown."""
        return bool(self._shown_notice[0])

    def open_filter(self) -> None:
        """Go to the filter line."""
        self.say("")
        self.filter_line.open()
        self._update_breadcrumbs()

    def close_filter(self, *, forget: bool) -> None:
        """Hide the filter line; `forget` what was typed in it too."""
        self.filter_line.close(forget=forget)
        self._update_breadcrumbs()

    def _update_breadcrumbs(self) -> None:
        self.breadcrumbs.display = not self._shown_notice[0] and not self.filter_line.shown


_SORT_COLUMNS = (None, *(column.id for column in COLUMNS if column.sort is not None))
_ALL_HIDDEN = "No row passes the filter; {back} shows all."

_W = TypeVar("_W", bound=Widget)


class Panes:
    """Header, tree, table, detail and notice of a composed screen."""

    def __init__(
        self,
        screen: Screen[object],
        profile: Profile,
        glyphs: Glyphs,
        commands: Sequence[Command],
        layout: PaneLayout,
        *,
        filter_line: Callable[[], FilterLine],
        history: Callable[[str], Series | None],
    ) -> None:
        """`filter_line` and `history`, the rounds of a row, are not needed for the first frame."""
        self.header = _find_widget(screen, Header)
        self.tree = _find_widget(screen, ProfileTree)
        self.table = _find_widget(screen, ResultTable)
        self.detail = _find_widget(screen, Detail)
        self._hint = self.table.hint
        self._all_hidden = with_keys(_ALL_HIDDEN, commands)
        self.status_line = StatusLine(screen, glyphs, commands, filter_line)
        self.verdicts = self.table.verdicts
        places: dict[Pane, Widget] = {
            "tree": self.tree,
            "table": self.table,
            "detail": self.detail,
        }
        entry = next(iter(screen.walk_children(HostInput)), None)
        self.layout = layout
        self.layout.set_widgets(places, entry)
        self._screen = screen
        self._profile = profile
        self._commands = commands
        self._glyphs = glyphs
        self._history = history
        self.failures = False
        """Only rows that are not well are shown."""
        self.absent = False
        """Rows without a host are shown too."""
        self.query = ""
        """Only rows that this query describes are shown."""
        self._only: Filter | None = None
        """Rows that a verdict or finding is about, instead of those of the tree's node."""

    @cached_property
    def clipboard(self) -> Clipboard:
        """Copies of what the selected row offers."""
        return screens.Clipboard(self.table.app)

    @cached_property
    def removed_hosts(self) -> RemovedHosts:
        """Hosts removed from the screen."""
        return screens.RemovedHosts(self.table, self.tree, self.verdicts, self._update_counts)

    @cached_property
    def same_cause(self) -> SameCause:
        """Rows that share a cause."""
        return screens.SameCause(self.table.rows)

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
    def selected_keys(self) -> list[str]:
        """Keys of the rows a command applies to: the marked rows, else the selected one."""
        key = self.table.cursor_key
        return self.marked or ([] if key is None else [key])

    @property
    def selected_results(self) -> list[Result]:
        """Results of the rows a command applies to, as far as they were measured."""
        found = map(self.table.rows.result, self.selected_keys)
        return [result for result in found if result is not None]

    @property
    def cursor_result(self) -> Result | None:
        """Result of the selected row, if it was measured."""
        key = self.table.cursor_key
        return None if key is None else self.table.rows.result(key)

    @property
    def failed(self) -> list[str]:
        """The keys of rows that are neither ok nor unnecessary.

        Of a network from which nothing came all rows are among them.
        """
        rows = self.table.rows
        silent = silent_keys(result for _, result in rows.results if result is not None)
        return [
            key
            for row, key in enumerate(self.keys)
            if rows.status(row) not in FINE or key in silent
        ]

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target that was entered and has a row.

        A host without a role is measured in the role that was found, which was not entered.
        """
        rows = self.table.rows
        found = dict(host_roles(result for _, result in rows.results if result is not None))
        derived = frozenset(found.values())
        every = dict.fromkeys(rows.job(row).target for row in range(len(rows)))
        return tuple(target for target in every if target not in derived)

    def add(self, jobs: Iterable[Job]) -> str:
        """Show planned rows, whatever was chosen before; returns what to say of that."""
        jobs = tuple(jobs)
        self.removed_hosts.forget({job.target for job in jobs})
        self.table.add(jobs)
        self.verdicts.add(jobs)
        self.tree.add(jobs)
        self._update_counts()
        filters = hiding_new(self._combined_filter, jobs)
        return self._take_away(filters, [job.key for job in jobs], "new") if filters else ""

    def show_measured(self, keys: Sequence[str]) -> str:
        """Show rows that are measured again, whatever hides them; returns what to say of that."""
        rows = self.table.rows
        hidden = [rows.row_data(at) for key in keys if (at := rows.hidden_row(key)) is not None]
        filters = hiding(
            self._combined_filter, [(one.job, one.status, one.result) for one in hidden]
        )
        return self._take_away(filters, keys, "retested") if filters else ""

    def hidden_text(self, keys: Sequence[str]) -> str:
        """Sentence about the rows of these keys that a filter hides; empty where none does."""
        rows = self.table.rows
        number = sum(rows.hidden_row(key) is not None for key in keys)
        if not number:
            return ""
        which = ", ".join(filter_parts(rows.filter, self._profile))
        return f"{number:,} of {len(keys):,} rows are hidden ({which}); {{back}} shows all."

    def _take_away(self, filters: Sequence[Filter], keys: Sequence[str], what: str) -> str:
        """Take filters away that hide rows of these keys; returns a sentence about that."""
        rows = self.table.rows
        hidden = sum(not rows.visible(key) for key in keys)
        for one in filters:
            if one.text:
                self.status_line.close_filter(forget=True)
                self.query = ""
            elif one.failures:
                self.failures = False
            else:
                self._only = None
        jobs = [job for key in keys if (job := rows.job_of(key)) is not None]
        if hiding_new(self.tree.node.filter, jobs):
            self.tree.action_move(-10000)
        self.filter()
        names = [
            one.text.strip() or ", ".join(filter_parts(replace(one, absent=False), self._profile))
            for one in filters
        ]
        return taken_away_text(names, hidden, len(keys), what)

    def clear(self) -> None:
        """Forget every row."""
        self._only = None
        self.removed_hosts.clear()
        self.same_cause.clear()
        self.table.clear()
        self.verdicts.clear()
        self.tree.clear()
        self.update_breadcrumbs()

    def apply(self, events: Sequence[Event]) -> None:
        """Show what happened to rows, and which came or went."""
        recognised = [job for one in events if isinstance(one, Recognised) for job in one.jobs]
        if recognised:
            self.add(job for job in recognised if job.key not in self.table.rows)
        start = 0
        for at, event in enumerate(events):
            if isinstance(event, Removed | Restored):
                self._apply_events(events[start:at])
                start = at + 1
                took = isinstance(event, Removed)
                (self.removed_hosts.remove if took else self.removed_hosts.restore)(event.targets)
                self.same_cause.forget_rows()
        self._apply_events(events[start:])
        self._update_counts()
        shown = self.table.cursor_key
        if any(_changes_details(event, shown) for event in events):
            self.show_detail(shown, top=False)

    def _apply_events(self, events: Sequence[Event]) -> None:
        if not events:
            return
        self.removed_hosts.finish_pending()
        self.table.apply(events)
        self.verdicts.apply(events)
        self.tree.apply(events)
        self.same_cause.apply(events)

    def show_detail(self, key: str | None, *, top: bool) -> None:
        """Show the details of a row, from the `top` or at the present scroll position."""
        self.update_breadcrumbs()
        rows = self.table.rows
        job = None if key is None else rows.job_of(key)
        if key is None or job is None:
            self.detail.show((), top=True)
        else:
            result = rows.result(key)
            details = screens.detail_lines(
                job,
                result,
                self._profile,
                rows.host_of(result),
                status=rows.status_of(key),
                shared=None if result is None else self.same_cause.of(result),
                signs=self._glyphs.status,
                history=screens.history_lines(self._history(key), ascii=self._glyphs.ascii),
            )
            self.detail.show((self._with_keys(line) for line in details), top=top)

    def _with_keys(self, line: Line) -> Line:
        label, hint = (with_keys(text, self._commands) for text in (line.label, line.hint))
        return replace(line, label=label, hint=hint)

    def follow(self, focused: Widget) -> None:
        """Bring the pane with the focus to the front, and update the breadcrumbs."""
        if focused is self.detail:
            self.table.pin()
        self.layout.follow(focused)
        self.update_breadcrumbs()

    def show_order(self) -> None:
        """Say at the top how the rows are sorted."""
        self.header.set_order(order_text(self.table.rows.order))

    def update_breadcrumbs(self) -> None:
        """Update the breadcrumbs: pane, place in the tree, row."""
        focused = self._screen.focused
        if isinstance(focused, HostInput):
            role = next((one.title for one in self._profile.roles if one.id == self.role), "")
            of = f"hosts without ROLE= count as {role}" if role else "type ROLE=HOST"
            self.status_line.breadcrumbs.show("Hosts", (of,), "")
        elif self.layout.pane == "tree":
            self.status_line.breadcrumbs.show("Tree", self.tree.titles, self.tree.status_text)
        else:
            name = "Table" if self.layout.pane == "table" else "Details"
            line, shown = self.table.cursor_line + 1, len(self.table.rows.view)
            row = f"row {line:,}/{shown:,}" if shown else ""
            self.status_line.breadcrumbs.show(
                name, filter_parts(self.table.rows.filter, self._profile), row
            )

    @property
    def role(self) -> str:
        """The role the tree stands on, if it is one or below one."""
        return self.tree.node.filter.role

    def filter(self) -> None:
        """Show the rows of the tree's node, or of what was chosen, that pass the other filters."""
        self.removed_hosts.finish_pending()
        self.table.show(self._combined_filter)
        self._update_shown()

    @property
    def _combined_filter(self) -> Filter:
        """Filter of the tree's node, or of chosen rows, combined with the other filters."""
        where = self._only or self.tree.node.filter
        return replace(where, failures=self.failures, text=self.query, absent=self.absent)

    def show_only(self, rows: Filter) -> None:
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

    def set_query(self, text: str) -> None:
        """Show only rows that a query describes."""
        if text != self.query:
            self.removed_hosts.finish_pending()
            self.query = text
            # As it is typed: keys come before the rows.
            self.table.show_in_chunks(self._combined_filter, self._update_shown)

    def mark(self, keys: Iterable[str], *, on: bool) -> None:
        """Mark rows or take their marks away."""
        self.table.mark(keys, on=on)
        self._update_shown()

    @property
    def shows_all(self) -> bool:
        """True if nothing restricts the rows that are shown."""
        return self._combined_filter == Filter()

    def show_all(self) -> None:
        """Remove every filter."""
        self._only, self.failures, self.absent, self.query = None, False, False, ""
        self.tree.action_move(-10000)
        self.filter()

    def reveal(self, key: str) -> None:
        """Remove the filters that hide a row; a row without a host wants more than the others."""
        self.table.finish_pending()
        if not self.table.rows.visible(key):
            self.show_all()
        if not self.table.rows.visible(key):
            self.absent = True
            self.filter()

    def resort(self) -> None:
        """Apply filter and order to what has arrived since."""
        self.table.resort()
        self._update_shown()

    @property
    def filter_text(self) -> str:
        """Sentence about the number of visible rows; empty where no row is hidden."""
        self.table.finish_pending()
        shown, total = len(self.table.rows.view), len(self.table.rows)
        if shown == total:
            return ""
        which = filter_parts(self.table.rows.filter, self._profile)
        held = f" ({', '.join(which)})" if len(which) > 1 else ""
        absent = self._hidden_absent
        if shown + absent == total and not held:
            return f"{self._absent_text(absent)}; {{absent}} shows them."
        rest, others = (f", {self._absent_text(absent)}", " others") if absent else ("", "")
        return f"{shown:,} of {total:,} rows{held}{rest}; {{back}} shows all{others}."

    @property
    def _hidden_absent(self) -> int:
        """Number of rows that are hidden for having no host, whatever else hides them."""
        rows = self.table.rows
        return 0 if rows.filter.shows_absent else rows.counts[Status.NO_HOST]

    @staticmethod
    def _absent_text(number: int) -> str:
        return f"{number:,} {'row' if number == 1 else 'rows'} without a host hidden"

    def toggle_absent(self) -> str:
        """Show rows without a host, or hide them again; returns what to say."""
        self.absent = not self.absent
        self.filter()
        number = self.table.rows.counts[Status.NO_HOST]
        if not number:
            return "Every row has a host, or may have one."
        if not self.absent:
            return f"{self._absent_text(number)}; {{absent}} shows them."
        return f"{number:,} of the rows are addresses that nobody uses; {{absent}} hides them."

    def _update_counts(self) -> None:
        self.header.set_counts(self.table.rows.counts)
        self._update_shown()

    def _update_shown(self) -> None:
        shown, total = len(self.table.rows.view), len(self.table.rows)
        marks = self.table.marks
        hidden = sum(not self.table.rows.visible(key) for key in marks) if shown < total else 0
        self.header.set_shown(shown, total, len(marks), hidden)
        self.status_line.filter_line.set_count(f"{shown:,} of {total:,} rows")
        self.table.hint = self._all_hidden if total else self._hint
        self.update_breadcrumbs()

    def toggle_failures(self) -> str:
        """Show only failures, or everything again; returns what to say."""
        self.failures = not self.failures
        self.filter()
        if not self.failures or len(filter_parts(self.table.rows.filter, self._profile)) > 1:
            return self.filter_text
        shown, total = len(self.table.rows.view), len(self.table.rows)
        return f"Failures only, {shown:,} of {total:,} rows; {{failures}} shows the others again."

    def sort_by_next(self) -> None:
        """Sort by the column after the present one; after the last, as rows were added."""
        order = self.table.rows.order
        at = _SORT_COLUMNS.index(order[0] if order else None)
        self.table.sort(_SORT_COLUMNS[(at + 1) % len(_SORT_COLUMNS)])

    def sort_by(self, column: str | None) -> None:
        """Sort by a column, the other way round if it is that one already; None as added."""
        again = column is not None and self.table.rows.order == (column, False)
        self.table.sort(column, again)

    def reverse(self) -> None:
        """Sort the other way round."""
        order = self.table.rows.order
        if order is not None:
            self.table.sort(order[0], not order[1])


def _changes_details(event: Event, key: str | None) -> bool:
    """True for an event that changes the details of the row under this key."""
    match event:
        case Result():
            return event.job.key == key
        case Queued() | Started():
            return key in event.keys
        case _:
            return isinstance(event, Diagnosed)


def order_text(order: tuple[str, bool] | None) -> str:
    """The order of the rows in words, for the header."""
    if order is None:
        return "order: as entered"
    column, reverse = order
    if column == "status":
        return f"order: {'best' if reverse else 'worst'} first"
    return f"order: by {COLUMN[column].heading.lower()}{', reversed' if reverse else ''}"


def _find_widget(screen: Screen[object], kind: type[_W]) -> _W:
    """The widget of a class; unlike a query's, its name need not be parsed."""
    (found,) = screen.walk_children(kind)
    return found

"""The panes of the main screen as one: they are told together what was planned and what came."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import islice

from textual.screen import Screen
from textual.widgets import Static

from probes.engine.model import Event, Job, Result, Status, Target
from profiles.model import Profile
from tui.copying import Copying
from tui.filter import Filter
from tui.rows import Column
from tui.signs import Signs
from tui.story import story
from tui.verdicts import Verdicts
from tui.watch.past import Past
from tui.watch.text import past_lines
from tui.widgets.detail import Detail
from tui.widgets.head import Head
from tui.widgets.outline import Outline
from tui.widgets.table import ResultTable

_COLUMNS: tuple[Column | None, ...] = (None, "status", "host", "check", "latency", "note")
_FINE = frozenset({Status.OK, Status.NOT_NEEDED})


class Panes:
    """Head, tree, table, detail and notice of a composed screen."""

    def __init__(self, screen: Screen[object], profile: Profile, signs: Signs, past: Past) -> None:
        self.head = screen.query_one(Head)
        self.outline = screen.query_one(Outline)
        self.table = screen.query_one(ResultTable)
        self.detail = screen.query_one(Detail)
        self._notice = screen.query_one("#notice", Static)
        self.copying = Copying(self.table.app)
        self.verdicts = Verdicts()
        self._profile = profile
        self._signs = signs
        self._past = past
        self.failures = False
        """Only rows that are not well are shown."""
        self.words = ""
        """Only rows with all these words are shown."""

    @property
    def keys(self) -> list[str]:
        """The key of every row, hidden ones included."""
        rows = self.table.rows
        return [rows.job(row).key for row in range(len(rows))]

    @property
    def chosen(self) -> Result | None:
        """What is known of the selected row, if it was measured."""
        key = self.table.cursor_key
        return None if key is None else self.table.rows.result(key)

    @property
    def failed(self) -> list[str]:
        """The keys of rows that are neither ok nor unnecessary."""
        rows = self.table.rows
        return [rows.job(row).key for row in range(len(rows)) if rows.status(row) not in _FINE]

    @property
    def targets(self) -> tuple[Target, ...]:
        """Every target that has a row."""
        rows = self.table.rows
        return tuple(dict.fromkeys(rows.job(row).target for row in range(len(rows))))

    def add(self, jobs: Iterable[Job]) -> None:
        """Show planned rows."""
        jobs = tuple(jobs)
        self.table.add(jobs)
        self.verdicts.add(jobs)
        self.outline.add(jobs)
        self.head.counts(self.table.rows.counts)

    def clear(self) -> None:
        """Forget every row."""
        self.table.clear()
        self.verdicts.clear()
        self.outline.clear()

    def apply(self, events: Sequence[Event]) -> None:
        """Show what happened to rows."""
        self.table.apply(events)
        self.verdicts.apply(events)
        self.outline.apply(events)
        self.head.counts(self.table.rows.counts)
        shown = self.table.cursor_key
        if any(isinstance(event, Result) and event.job.key == shown for event in events):
            self.tell(shown, top=False)

    def tell(self, key: str | None, *, top: bool) -> None:
        """Show the story of a row, from its `top` or where it was scrolled to."""
        rows = self.table.rows
        job = None if key is None else rows.job_of(key)
        if key is None or job is None:
            self.detail.show((), top=True)
        else:
            lines = story(job, rows.result(key), self._profile)
            past = past_lines(self._past.of(key), ascii=self._signs.ascii)
            self.detail.show((*islice(lines, 2), *past, *lines), top=top)

    def say(self, text: str, *, trouble: bool = False) -> None:
        """One or a few sentences above the keys; empty takes them away."""
        self._notice.update(self._signs.clean(text))
        self._notice.set_class(bool(text), "-shown")
        self._notice.set_class(trouble, "-trouble")

    def filter(self) -> None:
        """Show the rows of the tree's node that pass the failures and words filters."""
        where = self.outline.node.filter
        self.table.show(
            Filter(where.category, where.role, where.check, "", self.failures, self.words)
        )

    def toggle_failures(self) -> str:
        """Show only failures, or everything again; returns what to say."""
        self.failures = not self.failures
        self.filter()
        return "Showing failures only; f shows everything again." if self.failures else ""

    def sort_by_next(self) -> None:
        """Sort by the column after the present one; after the last, as rows were added."""
        order = self.table.rows.order
        at = _COLUMNS.index(order[0] if order else None)
        self.table.sort(_COLUMNS[(at + 1) % len(_COLUMNS)])

    def reverse(self) -> None:
        """Sort the other way round."""
        order = self.table.rows.order
        if order is not None:
            self.table.sort(order[0], not order[1])

"""Hosts that were taken off the screen, and what is needed to put them back as they were."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from probes.model import Event, Job, Result, Target, Verdict
from tui.models.chunked_work import Gradual
from tui.models.rows import Rows
from tui.models.verdicts import Verdicts

MANY = 2000
"""Rows from which on it is not done at once."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row and the place it had among all of them."""

    at: int
    job: Job
    result: Result | None


@dataclass(frozen=True, slots=True)
class Gone:
    """Hosts that were removed together, with their rows and verdicts."""

    targets: tuple[Target, ...]
    rows: tuple[_Row, ...]
    events: tuple[Event, ...]
    """Results and verdicts."""

    @property
    def unmeasured(self) -> bool:
        """Whether a row waited or was in flight when it went."""
        return any(row.result is None for row in self.rows)


class Table(Protocol):
    """The table, as far as rows leave it and come back."""

    rows: Rows

    def replace(self, rows: Iterable[tuple[Job, Result | None]]) -> None:
        """Show these rows instead of those it has."""

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object:
        """Call once, after so many seconds."""


class Tree(Protocol):
    """The tree, as far as hosts leave it and come back."""

    verdicts: Verdicts

    def take_out(self, targets: Iterable[Target], keys: Iterable[str]) -> list[Verdict]:
        """Forget hosts and their rows; returns their verdicts."""

    def add(self, jobs: Iterable[Job]) -> None:
        """Count new rows."""

    def apply(self, events: Iterable[Event]) -> None:
        """Show events."""


class Removals:
    """What was removed from the table and the tree, the latest last.

    Of many rows it is a tenth of a second of work, so it is done in pieces, and keys are answered
    between them; what comes next finishes it first. `done` is called at its end.
    """

    def __init__(self, table: Table, outline: Tree, done: Callable[[], None]) -> None:
        self._table = table
        self._outline = outline
        self._done = done
        self._gradual = Gradual(table.set_timer)
        self._gone: list[Gone] = []

    @property
    def count(self) -> int:
        """How often something was removed that has not come back."""
        return len(self._gone)

    @property
    def latest(self) -> Gone | None:
        """What comes back next."""
        self.settle()
        return self._gone[-1] if self._gone else None

    def settle(self) -> None:
        """Finish what was begun."""
        self._gradual.settle()

    def clear(self) -> None:
        """Other rows: nothing of the old ones comes back."""
        self._gradual.cancel()
        self._gone.clear()

    def forget(self, targets: Collection[Target]) -> None:
        """These hosts were named again and have new rows."""
        self.settle()
        self._gone = [
            one for one in self._gone if not any(target in targets for target in one.targets)
        ]

    def remove(self, targets: Iterable[Target]) -> None:
        """Take hosts off the screen."""
        self._begin(self._removing(frozenset(targets)))

    def restore(self, targets: Collection[Target]) -> None:
        """Put hosts that were removed together back to their places."""
        self._begin(self._restoring(frozenset(targets)))

    def _begin(self, pieces: Iterator[None]) -> None:
        self.settle()
        self._gradual.begin(pieces, self._done)
        if len(self._table.rows) < MANY:
            self.settle()

    def _removing(self, gone: frozenset[Target]) -> Iterator[None]:
        taken: list[_Row] = []
        left: list[tuple[Job, Result | None]] = []
        for at, row in enumerate(self._table.rows.held):
            if row[0].target in gone:
                taken.append(_Row(at, *row))
            else:
                left.append(row)
        if not taken:
            return
        yield
        self._table.replace(left)
        yield
        events: list[Event] = [row.result for row in taken if row.result is not None]
        events += self._outline.take_out(gone, [row.job.key for row in taken])
        names = tuple(dict.fromkeys(row.job.target for row in taken))
        self._gone.append(Gone(names, tuple(taken), tuple(events)))

    def _restoring(self, targets: frozenset[Target]) -> Iterator[None]:
        back = next((one for one in self._gone if targets == frozenset(one.targets)), None)
        if back is None:
            return
        self._gone.remove(back)
        rows = _merged(self._table.rows.held, back.rows)
        yield
        self._table.replace(rows)
        yield
        jobs = [row.job for row in back.rows]
        self._outline.verdicts.add(jobs)
        self._outline.add(jobs)
        yield
        self._outline.verdicts.apply(back.events)
        self._outline.apply(back.events)


def _merged(
    rows: Iterable[tuple[Job, Result | None]], back: Iterable[_Row]
) -> list[tuple[Job, Result | None]]:
    """The rows with those that come back at the places they had, or behind the last."""
    merged: list[tuple[Job, Result | None]] = []
    others = iter(rows)
    for row in back:
        merged += islice(others, row.at - len(merged))
        merged.append((row.job, row.result))
    merged += others
    return merged

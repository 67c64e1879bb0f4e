"""Undo of host removal: removed hosts with all that restores them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from probes.model import Event, Job, Result, Target
from tui.models.chunked_work import ChunkedWork
from tui.models.rows import Rows
from tui.models.verdicts import Verdicts

CHUNKED_FROM = 2000
"""Number of rows from which on removal is done in chunks."""


@dataclass(frozen=True, slots=True)
class _Row:
    """A row and its index among all rows."""

    index: int
    job: Job
    result: Result | None


@dataclass(frozen=True, slots=True)
class Removal:
    """One removal: its hosts, their rows and verdicts."""

    targets: tuple[Target, ...]
    rows: tuple[_Row, ...]
    events: tuple[Event, ...]
    """Results and verdicts."""

    @property
    def unmeasured(self) -> bool:
        """True if a row waited or was in flight when it was removed."""
        return any(row.result is None for row in self.rows)


class Table(Protocol):
    """The table, as far as rows leave it and come back."""

    rows: Rows

    def replace(self, rows: Iterable[tuple[Job, Result | None]]) -> None:
        """Show these rows instead of those it has."""

    def set_timer(self, delay: float, callback: Callable[[], None]) -> object:
        """Call once, after so many seconds."""


class Tree(Protocol):
    """The tree, as far as rows leave it and come back."""

    def remove_rows(self, keys: Iterable[str]) -> None:
        """Forget rows."""

    def add(self, jobs: Iterable[Job]) -> None:
        """Count new rows."""

    def apply(self, events: Iterable[Event]) -> None:
        """Show events."""


class RemovedHosts:
    """Stack of removals from the table, the tree and the verdicts, the latest last.

    Of many rows it is a tenth of a second of work, so it is done in chunks, and keys are answered
    between them; the next operation finishes it first. `done` is called at its end.
    """

    def __init__(
        self, table: Table, tree: Tree, verdicts: Verdicts, done: Callable[[], None]
    ) -> None:
        self._table = table
        self._tree = tree
        self._verdicts = verdicts
        self._done = done
        self._work = ChunkedWork(table.set_timer)
        self._removed: list[Removal] = []

    @property
    def count(self) -> int:
        """Number of removals that are not undone."""
        return len(self._removed)

    @property
    def latest(self) -> Removal | None:
        """Removal that is undone next."""
        self.finish_pending()
        return self._removed[-1] if self._removed else None

    def finish_pending(self) -> None:
        """Finish the pending removal or restoration."""
        self._work.finish()

    def clear(self) -> None:
        """Forget every removal, as another session's rows are shown."""
        self._work.cancel()
        self._removed.clear()

    def forget(self, targets: Collection[Target]) -> None:
        """Forget removals of these hosts, which have new rows."""
        self.finish_pending()
        self._removed = [
            one for one in self._removed if not any(target in targets for target in one.targets)
        ]

    def remove(self, targets: Iterable[Target]) -> None:
        """Remove hosts from the screen."""
        self._start(self._remove_in_chunks(frozenset(targets)))

    def restore(self, targets: Collection[Target]) -> None:
        """Restore hosts that were removed together to their places."""
        self._start(self._restore_in_chunks(frozenset(targets)))

    def _start(self, chunks: Iterator[None]) -> None:
        self.finish_pending()
        self._work.start(chunks, self._done)
        if len(self._table.rows) < CHUNKED_FROM:
            self.finish_pending()

    def _remove_in_chunks(self, targets: frozenset[Target]) -> Iterator[None]:
        removed: list[_Row] = []
        kept: list[tuple[Job, Result | None]] = []
        for index, row in enumerate(self._table.rows.results):
            if row[0].target in targets:
                removed.append(_Row(index, *row))
            else:
                kept.append(row)
        if not removed:
            return
        yield
        self._table.replace(kept)
        yield
        events: list[Event] = [row.result for row in removed if row.result is not None]
        self._tree.remove_rows([row.job.key for row in removed])
        events += self._verdicts.remove(targets)
        ordered = tuple(dict.fromkeys(row.job.target for row in removed))
        self._removed.append(Removal(ordered, tuple(removed), tuple(events)))

    def _restore_in_chunks(self, targets: frozenset[Target]) -> Iterator[None]:
        removal = next((one for one in self._removed if targets == frozenset(one.targets)), None)
        if removal is None:
            return
        self._removed.remove(removal)
        rows = _merged(self._table.rows.results, removal.rows)
        yield
        self._table.replace(rows)
        yield
        jobs = [row.job for row in removal.rows]
        self._verdicts.add(jobs)
        self._tree.add(jobs)
        yield
        self._verdicts.apply(removal.events)
        self._tree.apply(removal.events)


def _merged(
    rows: Iterable[tuple[Job, Result | None]], restored: Iterable[_Row]
) -> list[tuple[Job, Result | None]]:
    """The rows with the restored ones at the places they had, or behind the last."""
    merged: list[tuple[Job, Result | None]] = []
    others = iter(rows)
    for row in restored:
        merged += islice(others, row.index - len(merged))
        merged.append((row.job, row.result))
    merged += others
    return merged

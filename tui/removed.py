"""Hosts that were taken off the screen, and what is needed to put them back as they were."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from itertools import islice
from typing import NamedTuple

from probes.engine.model import Event, Job, Result, Target
from tui.widgets.outline import Outline
from tui.widgets.table import ResultTable


class _Row(NamedTuple):
    """A row and the place it had among all of them."""

    at: int
    job: Job
    result: Result | None


class Gone(NamedTuple):
    """Hosts that were removed together, with their rows and verdicts."""

    targets: tuple[Target, ...]
    rows: tuple[_Row, ...]
    events: tuple[Event, ...]
    """Results and verdicts."""

    @property
    def unmeasured(self) -> bool:
        """Whether a row waited or was in flight when it went."""
        return any(row.result is None for row in self.rows)


class Removals:
    """What was removed from the table and the tree, the latest last."""

    def __init__(self, table: ResultTable, outline: Outline) -> None:
        self._table = table
        self._outline = outline
        self._gone: list[Gone] = []

    @property
    def latest(self) -> Gone | None:
        """What comes back next."""
        return self._gone[-1] if self._gone else None

    def clear(self) -> None:
        """Other rows: nothing of the old ones comes back."""
        self._gone.clear()

    def forget(self, targets: Collection[Target]) -> None:
        """These hosts were named again and have new rows."""
        self._gone = [
            one for one in self._gone if not any(target in targets for target in one.targets)
        ]

    def remove(self, targets: Iterable[Target]) -> None:
        """Take hosts off the screen."""
        gone = frozenset(targets)
        taken: list[_Row] = []
        left: list[tuple[Job, Result | None]] = []
        for at, row in enumerate(self._table.rows.held):
            if row[0].target in gone:
                taken.append(_Row(at, *row))
            else:
                left.append(row)
        if not taken:
            return
        self._table.replace(left)
        events: list[Event] = [row.result for row in taken if row.result is not None]
        events += self._outline.take_out(gone, [row.job.key for row in taken])
        names = tuple(dict.fromkeys(row.job.target for row in taken))
        self._gone.append(Gone(names, tuple(taken), tuple(events)))

    def restore(self, targets: Collection[Target]) -> None:
        """Put hosts that were removed together back to their places."""
        back = next((one for one in self._gone if set(one.targets) == set(targets)), None)
        if back is None:
            return
        self._gone.remove(back)
        self._table.replace(_merged(self._table.rows.held, back.rows))
        jobs = [row.job for row in back.rows]
        self._outline.verdicts.add(jobs)
        self._outline.add(jobs)
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

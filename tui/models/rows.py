"""Rows of the table: filter, order and counts."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from operator import itemgetter
from typing import Any, TypeVar

from probes.judging.host_states import HostStates
from probes.judging.party import UNHEARD, HostState
from probes.model import TO_CHANGE, UNFINISHED, Job, Queued, Result, Started, Status
from tui.models.columns import COLUMN, RowData, Sort
from tui.models.filter import EVERYTHING, Filter, row_predicate
from tui.text.status import in_order

_Part = TypeVar("_Part", bound=Hashable)


def ranks(parts: Sequence[_Part], key: Callable[[_Part], Any]) -> array[int]:
    """Rank of each part among the distinct ones; the sort key is computed once a value."""
    place = {part: rank for rank, part in enumerate(sorted(set(parts), key=key))}
    return array("I", map(place.__getitem__, parts))


SEVERITY = in_order(lambda ranks: ranks.table)
"""Every status, what needs attention first."""

_CODE = {status: code for code, status in enumerate(SEVERITY)}
_NO_HOST = _CODE[Status.NO_HOST]
CHUNK_ROWS = 1000
"""Rows that are filtered in one chunk, a few milliseconds of work."""
_UNFINISHED = frozenset(_CODE[status] for status in UNFINISHED)


class Rows:
    """One row per job key, with its latest result; numbered from 0 in the order of adding.

    `view` changes only in `show`, `sort`, `resort` and `clear`, and by appending: rows never move
    while results arrive. `stale` says that `resort` would give another view.
    """

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self.filter = EVERYTHING
        self.order: tuple[str, bool] | None = None
        """Id of the column and reverse of the current sort, or None for the order of adding."""
        self.clear()
        self.add(jobs)

    def clear(self) -> None:
        """Forget every row; filter and sort stay."""
        self._index: dict[str, int] = {}
        self._jobs: list[Job] = []
        self._results: list[Result | None] = []
        self._codes = bytearray()
        self._versions = array("I")
        self._visible = bytearray()
        self._view = array("I")
        self._counts = [0] * len(SEVERITY)
        self._ranks: dict[str, array[int]] = {}
        """Places of the rows by a column that results do not change."""
        self._changes = 0
        self._hosts: HostStates | None = None
        self.stale = False

    def replace(self, rows: Iterable[tuple[Job, Result | None]]) -> None:
        """Hold these rows of different keys instead, those without a result as queued.

        Filter and sort stay.
        """
        fixed = tuple(rows)
        self.clear()
        # All of each kind at once: keys wait for it.
        self._jobs = [job for job, _ in fixed]
        self._results = [result for _, result in fixed]
        self._index = {job.key: row for row, job in enumerate(self._jobs)}
        queued = _CODE[Status.QUEUED]
        self._codes = bytearray(
            queued if result is None else _CODE[result.status] for result in self._results
        )
        self._versions = array("I", bytes(4 * len(fixed)))
        self._counts = [self._codes.count(code) for code in range(len(SEVERITY))]
        self.resort()

    def __len__(self) -> int:
        return len(self._jobs)

    def __contains__(self, key: str) -> bool:
        return key in self._index

    @property
    def results(self) -> list[tuple[Job, Result | None]]:
        """Every row's job and latest result, in the order of adding."""
        return list(zip(self._jobs, self._results, strict=True))

    @property
    def view(self) -> Sequence[int]:
        """The numbers of the visible rows, from top to bottom."""
        return self._view

    @property
    def counts(self) -> dict[Status, int]:
        """Number of rows by status, hidden ones included."""
        return dict(zip(SEVERITY, self._counts, strict=True))

    def add(self, jobs: Iterable[Job]) -> None:
        """Append a queued row per job; a key that is there already keeps its row."""
        first = len(self._jobs)
        for job in jobs:
            if job.key not in self._index:
                self._index[job.key] = len(self._jobs)
                self._jobs.append(job)
        new = len(self._jobs) - first
        if not new:
            return
        self._results.extend([None] * new)
        self._codes.extend([_CODE[Status.QUEUED]] * new)
        self._versions.extend([0] * new)
        self._visible.extend(bytes(new))
        self._counts[_CODE[Status.QUEUED]] += new
        self._ranks.clear()
        self._append(range(first, first + new))
        self.stale = self.stale or self.order is not None

    def apply(self, events: Iterable[object]) -> set[int]:
        """Take in results and starts in the order they happened; the numbers of changed rows.

        A result whose job is new adds its row. Events that concern no row are ignored.
        """
        changed: set[int] = set()
        for event in events:
            if isinstance(event, Result):
                row = self._index.get(event.job.key)
                if row is None:
                    self.add((event.job,))
                    row = len(self._jobs) - 1
                self._results[row] = event
                if self._hosts is not None:
                    self._hosts.add(event)
                self._set_status(row, _CODE[event.status], changed)
            elif isinstance(event, Started | Queued):
                code = _CODE[Status.RUNNING if isinstance(event, Started) else Status.QUEUED]
                for key in event.keys:
                    row = self._index.get(key)
                    if row is not None:
                        self._set_status(row, code, changed)
        self._update_view(changed)
        return changed

    def result(self, key: str) -> Result | None:
        """The latest result under a key, also while it is measured again; None before any."""
        row = self._index.get(key)
        return None if row is None else self._results[row]

    def host_of(self, result: Result | None) -> HostState:
        """State of the host of a row; of one that needs no change it is not looked for."""
        if result is None or result.status not in TO_CHANGE:
            return UNHEARD
        return self.hosts.of(result)

    @property
    def hosts(self) -> HostStates:
        """States of the hosts by the latest results; kept once they were asked for."""
        if self._hosts is None:
            self._hosts = HostStates(one for one in self._results if one is not None)
        return self._hosts

    def job_of(self, key: str) -> Job | None:
        """The job under a key, or None if there is no such row."""
        row = self._index.get(key)
        return None if row is None else self._jobs[row]

    def job(self, row: int) -> Job:
        """The job of a row."""
        return self._jobs[row]

    def status(self, row: int) -> Status:
        """The status of a row."""
        return SEVERITY[self._codes[row]]

    def version(self, row: int) -> int:
        """A number that changes whenever the row does."""
        return self._versions[row]

    def row_data(self, row: int) -> RowData:
        """Data of a row that columns read."""
        return RowData(SEVERITY[self._codes[row]], self._jobs[row], self._shown_result(row))

    def visible(self, key: str) -> bool:
        """True if the row of a key is visible; False if it is hidden or unknown."""
        row = self._index.get(key)
        return row is not None and bool(self._visible[row])

    def line(self, key: str) -> int | None:
        """Line of a key in the view; None if it is hidden or unknown."""
        row = self._index.get(key)
        if row is None or not self._visible[row]:
            return None
        return self._view.index(row)

    def key(self, line: int) -> str:
        """The key at a line of the view; IndexError outside it."""
        return self._jobs[self._view[line]].key

    def show(self, filter: Filter) -> None:
        """Make visible what a filter passes, in the current order."""
        for _ in self.resort_in_chunks(filter):
            pass

    def sort(self, column: str | None, reverse: bool = False) -> None:
        """Order by a column, equal rows as they were added; None for the order of adding.

        Hosts sort naturally and addresses by value, statuses by severity; rows without a latency
        or a note come last in both directions.
        """
        self.order = None if column is None else (column, reverse)
        self.resort()

    def resort(self) -> None:
        """Apply filter and order to what is known now."""
        for _ in self.resort_in_chunks(self.filter):
            pass

    def resort_in_chunks(self, filter: Filter) -> Iterator[None]:
        """Apply another filter and the order, a chunk of the rows at a time.

        The view stays as it is until the last chunk; what changes in between may leave it stale.
        """
        before = self._changes
        rows: Iterable[int] = range(len(self._jobs))
        if filter != EVERYTHING or self._counts[_NO_HOST]:
            passes, found = self._predicate(filter), list[int]()
            at = 0
            while at < len(self._jobs):
                end = min(at + CHUNK_ROWS, len(self._jobs))
                found += [row for row in range(at, end) if passes(row)]
                at = end
                yield
            rows = found
        if self.order is not None:
            rows = self._sorted(rows, *self.order)
        self.filter = filter
        self._view = array("I", rows)
        self._visible = bytearray(len(self._jobs))
        for row in self._view:
            self._visible[row] = 1
        self.stale = filter.depends_on_results and before != self._changes

    def _set_status(self, row: int, code: int, changed: set[int]) -> None:
        self._changes += 1
        self._counts[self._codes[row]] -= 1
        self._counts[code] += 1
        self._codes[row] = code
        self._versions[row] = (self._versions[row] + 1) & 0xFFFFFFFF
        changed.add(row)

    def _update_view(self, changed: set[int]) -> None:
        """Append rows that have become visible; mark the view as stale if it is."""
        if not changed:
            return
        if self.order is not None and _sort(self.order[0]).depends_on_result:
            self.stale = True
        if self.filter.depends_on_results:
            passes = self._predicate(self.filter)
            self.stale = self.stale or any(
                self._visible[row] and not passes(row) for row in changed
            )
            hidden = sorted(row for row in changed if not self._visible[row])
            if self._append(hidden):
                self.stale = True

    def _append(self, rows: Sequence[int]) -> bool:
        """Append hidden rows that pass the filter to the view; True if there were any."""
        shown = rows
        if self.filter != EVERYTHING or self._counts[_NO_HOST]:
            passes = self._predicate(self.filter)
            shown = [row for row in rows if passes(row)]
        for row in shown:
            self._visible[row] = 1
        self._view.extend(shown)
        return bool(shown)

    def _predicate(self, filter: Filter) -> Callable[[int], bool]:
        predicate = row_predicate(filter)
        jobs, codes, results = self._jobs, self._codes, self._results

        def visible(row: int) -> bool:
            code = codes[row]
            result = None if code in _UNFINISHED else results[row]
            return predicate(jobs[row], SEVERITY[code], result)

        return visible

    def _shown_result(self, row: int) -> Result | None:
        """The result a row shows: none while it waits or is measured again."""
        return None if self._codes[row] in _UNFINISHED else self._results[row]

    def _sorted(self, rows: Iterable[int], column: str, reverse: bool) -> list[int]:
        sort = _sort(column)
        if sort.job is not None:
            places = self._ranks.get(column)
            if places is None:
                places = ranks([sort.job(job) for job in self._jobs], sort.key)
                self._ranks[column] = places
            return sorted(rows, key=places.__getitem__, reverse=reverse)
        if sort.result is None:
            return sorted(rows, key=self._codes.__getitem__, reverse=reverse)
        of, codes, results = sort.result, self._codes, self._results
        known: list[tuple[Any, int]] = []
        unknown: list[int] = []
        for row in rows:
            result = None if codes[row] in _UNFINISHED else results[row]
            value = None if result is None else of(result)
            if value is None or value == "":
                unknown.append(row)
            else:
                known.append((value, row))
        known.sort(key=itemgetter(0), reverse=reverse)
        return [row for _, row in known] + unknown


def _sort(column: str) -> Sort:
    sort = COLUMN[column].sort
    if sort is None:
        raise KeyError(f"rows are not sorted by {column}")
    return sort

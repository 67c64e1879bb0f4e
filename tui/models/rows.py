"""Rows of the table: filter, order and counts."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from itertools import compress, groupby
from operator import itemgetter
from typing import Any, TypeVar

from probes.judging.host_states import HostStates
from probes.judging.party import UNHEARD, HostState
from probes.model import TO_CHANGE, UNFINISHED, Job, Queued, Result, Started, Status, Target
from tui.models.columns import COLUMN, RowData, Sort
from tui.models.filter import EVERYTHING, Filter, row_predicate
from tui.models.sections import Section, Sections, always, never, of_several
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
_QUEUED = _CODE[Status.QUEUED]
_RUNNING = _CODE[Status.RUNNING]
WORST_FIRST = ("status", False)
"""The usual order: what needs attention first, and what is equal by its host."""
_HEADED = {"status": always, "host": of_several}
"""Columns by which rows are in sections, and which of these have a heading."""


class Rows:
    """One row per job key, with its latest result; numbered from 0 in the order of adding.

    `view` changes only in `show`, `sort`, `resort`, `reorder` and `clear`, and by appending: rows
    never move by themselves while results arrive. `stale` says that `resort` would give another
    view, `disordered` that `reorder` would.

    A row that is measured again stands where its latest result puts it until the next one comes.
    """

    def __init__(self, jobs: Iterable[Job] = (), order: tuple[str, bool] | None = None) -> None:
        self.filter = EVERYTHING
        self.order = order
        """Id of the column and reverse of the current sort, or None for the order of adding."""
        self.clear()
        self.add(jobs)

    def clear(self) -> None:
        """Forget every row; filter and sort stay."""
        self._index: dict[str, int] = {}
        self._jobs: list[Job] = []
        self._results: list[Result | None] = []
        self._codes = bytearray()
        self._groups = bytearray()
        """Statuses by which rows are ordered and grouped."""
        self._targets: dict[Target, int] = {}
        self._target_of = array("I")
        """Number of the target of each row."""
        self._versions = array("I")
        self._visible = bytearray()
        self._view = array("I")
        self.sections = self._no_sections()
        """Sections of the view."""
        self._counts = [0] * len(SEVERITY)
        self._ranks: dict[str, array[int]] = {}
        """Places of the rows by a column that results do not change."""
        self._by_host: array[int] | None = None
        """Every row in the order of hosts."""
        self._changes = 0
        self._hosts: HostStates | None = None
        self.disordered = False
        self._unfiltered = False

    def replace(self, rows: Iterable[tuple[Job, Result | None]]) -> None:
        """Hold these rows of different keys instead, those without a result as queued.

        What is asked at the moment stays so. Filter and sort stay.
        """
        fixed = tuple(rows)
        under_way = tuple(self._under_way())
        self.clear()
        # All of each kind at once: keys wait for it.
        self._jobs = [job for job, _ in fixed]
        self._results = [result for _, result in fixed]
        self._index = {job.key: row for row, job in enumerate(self._jobs)}
        self._number_targets(self._jobs)
        self._codes = bytearray(
            _QUEUED if result is None else _CODE[result.status] for result in self._results
        )
        self._groups = bytearray(self._codes)
        for key, code, group, result in under_way:
            row = self._index.get(key)
            if row is not None and self._results[row] is result:
                self._codes[row], self._groups[row] = code, group
        self._versions = array("I", bytes(4 * len(fixed)))
        self._counts = [self._codes.count(code) for code in range(len(SEVERITY))]
        self.resort()

    def _under_way(self) -> Iterator[tuple[str, int, int, Result | None]]:
        """Key, codes of status and group, and result of rows whose result does not tell these."""
        states = zip(self._jobs, self._codes, self._groups, self._results, strict=True)
        for job, code, group, result in states:
            if code == _RUNNING or (code == _QUEUED and result is not None):
                yield job.key, code, group, result

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
    def stale(self) -> bool:
        """True if `resort` would give another view."""
        return self.disordered or self._unfiltered

    @property
    def grouped_by_host(self) -> bool:
        """True if the heading of a section is that of a target."""
        return self._by == "host"

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
        self._number_targets(self._jobs[first:])
        self._codes.extend([_QUEUED] * new)
        self._groups.extend([_QUEUED] * new)
        self._versions.extend([0] * new)
        self._visible.extend(bytes(new))
        self._counts[_QUEUED] += new
        self._ranks.clear()
        self._by_host = None
        self._append(range(first, first + new))
        self.disordered = self.disordered or self.order is not None

    def apply(self, events: Iterable[object]) -> set[int]:
        """Take in results and starts in the order they happened; the numbers of changed rows.

        A result whose job is new adds its row. Events that concern no row are ignored.
        """
        changed: set[int] = set()
        measured = False
        for event in events:
            if isinstance(event, Result):
                row = self._index.get(event.job.key)
                if row is None:
                    self.add((event.job,))
                    row = len(self._jobs) - 1
                self._results[row] = event
                measured = True
                if self._hosts is not None:
                    self._hosts.add(event)
                code = _CODE[event.status]
                self._set_status(row, code, changed)
                self._set_group(row, code)
            elif isinstance(event, Started | Queued):
                code = _CODE[Status.RUNNING if isinstance(event, Started) else Status.QUEUED]
                for key in event.keys:
                    row = self._index.get(key)
                    if row is not None:
                        self._set_status(row, code, changed)
                        if self._results[row] is None:
                            self._set_group(row, code)
        if measured and self.order is not None and _sort(self.order[0]).result is not None:
            self.disordered = True
        self._update_view(changed)
        return changed

    def heading(self, section: Section) -> Status | Target | None:
        """The status or the target that all rows of a section have; None for that of a flat view.

        It is what the rows had when they were put in order.
        """
        if self._by == "status":
            return SEVERITY[section.group]
        return self._jobs[self._view[section.first]].target if self.grouped_by_host else None

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

    def status_of(self, key: str) -> Status | None:
        """The status of the row under a key, as the table shows it; None without such a row."""
        row = self._index.get(key)
        return None if row is None else self.status(row)

    def row_data(self, row: int) -> RowData:
        """Data of a row that columns read."""
        return RowData(SEVERITY[self._codes[row]], self._jobs[row], self._shown_result(row))

    def visible(self, key: str) -> bool:
        """True if the row of a key is visible; False if it is hidden or unknown."""
        row = self._index.get(key)
        return row is not None and bool(self._visible[row])

    def hidden_row(self, key: str) -> int | None:
        """Number of the row of a key if it is hidden; None if it is visible or unknown."""
        row = self._index.get(key)
        return None if row is None or self._visible[row] else row

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

        Hosts sort naturally and addresses by value, statuses by severity and equal ones by host;
        rows without a latency or a note come last in both directions.
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
        visible = bytearray(b"\1") * len(self._jobs)
        if filter != EVERYTHING or self._counts[_NO_HOST]:
            passes = self._predicate(filter)
            visible = bytearray()
            while (at := len(visible)) < len(self._jobs):
                visible += bytes(map(passes, range(at, min(at + CHUNK_ROWS, len(self._jobs)))))
                yield
        self.filter = filter
        self._visible = visible
        self._unfiltered = filter.depends_on_results and before != self._changes
        self.reorder()

    def reorder(self) -> None:
        """Put the visible rows in order by what is known now, and hide or show none."""
        shown: Iterable[int] = compress(range(len(self._jobs)), self._visible)
        self._view = array("I", shown if self.order is None else self._sorted(shown, *self.order))
        self.sections = self._no_sections()
        for group, count in self._runs(self._view):
            self.sections.append(group, count)
        self.disordered = False

    def _number_targets(self, jobs: Sequence[Job]) -> None:
        last: Target | None = None
        number = 0
        for job in jobs:
            # The rows of a target share one object, and to find one takes longer than this.
            if job.target is not last:
                last = job.target
                number = self._targets.setdefault(last, len(self._targets))
            self._target_of.append(number)

    @property
    def _by(self) -> str:
        """Id of the column that sorts; empty for the order of adding."""
        return "" if self.order is None else self.order[0]

    def _no_sections(self) -> Sections:
        return Sections(_HEADED.get(self._by, never))

    def _runs(self, rows: Sequence[int]) -> Iterator[tuple[int, int]]:
        """Group and number of each run of rows in the same one."""
        groups = {"status": self._groups, "host": self._target_of}.get(self._by)
        if groups is None:
            yield 0, len(rows)
        else:
            for group, same in groupby(map(groups.__getitem__, rows)):
                yield group, sum(1 for _ in same)

    def _set_status(self, row: int, code: int, changed: set[int]) -> None:
        self._changes += 1
        self._counts[self._codes[row]] -= 1
        self._counts[code] += 1
        self._codes[row] = code
        self._versions[row] = (self._versions[row] + 1) & 0xFFFFFFFF
        changed.add(row)

    def _set_group(self, row: int, code: int) -> None:
        if code != self._groups[row]:
            self._groups[row] = code
            self.disordered = self.disordered or self._by == "status"

    def _update_view(self, changed: set[int]) -> None:
        """Append rows that have become visible; mark the view as stale if it is."""
        if not changed:
            return
        if self.filter.depends_on_results:
            passes = self._predicate(self.filter)
            self._unfiltered = self._unfiltered or any(
                self._visible[row] and not passes(row) for row in changed
            )
            hidden = sorted(row for row in changed if not self._visible[row])
            if self._append(hidden):
                self.disordered = True

    def _append(self, rows: Sequence[int]) -> bool:
        """Append hidden rows that pass the filter to the view; True if there were any."""
        shown = rows
        if self.filter != EVERYTHING or self._counts[_NO_HOST]:
            passes = self._predicate(self.filter)
            shown = [row for row in rows if passes(row)]
        for row in shown:
            self._visible[row] = 1
        for group, count in self._runs(shown):
            self.sections.append(group, count)
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
        """These rows, which are the visible ones as they were added, by a column."""
        sort = _sort(column)
        if sort.result is not None:
            return self._sorted_by_result(rows, sort.result, reverse)
        if sort.depends_on_result:
            return sorted(self._shown_by_host(), key=self._groups.__getitem__, reverse=reverse)
        return sorted(rows, key=self._ranks_by(column).__getitem__, reverse=reverse)

    def _sorted_by_result(
        self, rows: Iterable[int], value_of: Callable[[Result], Any], reverse: bool
    ) -> list[int]:
        known: list[tuple[Any, int]] = []
        unknown: list[int] = []
        for row in rows:
            result = self._results[row]
            value = None if result is None else value_of(result)
            if value is None or value == "":
                unknown.append(row)
            else:
                known.append((value, row))
        known.sort(key=itemgetter(0), reverse=reverse)
        return [row for _, row in known] + unknown

    def _shown_by_host(self) -> Iterator[int]:
        """The visible rows in the order of hosts."""
        if self._by_host is None:
            by_rank = self._ranks_by("host").__getitem__
            self._by_host = array("I", sorted(range(len(self._jobs)), key=by_rank))
        return compress(self._by_host, map(self._visible.__getitem__, self._by_host))

    def _ranks_by(self, column: str) -> array[int]:
        """Place of each row by a column that results do not change."""
        places = self._ranks.get(column)
        if places is None:
            sort = _sort(column)
            if sort.target is not None:
                of_target = ranks([sort.target(target) for target in self._targets], sort.key)
                places = array("I", map(of_target.__getitem__, self._target_of))
            elif sort.job is not None:
                places = ranks([sort.job(job) for job in self._jobs], sort.key)
            else:
                raise KeyError(f"results change the order by {column}")
            self._ranks[column] = places
        return places


def _sort(column: str) -> Sort:
    sort = COLUMN[column].sort
    if sort is None:
        raise KeyError(f"rows are not sorted by {column}")
    return sort

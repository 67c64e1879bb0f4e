"""Rows of the table and their order."""

from __future__ import annotations

import re
import socket
from array import array
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from probes.model import UNFINISHED, Job, Queued, Result, Started, Status
from tui.models.filter import EVERYTHING, Filter, passing
from tui.text.status import in_order

_DIGITS = re.compile("([0-9]+)")
_Part = TypeVar("_Part", bound=Hashable)


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key that ignores case and compares runs of digits by value, however long."""
    return tuple(
        (len(digits := part.lstrip("0")), digits) if place % 2 else (0, part)
        for place, part in enumerate(_DIGITS.split(text.casefold()))
    )


def host_key(host: tuple[str, int]) -> tuple[object, ...]:
    """A sort key for (host, port): IPv4 by value, then IPv6, then names naturally."""
    name, port = host
    version = 6 if ":" in name else 4
    try:
        value = socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, name)
    except (OSError, ValueError):
        return (9, natural(name), port)
    return (version, value, port)


def ranks(parts: Sequence[_Part], key: Callable[[_Part], tuple[Any, ...]]) -> array[int]:
    """The place of each part among the different ones, so that a key is made once a value."""
    place = {part: rank for rank, part in enumerate(sorted(set(parts), key=key))}
    return array("I", map(place.__getitem__, parts))


Column = Literal["status", "host", "check", "latency", "note"]
"""What a row can be sorted by."""

SEVERITY = in_order(lambda ranks: ranks.table)
"""Every status, what needs attention first."""

_CODE = {status: code for code, status in enumerate(SEVERITY)}
PIECE = 1000
"""Rows that are filtered in one piece, a few milliseconds of work."""
_UNFINISHED = frozenset(_CODE[status] for status in UNFINISHED)


@dataclass(frozen=True, slots=True)
class Cells:
    """One row as data for the eye; texts are as they came and may hold anything.

    `latency` is in milliseconds. A row that waits or runs has neither latency nor note.
    """

    status: Status
    host: str
    title: str
    port: str
    latency: float | None
    note: str


class Rows:
    """One row per job key, with its latest result; numbered from 0 in the order of adding.

    `view` changes only in `show`, `sort`, `resort` and `clear`, and by appending: rows never move
    while results arrive. `stale` says that `resort` would give another view.
    """

    def __init__(self, jobs: Iterable[Job] = ()) -> None:
        self.filter = EVERYTHING
        self.order: tuple[Column, bool] | None = None
        """Column and reverse of the current sort, or None for the order of adding."""
        self.clear()
        self.add(jobs)

    def clear(self) -> None:
        """Forget every row; filter and sort stay."""
        self._index: dict[str, int] = {}
        self._jobs: list[Job] = []
        self._results: list[Result | None] = []
        self._codes = bytearray()
        self._versions = array("I")
        self._seen = bytearray()
        self._view = array("I")
        self._counts = [0] * len(SEVERITY)
        self._host_ranks: array[int] | None = None
        self._changes = 0
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
    def held(self) -> list[tuple[Job, Result | None]]:
        """Every row's job and latest result, in the order of adding."""
        return list(zip(self._jobs, self._results, strict=True))

    @property
    def view(self) -> Sequence[int]:
        """The numbers of the visible rows, from top to bottom."""
        return self._view

    @property
    def counts(self) -> dict[Status, int]:
        """How many rows have each status, hidden ones included."""
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
        self._seen.extend(bytes(new))
        self._counts[_CODE[Status.QUEUED]] += new
        self._host_ranks = None
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
                self._mark(row, _CODE[event.status], changed)
            elif isinstance(event, Started | Queued):
                code = _CODE[Status.RUNNING if isinstance(event, Started) else Status.QUEUED]
                for key in event.keys:
                    row = self._index.get(key)
                    if row is not None:
                        self._mark(row, code, changed)
        self._notice(changed)
        return changed

    def result(self, key: str) -> Result | None:
        """The latest result under a key, also while it is measured again; None before any."""
        row = self._index.get(key)
        return None if row is None else self._results[row]

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

    def cells(self, row: int) -> Cells:
        """What a row shows."""
        job = self._jobs[row]
        result = self._shown(row)
        return Cells(
            status=SEVERITY[self._codes[row]],
            host=job.target.label,
            title=job.check.title,
            port=job.port_text,
            latency=None if result is None else result.observation.latency_ms,
            note="" if result is None else result.note,
        )

    def visible(self, key: str) -> bool:
        """Whether a filter leaves a key visible; false for one that is unknown."""
        row = self._index.get(key)
        return row is not None and bool(self._seen[row])

    def line(self, key: str) -> int | None:
        """Where in the view a key stands, or None if it is hidden or unknown."""
        row = self._index.get(key)
        if row is None or not self._seen[row]:
            return None
        return self._view.index(row)

    def key(self, line: int) -> str:
        """The key at a line of the view; IndexError outside it."""
        return self._jobs[self._view[line]].key

    def show(self, filter: Filter) -> None:
        """Make visible what a filter passes, in the current order."""
        for _ in self.resorting(filter):
            pass

    def sort(self, column: Column | None, reverse: bool = False) -> None:
        """Order by a column, equal rows as they were added; None for the order of adding.

        Hosts sort naturally and addresses by value, statuses by severity; rows without a latency
        or a note come last in both directions.
        """
        self.order = None if column is None else (column, reverse)
        self.resort()

    def resort(self) -> None:
        """Apply filter and order to what is known now."""
        for _ in self.resorting(self.filter):
            pass

    def resorting(self, filter: Filter) -> Iterator[None]:
        """Apply another filter and the order, a piece of the rows at a time.

        The view stays as it is until the last piece; what changes in between may leave it stale.
        """
        before = self._changes
        rows: Iterable[int] = range(len(self._jobs))
        if filter != EVERYTHING:
            passes, found = self._passing(filter), list[int]()
            at = 0
            while at < len(self._jobs):
                end = min(at + PIECE, len(self._jobs))
                found += [row for row in range(at, end) if passes(row)]
                at = end
                yield
            rows = found
        if self.order is not None:
            rows = self._sorted(rows, *self.order)
        self.filter = filter
        self._view = array("I", rows)
        self._seen = bytearray(len(self._jobs))
        for row in self._view:
            self._seen[row] = 1
        self.stale = filter.changeable and before != self._changes

    def _mark(self, row: int, code: int, changed: set[int]) -> None:
        self._changes += 1
        self._counts[self._codes[row]] -= 1
        self._counts[code] += 1
        self._codes[row] = code
        self._versions[row] = (self._versions[row] + 1) & 0xFFFFFFFF
        changed.add(row)

    def _notice(self, changed: set[int]) -> None:
        """Append rows that have become visible, and see whether the view has become stale."""
        if not changed:
            return
        if self.order is not None and self.order[0] in ("status", "latency", "note"):
            self.stale = True
        if self.filter.changeable:
            passes = self._passing(self.filter)
            self.stale = self.stale or any(self._seen[row] and not passes(row) for row in changed)
            hidden = sorted(row for row in changed if not self._seen[row])
            if self._append(hidden):
                self.stale = True

    def _append(self, rows: Sequence[int]) -> bool:
        """Put hidden rows that pass the filter at the end of the view; whether there were any."""
        shown = rows
        if self.filter != EVERYTHING:
            passes = self._passing(self.filter)
            shown = [row for row in rows if passes(row)]
        for row in shown:
            self._seen[row] = 1
        self._view.extend(shown)
        return bool(shown)

    def _passing(self, filter: Filter) -> Callable[[int], bool]:
        passes = passing(filter)
        jobs, codes, results = self._jobs, self._codes, self._results

        def passed(row: int) -> bool:
            code = codes[row]
            result = None if code in _UNFINISHED else results[row]
            return passes(jobs[row], SEVERITY[code], result)

        return passed

    def _shown(self, row: int) -> Result | None:
        """The result a row shows: none while it waits or is measured again."""
        return None if self._codes[row] in _UNFINISHED else self._results[row]

    def _sorted(self, rows: Iterable[int], column: Column, reverse: bool) -> list[int]:
        if column == "status":
            return sorted(rows, key=self._codes.__getitem__, reverse=reverse)
        if column == "host":
            if self._host_ranks is None:
                hosts = [(job.target.host, job.target.port or 0) for job in self._jobs]
                self._host_ranks = ranks(hosts, host_key)
            return sorted(rows, key=self._host_ranks.__getitem__, reverse=reverse)
        if column == "check":
            checks = [(job.check.title, job.check.transport, job.port or 0) for job in self._jobs]
            places = ranks(checks, lambda part: (natural(part[0]), *part[1:]))
            return sorted(rows, key=places.__getitem__, reverse=reverse)
        known: list[tuple[float | str, int]] = []
        unknown: list[int] = []
        for row in rows:
            result = self._shown(row)
            value: float | str | None = None
            if result is not None:
                value = result.observation.latency_ms if column == "latency" else result.note
            if value is None or value == "":
                unknown.append(row)
            else:
                known.append((value.casefold() if isinstance(value, str) else value, row))
        known.sort(key=lambda pair: pair[0], reverse=reverse)
        return [row for _, row in known] + unknown

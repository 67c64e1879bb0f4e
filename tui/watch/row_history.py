"""Row history: the latest rounds of each row, its status changes and their times."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from probes.model import (
    AVAILABLE,
    MEASURED,
    MISSING,
    Event,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
)
from probes.session.replay import finish_time

MAX_ROUNDS = 60
"""Rounds of one row that are kept."""
LOST = -1.0
"""Stands among latencies for a round without an answer."""
UNTIMED = -2.0
"""Stands among latencies for an answer whose latency is not known."""


@dataclass(frozen=True, slots=True)
class Change:
    """A change of a row: of its status, or of the reason of a row that stays missing."""

    result: Result
    before: Status
    since: datetime
    """Time of the first attempt with the earlier status."""
    not_before: datetime
    """Time of the last attempt that saw the row as it was."""
    at: datetime
    """Time of the first attempt that saw it as it is, or of that of the row that decided it."""


@dataclass(frozen=True, slots=True)
class Series:
    """The latest rounds of one row, the oldest first: milliseconds, LOST or UNTIMED."""

    rounds: tuple[float, ...]
    total: int
    """Rounds there were, those that are not kept included."""
    lost: int
    """Number of all rounds without an answer."""
    since: datetime
    """Time of the first result with the present status."""

    @property
    def timed(self) -> tuple[float, ...]:
        """The latencies among the rounds that are kept, in milliseconds."""
        return tuple(value for value in self.rounds if value >= 0)

    @property
    def spread(self) -> tuple[float, float, float] | None:
        """Least, median and greatest latency of the rounds that are kept; None without any."""
        timed = self.timed
        return (min(timed), median(timed), max(timed)) if timed else None


class _RowRounds:
    __slots__ = ("cause", "last_seen", "lost", "rounds", "since", "started", "status", "total")

    def __init__(self, result: Result, since: float) -> None:
        self.status = result.status
        self.cause = _cause(result)
        self.since = since
        self.last_seen = since
        """Last moment at which the row was seen to be so, in seconds since 1970."""
        self.started = ""
        self.total = 0
        self.lost = 0
        # Most rows are measured once: the list begins with their second round.
        self.rounds: array[float] | float | None = None

    def add(self, value: float) -> None:
        self.total += 1
        self.lost += value == LOST
        if self.rounds is None:
            self.rounds = value
            return
        if isinstance(self.rounds, float):
            self.rounds = array("f", (self.rounds,))
        self.rounds.append(value)
        if len(self.rounds) > MAX_ROUNDS:
            del self.rounds[0]


class RowHistory:
    """History of every row of a session; a result that is only judged again is no new round."""

    def __init__(self) -> None:
        self._rows: dict[str, _RowRounds] = {}
        self._measured: tuple[Target | None, float] = (None, 0.0)
        """The host of the last row that was asked, and when."""

    def clear(self) -> None:
        """Forget everything: another session begins."""
        self._rows.clear()
        self._measured = (None, 0.0)

    def add(self, events: Iterable[Event]) -> list[Change]:
        """Add results in the order they came; returns those whose status changed."""
        changes = []
        for event in events:
            if isinstance(event, Result) and event.status is not Status.CANCELLED:
                change = self._add(event)
                if change is not None:
                    changes.append(change)
        return changes

    def of(self, key: str) -> Series | None:
        """The rounds of a row; None before its second one."""
        row = self._rows.get(key)
        if row is None or not isinstance(row.rounds, array):
            return None
        return Series(tuple(row.rounds), row.total, row.lost, _local_time(row.since))

    def _add(self, result: Result) -> Change | None:
        seen = result.observation
        at, last_old = _times(result)
        row = self._rows.get(result.job.key)
        if row is None:
            row = self._rows[result.job.key] = _RowRounds(result, at)
        before, cause, last_seen = row.status, row.cause, row.last_seen
        if row.started == seen.started and before is Status.NO_HOST:
            # It was only not known yet that there is a host.
            row.status, row.cause = result.status, _cause(result)
            return None
        if result.status is Status.NOT_NEEDED or seen.started == row.started:
            # Another row of the host, reported just before, decided this one: so it changed then.
            target, decided = self._measured
            if target == result.job.target:
                at = max(at, decided)
        elif result.status in MEASURED or result.status is Status.NO_HOST:
            row.started, row.last_seen = seen.started, at
            row.add(_value(seen))
            self._measured = (result.job.target, at)
        row.cause = _cause(result)
        if before is result.status and (before not in MISSING or row.cause == cause):
            return None
        since = row.since
        if before is not result.status:
            row.since, row.status = at, result.status
        not_before = min(max(last_seen, last_old), at)
        return Change(result, before, _local_time(since), _local_time(not_before), _local_time(at))


def _times(result: Result) -> tuple[float, float]:
    """Time at which a row was seen as it is, and of the last attempt that saw it otherwise.

    Seconds since 1970; 0 for the second where one attempt was enough. An answer is seen when it
    comes. Of silence only the start is certain: an answer to what was sent then would have come,
    and what returns while nobody sends is seen by the next attempt.
    """
    seen = result.observation
    started = _seconds(seen.started)
    ended = max(started, finish_time(result))
    if result.status in AVAILABLE:
        return ended, started if seen.attempts > 1 else 0.0
    silent = seen.reason is Reason.NO_RESPONSE or seen.service is Service.SILENT
    return started if silent else ended, 0.0


def _cause(result: Result) -> tuple[object, ...]:
    seen = result.observation
    return seen.state, seen.reason, seen.service, seen.icmp.offender if seen.icmp else ""


def _value(seen: Observation) -> float:
    """Latency of a round, LOST without an answer of the host or of whoever rejects in its place."""
    rejected = seen.state is State.FILTERED and seen.icmp is not None
    if seen.state not in (State.OPEN, State.CLOSED) and not rejected:
        return LOST
    return UNTIMED if seen.latency_ms is None or seen.latency_at_most else seen.latency_ms


def _seconds(started: str) -> float:
    try:
        return datetime.fromisoformat(started).timestamp()
    except ValueError:
        # A row that was decided without being measured has no time of its own.
        return datetime.now().timestamp()


def _local_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()

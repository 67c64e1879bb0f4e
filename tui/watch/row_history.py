"""Row history: the latest rounds of each row, its status changes and their times."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from probes.judging.changed_reason import changed_reason_text, obstacle_of
from probes.model import (
    MEASURED,
    Event,
    Evidence,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
)
from probes.session.replay import finish_time
from tui.watch.icmp_limit import IcmpLimit

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
    """Time of the last attempt that saw the row as it was, or the row that decided it."""
    at: datetime
    """Time of the first attempt that saw it as it is, or of that of the row that decided it."""
    reason: str = ""
    """The changed reason, a clause, where the status is the same."""


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


_Cause = tuple[State, Reason, Service, tuple[int, int, str] | None]


@dataclass(frozen=True, slots=True)
class _Bounds:
    """Times between which a row changed, and the number of the result that told it."""

    not_before: float
    at: float
    number: int


class _RowRounds:
    __slots__ = (
        *("cause", "changed", "decided", "last_seen", "limited", "lost", "number", "obstacle"),
        *("rounds", "since", "started", "status", "total"),
    )

    def __init__(self, result: Result, since: float) -> None:
        self.status = result.status
        self.cause = _cause(result)
        self.obstacle = obstacle_of(result)
        """Obstacle in its way when its reason was last told."""
        self.since = since
        self.changed: _Bounds | None = None
        """Bounds of the last change of its status."""
        self.decided = False
        """Its last result was not tested: another row of its host decided it."""
        self.last_seen = since
        """Start of the last attempt, in seconds since 1970."""
        self.limited: frozenset[str] = frozenset()
        """Devices whose limit of ICMP errors may explain that its last result was silence."""
        self.number = 0
        """Number of its last result among those of all rows."""
        self.started = ""
        self.total = 0
        self.lost = 0
        # Most rows are measured once: the list begins with their second round.
        self.rounds: array[float] | float | None = None

    @property
    def rejected_by(self) -> str:
        """Device that rejected it when its cause was last told; empty without one."""
        return self.cause[3][2] if self.cause[3] else ""

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
        self._number = 0
        """Number of results that were added."""
        self._measured: tuple[Target | None, float] = (None, 0.0)
        """The host of the last row that was asked, and when it was known."""
        self._icmp_limit = IcmpLimit()

    def clear(self) -> None:
        """Forget everything: another session begins."""
        self._rows.clear()
        self._number = 0
        self._measured = (None, 0.0)
        self._icmp_limit.clear()

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
        at, last_asked = _seen_at(result), _started(seen) + seen.last_ms / 1000
        if not at:
            # A row that was decided without being measured may have no time of its own.
            at = last_asked = self._measured[1] or datetime.now().timestamp()
        self._number += 1
        row = self._rows.get(result.job.key)
        if row is None:
            row = self._rows[result.job.key] = _RowRounds(result, at)
        before, cause = row.status, row.cause
        judged_again, row.started = seen.started == row.started, seen.started
        if judged_again and before is Status.NO_HOST:
            # It was only not known yet that there is a host.
            row.status, row.cause, row.number = result.status, _cause(result), self._number
            row.obstacle = obstacle_of(result)
            return None
        not_before, at = self._bounds(result, row, judged_again, at)
        row.number = self._number
        limited = not judged_again and self._is_within_limit(result, row, at)
        if not (limited and before is result.status and seen.reason is Reason.NO_RESPONSE):
            row.cause = _cause(result)
        row.decided = _is_decided(result)
        if not (judged_again or row.decided):
            if not limited:
                row.last_seen = last_asked
            self._measured = (result.job.target, at)
            if result.status in MEASURED or result.status is Status.NO_HOST:
                row.add(_value(seen))
        reason = ""
        if before is result.status:
            new = not (limited or judged_again) and (row.cause != cause or seen.state is State.OPEN)
            reason = _changed_reason(row, result) if new else ""
            if not reason:
                return None
        else:
            row.obstacle = obstacle_of(result)
        since = row.since
        if before is not result.status:
            row.since, row.status = at, result.status
            row.changed = _Bounds(not_before, at, self._number)
        times = (_local_time(since), _local_time(not_before), _local_time(at))
        return Change(result, before, *times, reason)

    def _is_within_limit(self, result: Result, row: _RowRounds, at: float) -> bool:
        """True if only a device's limit of ICMP errors may tell its result from the one before.

        It was rejected and is silence, or the reverse, while the device had sent all it may send.
        """
        seen, limited = result.observation, row.limited
        rejection = seen.icmp.offender if seen.icmp is not None else ""
        if rejection:
            self._icmp_limit.sent(rejection, at)
        row.limited = frozenset()
        if seen.reason is not Reason.NO_RESPONSE:
            return rejection in limited
        row.limited = self._icmp_limit.spent(at)
        return row.rejected_by in row.limited

    def _bounds(
        self, result: Result, row: _RowRounds, judged_again: bool, at: float
    ) -> tuple[float, float]:
        """Times between which a row came to this result, whether it is another one or not."""
        not_before = row.last_seen
        decided = judged_again or _is_decided(result)
        # It sees what it saw before, and that means something else by now.
        means_other = row.cause == _cause(result) and row.status is not result.status
        if decided or means_other or row.decided:
            deciders = (self._rows.get(key) for key in _decider_keys(result.job))
            changes = [one.changed for one in deciders if one is not None and one.changed]
            # One that changed before the last result of this row has not decided the present one.
            recent = [one for one in changes if one.number > row.number]
            if recent:
                last = max(recent, key=lambda one: one.number)
                not_before = last.not_before
                at = last.at if decided or means_other else at
            elif decided and self._measured[0] == result.job.target:
                # What decided it was reported just before, so it changed then.
                at = max(at, self._measured[1])
        elif row.cause[1] is Reason.NO_RESPONSE:
            not_before = max(not_before, _last_silent(result))
        return min(not_before, at), at


def _changed_reason(row: _RowRounds, result: Result) -> str:
    """The reason of a row that has another one than was told last; empty for the same one."""
    before, now = row.obstacle, obstacle_of(result)
    if now is None or (before is not None and now.identity == before.identity):
        return ""
    row.obstacle = now
    return "" if before is None else changed_reason_text(before, now)


def _decider_keys(job: Job) -> Iterator[str]:
    """Keys of the rows of the same target that may decide about a row."""
    check = job.check
    for id in (*(one.check for one in check.unless), check.needs, check.absent):
        if id:
            yield f"{id}|{job.target.label}"


def _is_decided(result: Result) -> bool:
    """True for a row that was not tested because of another one."""
    return result.status is Status.NOT_NEEDED or result.observation.reason is Reason.DEPENDENCY


def _seen_at(result: Result) -> float:
    """Time of the first attempt that saw a row as it is, in seconds since 1970.

    An answer of any kind is seen when it comes, silence from the first packet that it met.
    """
    seen = result.observation
    started = _started(seen)
    if seen.reason is Reason.NO_RESPONSE:
        return started
    said_nothing = not any(one.received for one in seen.evidence)
    if seen.service is Service.SILENT and result.job.check.transport == "tcp" and said_nothing:
        return started + (seen.last_ms + seen.timings_ms.get("connect", 0.0)) / 1000
    return max(started, finish_time(result))


def _last_silent(result: Result) -> float:
    """Time of the last packet that met silence before the same one was answered; 0 without any."""
    seen = result.observation
    silent: list[tuple[tuple[str, str], float]] = []
    latest: dict[tuple[str, str], float] = {}
    for one in seen.evidence:
        if one.at_ms is None:
            continue
        packet = one.address, one.sent
        if _was_silent(one):
            silent.append((packet, one.at_ms))
        else:
            latest[packet] = one.at_ms
    times = [at_ms for packet, at_ms in silent if at_ms <= latest.get(packet, -1.0)]
    return _started(seen) + max(times) / 1000 if times else 0.0


def _was_silent(exchange: Evidence) -> bool:
    return exchange.reason == Reason.NO_RESPONSE or exchange.state == State.NOT_RUN


def _started(seen: Observation) -> float:
    """Start of a row in seconds since 1970; 0 if it is unknown."""
    try:
        return datetime.fromisoformat(seen.started).timestamp()
    except ValueError:
        return 0.0


def _cause(result: Result) -> _Cause:
    seen = result.observation
    icmp = seen.icmp
    rejection = (icmp.type, icmp.code, icmp.offender) if icmp else None
    return seen.state, seen.reason, seen.service, rejection


def _value(seen: Observation) -> float:
    """Latency of a round, LOST without an answer of the host or of whoever rejects in its place."""
    rejected = seen.state is State.FILTERED and seen.icmp is not None
    if seen.state not in (State.OPEN, State.CLOSED) and not rejected:
        return LOST
    return UNTIMED if seen.latency_ms is None or seen.latency_at_most else seen.latency_ms


def _local_time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds).astimezone()

"""Completion bound: the time by which a run is over at the latest.

At any moment before the end some row on a chain of dependencies is in flight, or it waits: for the
limit of attempts in flight, for a slot of its host or for the datagrams to its host. Each of these
is bounded by what the settings allow every attempt (as in Graham's bound on list scheduling). The
bound holds while the process is not suspended, has its processor, and gets the descriptors it asks
for.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from probes.engine.dns_consistency import DRAIN_TIMEOUT
from probes.engine.middlebox import connect_timeout
from probes.engine.name_lookup import NameLookup
from probes.engine.observation import udp_patience
from probes.engine.pacing import Work
from probes.engine.session_state import ResultRecorder
from probes.model import Job
from probes.settings import Settings
from probes.vantage.datagram_pacing import INTERVAL, MAX_YIELD
from probes.vantage.happy_eyeballs import ATTEMPT_DELAY
from probes.vantage.repeated_connect import SILENCE
from probes.vantage.repeated_datagram import LAST_LISTEN
from profiles.recognition import AUTO

MAX_ROWS = 2000
"""Rows without a result for which a bound is computed; of more it would take too long."""
_OVERHEAD = 0.5
"""Seconds of computing for each row on a chain, and at the end of a run."""
_PER_ROW = 0.002
"""Seconds of computing for each row."""


_Line = tuple[str, bool]


@dataclass(frozen=True, slots=True)
class RemainingRow:
    """A row that has no result, or that another one's result may make necessary."""

    key: str
    queue: str
    """Address in whose queue it stands."""
    transport: str
    """tcp, udp or icmp."""
    addresses: int = 1
    """Number of addresses that are tried."""
    after: tuple[str, ...] = ()
    """Keys of rows whose results it may wait for."""
    beside: tuple[str, ...] = ()
    """Keys of rows for whose silence alone it waits, if they meet any."""
    elapsed: float = 0.0
    """Seconds in flight so far, or on its open connection; 0 where it may be put back."""
    connected: bool = False
    """True if it has an open TCP connection."""

    @property
    def line(self) -> _Line:
        """Line in which it stands at its host: that of TCP, or that of UDP and ICMP."""
        return self.queue, self.transport == "tcp"


def seconds_left(
    rows: Sequence[RemainingRow], settings: Settings, limit: int, *, named: bool
) -> float:
    """Seconds in which all rows have a result, with `limit` attempts in flight at most.

    `named` is true if there are names, whose records are looked up beside the rows.
    """
    lines: dict[_Line, list[RemainingRow]] = {}
    for row in rows:
        lines.setdefault(row.line, []).append(row)
    durations = {row.key: _duration(row, settings, len(lines[row.line])) for row in rows}
    chains = _Chains(rows, durations, _until_silence(settings))
    depth = max((chains.of(row.key).depth for row in rows), default=0)
    waits = {
        line: _wait_for_slot(members, settings, depth)
        if line[1]
        # One after another, and the last of them may be that of a row which has just ended.
        else sum(durations[row.key] + INTERVAL for row in members)
        for line, members in lines.items()
    }
    longest = max(
        (
            chain.seconds + sum(map(waits.__getitem__, chain.lines))
            for chain in (chains.of(row.key) for row in rows)
        ),
        default=0.0,
    )
    attempts = len(rows) * (1 + settings.retries)
    crowded = sum(durations.values()) / limit if attempts > limit else 0.0
    computing = _OVERHEAD * (depth + 1) + _PER_ROW * len(rows)
    return longest + crowded + computing + (DRAIN_TIMEOUT if named else 0.0)


def _duration(row: RemainingRow, settings: Settings, beside: int) -> float:
    """Seconds in flight at most from now; `beside` is the number of rows in the host's queue."""
    timeout, attempts = settings.timeout, 1 + settings.retries
    if row.transport == "tcp":
        connect = 0.0 if row.connected else timeout + ATTEMPT_DELAY * (row.addresses - 1)
        answer = max(timeout, settings.answer_timeout)
        seconds = attempts * connect + answer + connect_timeout(timeout, timeout)
    elif row.transport == "udp":
        seconds = row.addresses * udp_patience(timeout, settings.retries)
    else:
        turn = beside * INTERVAL + SILENCE
        listen = max(timeout, LAST_LISTEN)
        seconds = row.addresses * (attempts * turn + settings.retries * MAX_YIELD + listen)
    return max(0.0, seconds - row.elapsed)


def _until_silence(settings: Settings) -> float:
    """Seconds in flight after which a TCP row without a result counts as silent."""
    timeout = settings.timeout
    return SILENCE + timeout if timeout > SILENCE else math.inf


def _wait_for_slot(rows: Sequence[RemainingRow], settings: Settings, depth: int) -> float:
    """Seconds at most in which a TCP row of a host waits for its others."""
    if len(rows) <= settings.per_host:
        return 0.0
    timeout = settings.timeout
    # A silent row counts no longer, nor one whose service lets it wait.
    held = (1 + settings.retries) * min(timeout, SILENCE) + timeout
    # All of them may wait for the test of an address, once each time it is made.
    tests = depth * max(row.addresses for row in rows)
    return len(rows) * held / settings.per_host + tests * connect_timeout(timeout, timeout)


class _Chain(NamedTuple):
    """Rows that wait for each other, as one upper bound of all ways to the last one."""

    seconds: float
    """In flight one after another, without those whose line is waited for as a whole."""
    depth: int
    lines: frozenset[_Line]


_NO_CHAIN = _Chain(0.0, 0, frozenset())


class _Chains:
    """The chains of rows by the key of the last one."""

    def __init__(
        self, rows: Sequence[RemainingRow], durations: Mapping[str, float], silence: float
    ) -> None:
        """After `silence` seconds in flight what waits beside a TCP row waits no longer."""
        self._rows = {row.key: row for row in rows}
        self._seconds = {row.key: durations[row.key] if row.line[1] else 0.0 for row in rows}
        self._silence = silence
        self._known: dict[str, _Chain] = {}

    def of(self, key: str, above: frozenset[str] = frozenset()) -> _Chain:
        """The chain that ends with a row, which stands in the chains of those `above`."""
        known = self._known.get(key)
        if known is not None:
            return known
        row = self._rows[key]
        before = [_NO_CHAIN]
        for other in (*row.after, *row.beside):
            # Where checks depend on each other in a ring, none of them is waited for twice.
            if other not in self._rows or other in above or other == key:
                continue
            chain = self.of(other, above | {key})
            if other not in row.after and self._rows[other].line[1]:
                spared = max(0.0, self._seconds[other] - self._silence)
                chain = chain._replace(seconds=chain.seconds - spared)
            before.append(chain)
        found = self._known[key] = _Chain(
            max(one.seconds for one in before) + self._seconds[key],
            max(one.depth for one in before) + 1,
            frozenset({row.line}).union(*(one.lines for one in before)),
        )
        return found


class CompletionBound:
    """Time by which the rows of a scheduler have a result; what comes later only brings it nearer.

    `pending` holds the rows without a result by key, and `in_flight` those of an attempt.
    """

    def __init__(
        self,
        settings: Settings,
        recorder: ResultRecorder,
        names: NameLookup,
        pending: Mapping[str, Work],
        in_flight: Collection[Work],
    ) -> None:
        self._settings = settings
        self._state = recorder.state
        self._agreement = recorder.agreement
        self._names = names
        self._pending = pending
        self._in_flight = in_flight
        self._latest: float | None = None
        self._limit = 0
        self._since = 0.0

    def forget(self) -> None:
        """More is to be measured than was known."""
        self._latest = None

    def latest(self, now: float, limit: int, resumed_at: float) -> float | None:
        """Loop time by which the run is over; None where there is no bound to tell.

        `limit` is that of the attempts in flight, and `resumed_at` the loop time at which the
        process was last resumed.
        """
        if resumed_at >= self._since or limit < self._limit:
            self._latest = None
        self._since, self._limit = now, limit
        if any(work.job.check.role == AUTO for work in self._pending.values()):
            # What the role of a host will ask is not known.
            self._latest = None
            return None
        silent = self._agreement.silent_jobs
        if not self._pending or len(self._pending) + len(silent) > MAX_ROWS:
            return self._latest if self._pending else None
        rows = list(self._remaining(now, silent))
        if any(not row.queue for row in rows):
            # While a name is looked up it is not known which rows wait for each other.
            return None
        left = seconds_left(rows, self._settings, limit, named=self._names.has_names)
        self._latest = min(now + left, now + left if self._latest is None else self._latest)
        return self._latest

    def _remaining(self, now: float, silent: Collection[Job]) -> Iterator[RemainingRow]:
        """Every row that is pending, or may become so: its result may be judged by another's."""
        seen = set(self._pending)
        ports: dict[tuple[str, int | None], list[str]] = {}
        waiting: list[tuple[Job, tuple[str, ...]]] = []
        for key, work in self._pending.items():
            ports.setdefault((work.job.check.transport, work.job.port), []).append(key)
            waiting.append((work.job, ()))
        for job in silent:
            keys = ports.get((job.check.transport, job.port))
            if keys and job.key not in self._pending:
                waiting += [(one, tuple(keys)) for one in self._reopened(job, seen)]
        while waiting:
            job, others = waiting.pop()
            yield self._row(job, others, now)
            waiting += [(one, ()) for one in self._reopened(job, seen)]

    def _reopened(self, job: Job, seen: set[str]) -> list[Job]:
        """Rows that the result of this one may make necessary, without those that were `seen`."""
        found = [one for one in self._state.reopened_by(job) if one.key not in seen]
        seen.update(one.key for one in found)
        return found

    def _row(self, job: Job, others: tuple[str, ...], now: float) -> RemainingRow:
        known = self._names.known(job.endpoint[0])
        # A row of a host without an address ends at once, and that of another waits for it.
        addresses = job.endpoint[:1] if known == () else known
        work = self._pending.get(job.key)
        connected, elapsed = False, 0.0
        if work is not None and work in self._in_flight:
            tcp = job.check.transport == "tcp"
            connected = tcp and work.call is not None
            if connected:
                elapsed = now - work.ended
            elif not tcp or not work.attempts:
                elapsed = now - work.start_time
        waited_for = (*self._state.waited_for(job), *others)
        # A row that has a result already waits for another to make it necessary.
        beside = () if work is None else tuple(self._state.waited_beside(job))
        return RemainingRow(
            job.key,
            addresses[0] if addresses else "",
            job.check.transport,
            len(addresses or ()),
            tuple(key for key in waited_for if key not in beside),
            beside,
            max(0.0, elapsed),
            connected,
        )

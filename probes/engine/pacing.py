"""Pacing: queues per host, and detection of a suspended process."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from probes.call import Call
from probes.model import Evidence, Job, Observation, Reason, Resolution, Service
from probes.vantage import Cancel
from probes.vantage.datagram_pacing import DatagramPacer
from probes.vantage.repeated_connect import RepeatedConnect

TICK = 0.25
"""Seconds between two ticks while something is measured."""
SUSPEND_THRESHOLD = 1.0
"""Seconds a tick may be late before the process counts as suspended."""
MAX_REPEATS = 3
"""Repeats of one row; a machine that is suspended all the time measures nothing."""


class Work:
    """Progress of one job: its addresses, attempts and evidence so far."""

    __slots__ = (
        "addresses",
        "attempts",
        "call",
        "cancel",
        "connects",
        "ended",
        "evidence",
        "forced",
        "holds_slot",
        "job",
        "listened",
        "queue",
        "repeats",
        "resolution",
        "silence",
        "start_time",
        "started",
    )

    def __init__(self, job: Job, forced: bool = False) -> None:
        self.job = job
        self.forced = forced
        """Measure the row even if it is not needed."""
        self.addresses: tuple[str, ...] = ()
        self.call: Call | None = None
        """Call of its probe that is under way."""
        self.cancel: Cancel | None = None
        self.connects: RepeatedConnect | None = None
        """Connects under way; None once one has ended them all."""
        self.holds_slot = False
        """Counts among the TCP rows in flight of its host."""
        self.silence: SilenceTimer | None = None
        """Timer that tells that it has met silence."""
        self.queue: HostQueue | None = None
        self.resolution: Resolution | None = None
        self.attempts = 0
        self.repeats = 0
        """Number of restarts because the process was suspended."""
        self.start_time = 0.0
        self.ended = 0.0
        """Loop time at which its end was known."""
        self.listened: list[tuple[float, float]] = []
        """Loop times between which each of its attempts was listened for."""
        self.started = ""
        self.evidence: list[Evidence] = []

    def take_call(self) -> None:
        """Take attempts and evidence of the call that has ended."""
        if self.call is not None:
            self.attempts += self.call.attempts
            self.evidence += self.call.evidence
            self.listened += self.call.listened
            self.call = None

    @property
    def took_ms(self) -> float:
        """Milliseconds from its start until its end was known."""
        return max(0.0, self.ended - self.start_time) * 1000

    @property
    def silence_ms(self) -> float:
        """Milliseconds in which at least one of its attempts was listened for."""
        total, until = 0.0, 0.0
        for began, ended in sorted(self.listened):
            total += max(0.0, ended - max(began, until))
            until = max(until, ended)
        return total * 1000

    def stop_timer(self) -> None:
        """Stop waiting for its silence."""
        if self.silence is not None:
            self.silence.live = False
            self.silence = None


@dataclass(slots=True)
class SilenceTimer:
    """Timer of one row, among the deadlines of all: `on_silence` is called with the row and it."""

    work: Work
    began: float
    """Loop time at which it was started."""
    seconds: float
    on_silence: Callable[[Work, SilenceTimer], object]
    live: bool = True

    def expire(self) -> None:
        """Call back, once."""
        self.live = False
        self.on_silence(self.work, self)


class HostQueue:
    """Queue of one address: a few TCP rows at a time; UDP and ICMP one after another.

    Rows that have met silence count no longer: nothing at the host is busy with them.
    """

    __slots__ = ("datagrams", "in_rotation", "pacer", "tcp", "tcp_in_flight")

    def __init__(self, on_ready: Callable[[HostQueue], object]) -> None:
        self.tcp: deque[Work] = deque()
        self.datagrams: deque[Work] = deque()
        self.tcp_in_flight = 0
        self.pacer = DatagramPacer(partial(on_ready, self), lambda: bool(self.datagrams))
        self.in_rotation = False
        """Stands among the queues that may start something."""


class HostQueues:
    """Queues of all hosts, served in rotation: every host gets its first answer early.

    `wake` is called when time alone has made something ready to start.
    """

    def __init__(self, per_host: int, wake: Callable[[], object]) -> None:
        self._per_host = per_host
        self._wake = wake
        self._by_address: dict[str, HostQueue] = {}
        self._rotation: deque[HostQueue] = deque()

    def add(self, address: str, works: Iterable[Work]) -> None:
        """Queue rows for an address."""
        queue = self._by_address.get(address)
        if queue is None:
            queue = self._by_address[address] = HostQueue(self._on_ready)
        for work in works:
            work.queue = queue
            (queue.tcp if work.job.check.transport == "tcp" else queue.datagrams).append(work)
        self._rotate(queue)

    def take(self) -> Work | None:
        """Take the next row that may start, and count it as in flight; None if there is none."""
        while self._rotation:
            queue = self._rotation.popleft()
            queue.in_rotation = False
            work: Work | None = None
            if queue.tcp and queue.tcp_in_flight < self._per_host:
                work = queue.tcp.popleft()
                self.take_slot(work)
            elif queue.datagrams and queue.pacer.ready:
                work = queue.datagrams.popleft()
                queue.pacer.row_started()
            if work is not None:
                self._rotate(queue)
                return work
        return None

    def requeue(self, work: Work) -> None:
        """Move a row that was taken to the end of its host's queue."""
        self.release(work)
        assert work.queue is not None
        self._works(work.queue, work).append(work)
        self._rotate(work.queue)

    def put_back(self, work: Work) -> None:
        """Undo a take: the row keeps its place."""
        assert work.queue is not None
        self._works(work.queue, work).appendleft(work)
        self.release(work)

    def release(self, work: Work) -> None:
        """Count a row as no longer in flight; its host may be asked the next thing."""
        queue = work.queue
        assert queue is not None
        if work.job.check.transport == "tcp":
            self.give_up_slot(work)
        else:
            queue.pacer.row_ended()

    def take_slot(self, work: Work) -> None:
        """Count a TCP row among those in flight of its host."""
        assert work.queue is not None
        if not work.holds_slot:
            work.holds_slot = True
            work.queue.tcp_in_flight += 1

    def give_up_slot(self, work: Work) -> None:
        """Count a TCP row of a host no longer: it has ended or met silence."""
        assert work.queue is not None
        if work.holds_slot:
            work.holds_slot = False
            work.queue.tcp_in_flight -= 1
        self._rotate(work.queue)

    def _works(self, queue: HostQueue, work: Work) -> deque[Work]:
        return queue.tcp if work.job.check.transport == "tcp" else queue.datagrams

    def _on_ready(self, queue: HostQueue) -> None:
        self._rotate(queue)
        if queue.in_rotation:
            self._wake()

    def _rotate(self, queue: HostQueue) -> None:
        ready = (queue.tcp and queue.tcp_in_flight < self._per_host) or (
            queue.datagrams and queue.pacer.ready
        )
        if ready and not queue.in_rotation:
            queue.in_rotation = True
            self._rotation.append(queue)


class SuspendDetector:
    """Timer that ticks during a run, and remembers the last tick that came late.

    A suspended process, a paused virtual machine or a starved one resumes with every deadline
    expired, and its timers end exchanges whose answers have arrived.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._resumed_at = float("-inf")

    @property
    def resumed_at(self) -> float:
        """Loop time at which the process was last resumed."""
        return max(self._resumed_at, self._overdue())

    def start(self) -> None:
        """Start ticking; does nothing while it ticks."""
        if self._timer is None:
            self._schedule()

    def stop(self) -> None:
        """Stop ticking."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def invalidates(self, work: Work, observation: Observation) -> bool:
        """True if silence was observed over a suspend; the row then counts as not asked."""
        silent = observation.reason is Reason.NO_RESPONSE or observation.service is Service.SILENT
        return silent and self.allows_repeat(work)

    def allows_repeat(self, work: Work) -> bool:
        """True if the process was suspended since the row began; resets its attempts."""
        if not self.has_resumed_since(work.start_time) or work.repeats >= MAX_REPEATS:
            return False
        work.repeats, work.attempts = work.repeats + 1, 0
        return True

    def has_resumed_since(self, moment: float) -> bool:
        """True if the process was suspended after this loop time."""
        return moment < self.resumed_at

    def _overdue(self) -> float:
        """The time now if the tick itself is overdue: after a suspend, timers run in any order."""
        now = self._loop.time()
        late = self._timer is not None and now - self._due > SUSPEND_THRESHOLD
        return now if late else float("-inf")

    def _schedule(self) -> None:
        self._due = self._loop.time() + TICK
        self._timer = self._loop.call_at(self._due, self._tick)

    def _tick(self) -> None:
        now = self._loop.time()
        if now - self._due > SUSPEND_THRESHOLD:
            self._resumed_at = now
        self._schedule()

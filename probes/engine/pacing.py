"""Per-host queues, and detection of a process that was suspended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from probes.model import Evidence, Job, Observation, Reason, Resolution, Service
from probes.vantage import Cancel
from probes.vantage.datagram_pacing import DatagramPacer


class Work:
    """A job on its way: what has been tried so far."""

    __slots__ = (
        "addresses",
        "attempts",
        "cancel",
        "evidence",
        "forced",
        "job",
        "queue",
        "repeats",
        "resolution",
        "start_time",
        "started",
    )

    def __init__(self, job: Job, forced: bool = False) -> None:
        self.job = job
        self.forced = forced
        """Measure it whether or not its condition holds."""
        self.addresses: tuple[str, ...] = ()
        self.cancel: Cancel | None = None
        self.queue: HostQueue | None = None
        self.resolution: Resolution | None = None
        self.attempts = 0
        self.repeats = 0
        """How often it was begun anew because this process had stood still."""
        self.start_time = 0.0
        self.started = ""
        self.evidence: list[Evidence] = []


class HostQueue:
    """One address: a few TCP connects beside each other, UDP and ICMP one after another."""

    __slots__ = ("datagrams", "in_rotation", "pacer", "tcp", "tcp_in_flight")

    def __init__(self, on_ready: Callable[[HostQueue], object]) -> None:
        self.tcp: deque[Work] = deque()
        self.datagrams: deque[Work] = deque()
        self.tcp_in_flight = 0
        self.pacer = DatagramPacer(partial(on_ready, self))
        self.in_rotation = False
        """Stands in the queue of lanes that may start something."""


class HostQueues:
    """All lanes, served in rotation: every host gets its first answer before any its second.

    `wake` is called when time alone has made something ready to start.
    """

    def __init__(self, per_host: int, wake: Callable[[], object]) -> None:
        self._per_host = per_host
        self._wake = wake
        self._by_address: dict[str, HostQueue] = {}
        self._rotation: deque[HostQueue] = deque()

    def add(self, address: str, works: Iterable[Work]) -> None:
        """Queue work towards an address."""
        queue = self._by_address.get(address)
        if queue is None:
            queue = self._by_address[address] = HostQueue(self._on_ready)
        for work in works:
            work.queue = queue
            (queue.tcp if work.job.check.transport == "tcp" else queue.datagrams).append(work)
        self._rotate(queue)

    def take(self) -> Work | None:
        """The next work that may start now, counted as in flight; None if there is none."""
        while self._rotation:
            queue = self._rotation.popleft()
            queue.in_rotation = False
            work: Work | None = None
            if queue.tcp and queue.tcp_in_flight < self._per_host:
                work = queue.tcp.popleft()
                queue.tcp_in_flight += 1
            elif queue.datagrams and queue.pacer.ready:
                work = queue.datagrams.popleft()
                queue.pacer.row_started()
            if work is not None:
                self._rotate(queue)
                return work
        return None

    def requeue(self, work: Work) -> None:
        """Put work that was taken back at the end of its lane's queue."""
        self.release(work)
        assert work.queue is not None
        self._works(work.queue, work).append(work)
        self._rotate(work.queue)

    def put_back(self, work: Work) -> None:
        """Undo a take: the work keeps its place."""
        assert work.queue is not None
        self._works(work.queue, work).appendleft(work)
        self.release(work)

    def release(self, work: Work) -> None:
        """This work is no longer in flight; its host may be asked the next thing."""
        queue = work.queue
        assert queue is not None
        if work.job.check.transport == "tcp":
            queue.tcp_in_flight -= 1
            self._rotate(queue)
        else:
            queue.pacer.row_ended()

    @property
    def empty(self) -> bool:
        """Whether no lane has a turn."""
        return not self._rotation

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


TICK = 0.25
"""Seconds between two looks at the clock while something is measured."""
SUSPEND_THRESHOLD = 1.0
"""Seconds by which a look may be late before the process counts as having stood still."""
MAX_REPEATS = 3
"""How often one row is begun anew; a machine that stands still all the time measures nothing."""


class SuspendDetector:
    """A heart that beats while a run is under way, and remembers its last long pause.

    A suspended process, a paused virtual machine or a starved one wakes up with every deadline
    behind it, and its timers end exchanges whose answers have arrived.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._resumed_at = float("-inf")

    def start(self) -> None:
        """Begin to beat; does nothing if it does."""
        if self._timer is None:
            self._schedule()

    def stop(self) -> None:
        """Stop beating: nothing is measured."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def invalidates(self, work: Work, observation: Observation) -> bool:
        """Whether silence was observed over a pause, and the row is to be begun anew."""
        silent = observation.reason is Reason.NO_RESPONSE or observation.service is Service.SILENT
        return silent and self.allows_repeat(work)

    def allows_repeat(self, work: Work) -> bool:
        """Whether there was a pause since a row began, which then counts as not yet asked."""
        resumed_at = max(self._resumed_at, self._overdue())
        if work.start_time >= resumed_at or work.repeats >= MAX_REPEATS:
            return False
        work.repeats, work.attempts = work.repeats + 1, 0
        return True

    def _overdue(self) -> float:
        """The time now if the beat itself is overdue: the timers of a pause come in any order."""
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

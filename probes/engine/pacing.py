"""Per-host queues, and detection of a process that was suspended."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from probes.model import Evidence, Job, Observation, Reason, Resolution, Service
from probes.vantage import Cancel
from probes.vantage.datagram_pacing import DatagramPacer


class Work:
    """A job on its way: what has been tried so far."""

    __slots__ = (
        "addresses",
        "attempts",
        "began",
        "cancel",
        "evidence",
        "forced",
        "job",
        "lane",
        "repeats",
        "resolution",
        "started",
    )

    def __init__(self, job: Job, forced: bool = False) -> None:
        self.job = job
        self.forced = forced
        """Measure it whether or not its condition holds."""
        self.addresses: tuple[str, ...] = ()
        self.cancel: Cancel | None = None
        self.lane: Lane | None = None
        self.resolution: Resolution | None = None
        self.attempts = 0
        self.repeats = 0
        """How often it was begun anew because this process had stood still."""
        self.began = 0.0
        self.started = ""
        self.evidence: list[Evidence] = []


class Lane:
    """One address: a few TCP connects beside each other, UDP and ICMP one after another."""

    __slots__ = ("in_turn", "one_by_one", "spacing", "tcp", "tcp_busy")

    def __init__(self, freed: Callable[[Lane], object]) -> None:
        self.tcp: deque[Work] = deque()
        self.one_by_one: deque[Work] = deque()
        self.tcp_busy = 0
        self.spacing = DatagramPacer(partial(freed, self))
        self.in_turn = False
        """Stands in the queue of lanes that may start something."""


class Lanes:
    """All lanes, served in rotation: every host gets its first answer before any its second.

    `wake` is called when time alone has made something ready to start.
    """

    def __init__(self, per_host: int, wake: Callable[[], object]) -> None:
        self._per_host = per_host
        self._wake = wake
        self._lanes: dict[str, Lane] = {}
        self._turns: deque[Lane] = deque()

    def add(self, address: str, works: Iterable[Work]) -> None:
        """Queue work towards an address."""
        lane = self._lanes.get(address)
        if lane is None:
            lane = self._lanes[address] = Lane(self._freed)
        for work in works:
            work.lane = lane
            (lane.tcp if work.job.check.transport == "tcp" else lane.one_by_one).append(work)
        self._offer(lane)

    def take(self) -> Work | None:
        """The next work that may start now, counted as in flight; None if there is none."""
        while self._turns:
            lane = self._turns.popleft()
            lane.in_turn = False
            work: Work | None = None
            if lane.tcp and lane.tcp_busy < self._per_host:
                work = lane.tcp.popleft()
                lane.tcp_busy += 1
            elif lane.one_by_one and lane.spacing.ready:
                work = lane.one_by_one.popleft()
                lane.spacing.row_started()
            if work is not None:
                self._offer(lane)
                return work
        return None

    def again(self, work: Work) -> None:
        """Put work that was taken back at the end of its lane's queue."""
        self.release(work)
        assert work.lane is not None
        self._queue_of(work.lane, work).append(work)
        self._offer(work.lane)

    def put_back(self, work: Work) -> None:
        """Undo a take: the work keeps its place."""
        assert work.lane is not None
        self._queue_of(work.lane, work).appendleft(work)
        self.release(work)

    def release(self, work: Work) -> None:
        """This work is no longer in flight; its host may be asked the next thing."""
        lane = work.lane
        assert lane is not None
        if work.job.check.transport == "tcp":
            lane.tcp_busy -= 1
            self._offer(lane)
        else:
            lane.spacing.row_ended()

    def drop_queued(self) -> Iterator[Work]:
        """Take out everything that has not started."""
        for lane in self._lanes.values():
            yield from lane.tcp
            yield from lane.one_by_one
            lane.tcp.clear()
            lane.one_by_one.clear()

    @property
    def empty(self) -> bool:
        """Whether no lane has a turn."""
        return not self._turns

    def _queue_of(self, lane: Lane, work: Work) -> deque[Work]:
        return lane.tcp if work.job.check.transport == "tcp" else lane.one_by_one

    def _freed(self, lane: Lane) -> None:
        self._offer(lane)
        if lane.in_turn:
            self._wake()

    def _offer(self, lane: Lane) -> None:
        ready = (lane.tcp and lane.tcp_busy < self._per_host) or (
            lane.one_by_one and lane.spacing.ready
        )
        if ready and not lane.in_turn:
            lane.in_turn = True
            self._turns.append(lane)


BEAT = 0.25
"""Seconds between two looks at the clock while something is measured."""
STOOD_STILL = 1.0
"""Seconds by which a look may be late before the process counts as having stood still."""
MOST_REPEATS = 3
"""How often one row is begun anew; a machine that stands still all the time measures nothing."""


class Pauses:
    """A heart that beats while a run is under way, and remembers its last long pause.

    A suspended process, a paused virtual machine or a starved one wakes up with every deadline
    behind it, and its timers end exchanges whose answers have arrived.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0
        self._woke = float("-inf")

    def watch(self) -> None:
        """Begin to beat; does nothing if it does."""
        if self._timer is None:
            self._plan()

    def rest(self) -> None:
        """Stop beating: nothing is measured."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def spoiled(self, work: Work, observation: Observation) -> bool:
        """Whether silence was observed over a pause, and the row is to be begun anew."""
        silent = observation.reason is Reason.NO_RESPONSE or observation.service is Service.SILENT
        return silent and self.excused(work)

    def excused(self, work: Work) -> bool:
        """Whether there was a pause since a row began, which then counts as not yet asked."""
        woke = max(self._woke, self._woken_late())
        if work.began >= woke or work.repeats >= MOST_REPEATS:
            return False
        work.repeats, work.attempts = work.repeats + 1, 0
        return True

    def _woken_late(self) -> float:
        """The time now if the beat itself is overdue: the timers of a pause come in any order."""
        now = self._loop.time()
        late = self._timer is not None and now - self._due > STOOD_STILL
        return now if late else float("-inf")

    def _plan(self) -> None:
        self._due = self._loop.time() + BEAT
        self._timer = self._loop.call_at(self._due, self._beat)

    def _beat(self) -> None:
        now = self._loop.time()
        if now - self._due > STOOD_STILL:
            self._woke = now
        self._plan()

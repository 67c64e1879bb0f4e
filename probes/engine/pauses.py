"""Notices that this process stood still: deadlines that passed meanwhile say nothing of a host."""

from __future__ import annotations

import asyncio

from probes.engine.lanes import Work
from probes.engine.model import Observation, Reason, Service

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

"""Deadlines of attempts: many at the cost of a few timers."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

TURN_BUDGET = 0.002
"""Seconds of one loop turn that expiring or starting attempts may take."""
TIMER_COALESCING = 0.005
"""Seconds an attempt may wait past its deadline for others: a wake-up for each costs the most."""


class Attempt(Protocol):
    """An attempt in flight that may time out."""

    @property
    def live(self) -> bool:
        """False once it ended by itself."""

    def expire(self) -> None:
        """End the attempt: its deadline has passed."""


class Deadlines:
    """Expires attempts in order of their deadlines, a bounded number in each turn of the loop.

    Attempts with the same timeout share a first-in-first-out queue, so adding one costs no sort.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queues: dict[float, deque[tuple[float, Attempt]]] = {}
        self._timers: dict[float, asyncio.TimerHandle] = {}

    def add(self, attempt: Attempt, timeout: float) -> None:
        """Expire this attempt `timeout` seconds from now, unless it has ended by then."""
        queue = self._queues.get(timeout)
        if queue is None:
            queue = self._queues[timeout] = deque()
        when = self._loop.time() + timeout
        queue.append((when, attempt))
        if timeout not in self._timers:
            self._timers[timeout] = self._loop.call_at(when, self._expire, timeout)

    def _expire(self, timeout: float) -> None:
        queue = self._queues[timeout]
        try:
            self._expire_due(queue)
        finally:
            # A fault in one attempt is the loop's to report; the others keep their deadlines.
            self._schedule(timeout, queue)

    def _expire_due(self, queue: deque[tuple[float, Attempt]]) -> None:
        """Expire what is due, as much as fits in a turn."""
        now = self._loop.time()
        turn_end = now + TURN_BUDGET
        while queue and (queue[0][0] <= now or not queue[0][1].live):
            _, attempt = queue.popleft()
            if attempt.live:
                attempt.expire()
                if self._loop.time() > turn_end:
                    break

    def _schedule(self, timeout: float, queue: deque[tuple[float, Attempt]]) -> None:
        """Call again for the next deadline, unless all were forgotten meanwhile."""
        if self._queues.get(timeout) is not queue:
            return
        if queue:
            due = queue[0][0]
            when = due + TIMER_COALESCING if due > self._loop.time() else due
            self._timers[timeout] = self._loop.call_at(when, self._expire, timeout)
        else:
            del self._timers[timeout], self._queues[timeout]

    def close(self) -> None:
        """Forget every deadline; what is in flight is the caller's to end."""
        for timer in self._timers.values():
            timer.cancel()
        for queue in self._queues.values():
            # One of them may be expiring now.
            queue.clear()
        self._timers.clear()
        self._queues.clear()

"""One queue of deadlines for everything in flight, instead of a timer each."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Protocol

BUDGET = 0.002
"""Seconds of one loop turn that expiring or starting attempts may take."""
TOGETHER = 0.005
"""Seconds an attempt may wait past its deadline for others: waking up for each costs the most."""


class Attempt(Protocol):
    """Something in flight that may run out of time."""

    @property
    def live(self) -> bool:
        """False once it ended by itself."""

    def expired(self) -> None:
        """Its time is up."""


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
        now = self._loop.time()
        until = now + BUDGET
        while queue and (queue[0][0] <= now or not queue[0][1].live):
            _, attempt = queue.popleft()
            if attempt.live:
                attempt.expired()
                if self._loop.time() > until:
                    break
        if queue:
            due = queue[0][0]
            when = due if due <= now else due + TOGETHER
            self._timers[timeout] = self._loop.call_at(when, self._expire, timeout)
        else:
            del self._timers[timeout], self._queues[timeout]

    def close(self) -> None:
        """Forget every deadline; what is in flight is the caller's to end."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._queues.clear()

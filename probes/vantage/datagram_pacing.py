"""Rate limiter of datagrams to one host: at once after an answer, a second after silence.

A host sends about six ICMP errors at once and one a second after that (Linux icmp_ratelimit), so
what is asked faster turns its refusals into silence.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from probes.model import Reason, State
from probes.vantage import Outcome

INTERVAL = 1.1
"""Seconds between two datagrams of which the first is unanswered; more than the host's second."""
REPEAT_INTERVAL = 1.0
"""The same between a row's datagram and its repetition: what was not sent costs no error."""
MAX_YIELD = 4 * INTERVAL
"""Seconds for which a repetition lets rows go first that have not begun."""
BURST = 6
"""Errors that a host has saved up again after as many seconds."""
_TIMER_SLACK = 0.002
"""Seconds that are not worth waiting for; a loop's timers may come so much early."""


class DatagramPacer:
    """The datagrams to one host, of all its rows; belongs to one event loop.

    Once a datagram was unanswered for INTERVAL, even one that an ICMP error answers is followed by
    a pause: that error may be the last of the burst. A service's own answer is not limited.
    `on_ready` is called when `ready` may have become true; `has_queued` is true if rows wait for
    that.
    """

    __slots__ = (
        "_changes",
        "_expected",
        "_has_queued",
        "_in_flight",
        "_last_sender",
        "_last_sent",
        "_lock",
        "_loop",
        "_on_ready",
        "_rows",
        "_silent",
        "_yielding",
    )

    def __init__(
        self, on_ready: Callable[[], object], has_queued: Callable[[], bool] = lambda: False
    ) -> None:
        self._on_ready = on_ready
        self._has_queued = has_queued
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._changes: set[asyncio.Future[None]] = set()
        self._rows = 0
        self._expected = False
        """A row has begun and sent nothing yet."""
        self._in_flight = 0
        self._last_sent = float("-inf")
        """Loop time of the last datagram that no service answered."""
        self._last_sender: object = None
        self._silent = False
        self._yielding = 0
        """Rows that let others go first."""

    @property
    def ready(self) -> bool:
        """True if another row may begin: none is under way, or those that are met silence."""
        if self._expected or self._lock.locked():
            return False
        return (
            not self._remaining()
            if not self._rows
            else self._in_flight + self._yielding > 0 and not self._until(INTERVAL)
        )

    def row_started(self) -> None:
        """A row begins; its first datagram is expected next."""
        self._rows += 1
        self._expected = True

    def row_ended(self) -> None:
        """A row has ended, whether it sent anything or not."""
        self._rows -= 1
        self._expected = False
        self._notify()
        self._announce(self._remaining())

    async def send(
        self,
        sender: object,
        send: Callable[[], Awaitable[Outcome]],
        *,
        repeats: bool = False,
    ) -> Outcome:
        """Send a datagram of some row when its time has come, and wait for its outcome.

        What a row asks beside its own last datagram goes at once, unless it `repeats` that: then
        rows that have not begun go first, for MAX_YIELD at most.
        """
        if repeats:
            await self._yield()
        await self._acquire(sender, REPEAT_INTERVAL if repeats else 0.0)
        now = self._loop.time()
        if now - self._last_sent > BURST * INTERVAL:
            self._silent = False
        before, self._last_sent, self._last_sender = self._last_sent, now, sender
        self._expected = False
        self._in_flight += 1
        self._notify()
        timer = self._loop.call_later(INTERVAL, self._on_silence)
        try:
            outcome = await send()
        finally:
            timer.cancel()
            self._in_flight -= 1
            self._notify()
        if outcome.state is State.OPEN and self._last_sent == now:
            self._last_sent = before
        elif outcome.reason is Reason.NO_RESPONSE:
            self._silent = True
        return outcome

    async def _acquire(self, sender: object, repeat_interval: float) -> None:
        """Acquire the slot in first-come order, then wait for the interval.

        The interval is `repeat_interval` seconds after the sender's own last datagram.
        """
        if self._last_sender is None:
            return
        async with self._lock:
            while (
                left := self._until(repeat_interval)
                if sender is self._last_sender
                else self._remaining()
            ):
                await self._change(left)

    async def _yield(self) -> None:
        """Wait until no row is left that has not sent its first datagram."""
        until = self._loop.time() + MAX_YIELD
        self._yielding += 1
        try:
            while (self._has_queued() or self._expected) and (
                left := until - self._loop.time()
            ) > 0:
                self._announce(self._until(INTERVAL))
                await self._change(left)
        finally:
            self._yielding -= 1

    def _announce(self, seconds: float) -> None:
        """Call `on_ready` after so many seconds."""
        if seconds:
            self._loop.call_later(seconds, self._on_ready)
        else:
            self._on_ready()

    async def _change(self, seconds: float) -> None:
        """Wait for a change of what is in flight, at most so many seconds."""
        changed = self._loop.create_future()
        self._changes.add(changed)
        try:
            await asyncio.wait((changed,), timeout=seconds)
        finally:
            self._changes.discard(changed)

    def _remaining(self) -> float:
        """Seconds until a datagram of another row may be sent."""
        return self._until(INTERVAL) if self._in_flight or self._silent else 0.0

    def _until(self, seconds: float) -> float:
        left = self._last_sent + seconds - self._loop.time()
        return left if left > _TIMER_SLACK else 0.0

    def _on_silence(self) -> None:
        self._silent = True
        self._on_ready()

    def _notify(self) -> None:
        for changed in self._changes:
            if not changed.done():
                changed.set_result(None)

"""A datagram that is sent again after silence, while the earlier ones are still listened for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from probes.model import Reason
from probes.vantage import Outcome
from probes.vantage.datagram_pacing import DatagramPacer
from probes.vantage.happy_eyeballs import unfinished
from probes.vantage.repeated_connect import SILENCE

LAST_LISTEN = 1.5
"""Seconds that the last datagram is listened for at least: a round trip, for an ICMP error."""

Send = Callable[[float], Awaitable[Outcome]]
"""Coroutine function that sends a datagram and listens for so many seconds."""
OnEnd = Callable[[Outcome], object]
"""Called with the outcome of each datagram that was sent."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Number of datagrams and seconds for their answers.

    Every datagram is listened for until `total` seconds after the first was sent, and for `least`
    seconds at least; the next follows after `pause` seconds, or when its turn comes.
    """

    count: int
    pause: float
    total: float
    least: float


def until_late(timeout: float, count: int) -> Patience:
    """Patience with a service: `timeout` before each repetition, listening to the end."""
    return Patience(count, timeout, timeout * count, min(LAST_LISTEN, timeout))


def side_by_side(timeout: float, count: int) -> Patience:
    """Patience where no answer need come, or comes at once: the repetition follows soon."""
    return Patience(count, min(SILENCE, timeout), timeout, min(LAST_LISTEN, timeout))


class RepeatedDatagram:
    """Datagrams of one question; the first end that is no silence counts."""

    def __init__(self, address: str, send: Send, on_end: OnEnd) -> None:
        self._address = address
        self._send = send
        self._on_end = on_end
        self._loop = asyncio.get_running_loop()
        self._began: dict[asyncio.Task[Outcome], float] = {}
        """Datagrams listened for, with the loop time at which each was sent."""
        self._waiting: set[asyncio.Task[Outcome]] = set()
        """The same, and those that have not been sent yet."""
        self._silence: Outcome | None = None
        self._first_sent: float | None = None

    async def run(
        self,
        patience: Patience,
        pacer: DatagramPacer | None,
        sender: object,
        *,
        after_answer: bool = False,
    ) -> Outcome:
        """Send until one is answered; returns that outcome, or the last silence.

        `sender` is the row, and `after_answer` is true for what follows an answer to it: it is not
        paced. Raises what sending raises.
        """
        try:
            for number in range(patience.count):
                sent: asyncio.Future[None] = self._loop.create_future()
                turn = None if after_answer else pacer
                task = self._loop.create_task(self._paced(patience, turn, sender, number, sent))
                self._waiting.add(task)
                # Its time begins when it is sent, not when it is due.
                outcome = await self._first_end(sent)
                is_last = number == patience.count - 1
                if outcome is None:
                    outcome = await self._first_end(None, None if is_last else patience.pause)
                if outcome is not None:
                    return outcome
        finally:
            await self._end()
        assert self._silence is not None
        return self._silence

    async def _paced(
        self,
        patience: Patience,
        pacer: DatagramPacer | None,
        sender: object,
        number: int,
        sent: asyncio.Future[None],
    ) -> Outcome:
        task = asyncio.current_task()
        assert task is not None

        async def send() -> Outcome:
            now = self._began[task] = self._loop.time()
            if self._first_sent is None:
                self._first_sent = now
            seconds = max(patience.least, self._first_sent + patience.total - now)
            if not sent.done():
                sent.set_result(None)
            return await self._send(seconds)

        if pacer is None:
            return await send()
        return await pacer.send(sender, send, repeats=number > 0)

    async def _first_end(
        self, sent: asyncio.Future[None] | None, seconds: float | None = None
    ) -> Outcome | None:
        """Outcome of the first datagram that ended in something else than silence.

        None once `sent` is done, the seconds have passed or all have ended in silence.
        """
        deadline = None if seconds is None else self._loop.time() + seconds
        while self._waiting and (sent is None or not sent.done()):
            left = None if deadline is None else deadline - self._loop.time()
            if left is not None and left <= 0:
                return None
            waited: set[asyncio.Future[Outcome] | asyncio.Future[None]] = {*self._waiting}
            if sent is not None:
                waited.add(sent)
            await asyncio.wait(waited, timeout=left, return_when=asyncio.FIRST_COMPLETED)
            for task in [one for one in self._waiting if one.done()]:
                self._waiting.discard(task)
                self._began.pop(task, None)
                outcome = task.result()
                self._on_end(outcome)
                if outcome.reason is not Reason.NO_RESPONSE:
                    return outcome
                self._silence = outcome
        return None

    async def _end(self) -> None:
        """End what is still listened for; an outcome that is there by then decides nothing."""
        now = self._loop.time()
        for task in self._waiting:
            task.cancel()
            if task in self._began:
                self._on_end(unfinished(self._address, now - self._began[task]))
        await asyncio.gather(*self._waiting, return_exceptions=True)
        self._waiting.clear()

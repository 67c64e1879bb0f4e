"""A datagram that is sent again after silence, while the earlier ones are still listened for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from probes.model import Reason
from probes.vantage import Outcome
from probes.vantage.datagram_pacing import DatagramPacer
from probes.vantage.happy_eyeballs import unfinished
from probes.vantage.repeated_connect import SILENCE

LAST_LISTEN = 2.0
"""Seconds that the last datagram is listened for on a port that answers nobody by nature: a round
trip, for an ICMP error; the earlier ones have their full time."""

Send = Callable[[float], Awaitable[Outcome]]
"""Coroutine function that sends a datagram and listens for so many seconds."""
OnEnd = Callable[[Outcome], object]
"""Called with the outcome of each datagram that was sent."""


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds that each datagram is listened for, and from one to the next."""

    listen: Sequence[float]
    pause: float


def until_late(timeout: float, count: int) -> Patience:
    """Patience with a service: `timeout` before each repetition, listening to the end."""
    return Patience([timeout * left for left in range(count, 0, -1)], timeout)


def side_by_side(timeout: float, count: int, last: float = LAST_LISTEN) -> Patience:
    """Patience with a port that nothing need answer on; only a host's own refusal is expected."""
    listen = [timeout] * (count - 1) + [min(last, timeout) if count > 1 else timeout]
    return Patience(listen, min(SILENCE, timeout))


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
        self.sent = 0

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
            for number, seconds in enumerate(patience.listen):
                sent: asyncio.Future[None] = self._loop.create_future()
                turn = None if after_answer else pacer
                task = self._loop.create_task(self._paced(turn, sender, seconds, number, sent))
                self._waiting.add(task)
                # Its time begins when it is sent, not when it is due.
                outcome = await self._first_end(sent)
                is_last = number == len(patience.listen) - 1
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
        pacer: DatagramPacer | None,
        sender: object,
        seconds: float,
        number: int,
        sent: asyncio.Future[None],
    ) -> Outcome:
        task = asyncio.current_task()
        assert task is not None

        async def send() -> Outcome:
            self._began[task] = self._loop.time()
            self.sent += 1
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

"""Several addresses of one name, tried as a real client would (RFC 8305)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from probes.model import Reason, State
from probes.vantage import Cancel, Outcome, Vantage

STAGGER = 0.25
"""Seconds before the next address is tried beside the first (RFC 8305 section 8)."""

_TELLING = {State.OPEN: 0, State.CLOSED: 1, State.FILTERED: 2, State.UNREACHABLE: 4}


def telling(outcome: Outcome) -> int:
    """How much an outcome says, best first: an answer before a refusal before silence."""
    if outcome.reason is Reason.NO_RESPONSE:
        return 3
    return _TELLING.get(outcome.state, 5)


class Ended(Protocol):
    """Gets the outcome, and of several addresses every outcome that was seen.

    Those that were overtaken, asked before the one that opened and not waited for, are not run.
    """

    def __call__(self, outcome: Outcome, tried: tuple[Outcome, ...] = (), /) -> None:
        """Take it."""


def connect(
    vantage: Vantage,
    addresses: Sequence[str],
    port: int,
    timeout: float,
    done: Ended,
    *,
    keep: bool,
) -> Cancel:
    """Connect to the only address, or race several; raises OSError as Vantage.connect does."""
    if len(addresses) == 1:
        return vantage.connect(addresses[0], port, timeout, done, keep=keep)
    race = Race(vantage, addresses, port, timeout, done, keep=keep)
    race.start()
    return race.cancel


class Race:
    """Connects to the addresses in their order, staggered; the first open one wins.

    `done` gets the winner, or the most telling failure, and every outcome that was seen.
    """

    def __init__(
        self,
        vantage: Vantage,
        addresses: Sequence[str],
        port: int,
        timeout: float,
        done: Callable[[Outcome, tuple[Outcome, ...]], None],
        *,
        keep: bool,
    ) -> None:
        self._vantage = vantage
        self._left = deque(addresses)
        self._port = port
        self._timeout = timeout
        self._done: Callable[[Outcome, tuple[Outcome, ...]], None] | None = done
        self._keep = keep
        self._cancels: list[Cancel] = []
        self._seen: list[Outcome] = []
        self._asked: dict[str, float] = {}
        self._running = 0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Try the next address; raises OSError when no descriptor is left for it."""
        address = self._left.popleft()
        self._running += 1
        self._arm()
        try:
            cancel = self._vantage.connect(
                address, self._port, self._timeout, self._ended, keep=self._keep
            )
        except OSError:
            self._running -= 1
            self._left.appendleft(address)
            self._disarm()
            raise
        self._cancels.append(cancel)
        self._asked[address] = self._loop.time()

    def cancel(self) -> None:
        """End every attempt without a report."""
        self._done = None
        self._end()

    def _next(self) -> None:
        self._disarm()
        try:
            self.start()
        except OSError:
            # A descriptor may be free by the next turn.
            self._arm()

    def _arm(self) -> None:
        if self._left and self._timer is None:
            self._timer = self._loop.call_later(STAGGER, self._next)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _ended(self, outcome: Outcome) -> None:
        self._running -= 1
        self._seen.append(outcome)
        if self._done is None:
            if outcome.pipe is not None:
                outcome.pipe.close()
        elif outcome.state is State.OPEN:
            self._report(outcome)
        elif self._left:
            self._next()
        elif not self._running:
            self._report(min(self._seen, key=telling))

    def _report(self, outcome: Outcome) -> None:
        done, self._done = self._done, None
        self._end()
        if done is not None:
            done(outcome, (*self._seen, *self._overtaken(outcome)))

    def _overtaken(self, winner: Outcome) -> Iterator[Outcome]:
        """Addresses that were asked before the one that opened, and had not answered by then."""
        ended = {one.address for one in self._seen}
        for address, began in self._asked.items():
            if address == winner.address:
                return
            if address not in ended:
                took = (self._loop.time() - began) * 1000
                yield Outcome(State.NOT_RUN, Reason.CANCELLED, address, elapsed_ms=took)

    def _end(self) -> None:
        self._disarm()
        for cancel in self._cancels:
            cancel()
        self._cancels.clear()

"""Several addresses of one name, tried as a real client would (RFC 8305)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from probes.model import Reason, State
from probes.vantage import Cancel, Outcome, Vantage

ATTEMPT_DELAY = 0.25
"""Seconds before the next address is tried beside the first (RFC 8305 section 8)."""

_STATE_RANK = {State.OPEN: 0, State.CLOSED: 1, State.FILTERED: 2, State.UNREACHABLE: 4}


def outcome_rank(outcome: Outcome) -> int:
    """Rank of an outcome by its evidence, best first: an answer, a refusal, silence."""
    if outcome.reason is Reason.NO_RESPONSE:
        return 3
    return _STATE_RANK.get(outcome.state, 5)


def unfinished(address: str, seconds: float) -> Outcome:
    """Outcome of a connect that was ended after so many seconds, for another one decided."""
    return Outcome(State.NOT_RUN, Reason.CANCELLED, address, elapsed_ms=seconds * 1000)


class OnConnected(Protocol):
    """Callback for the outcome, and for several addresses every outcome that was seen.

    Those that were overtaken, asked before the one that opened and not waited for, are not run.
    """

    def __call__(self, outcome: Outcome, tried: tuple[Outcome, ...] = (), /) -> None:
        """Handle the outcome of the connect."""


class HappyEyeballs:
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
        self._untried = deque(addresses)
        self._port = port
        self._timeout = timeout
        self._done: Callable[[Outcome, tuple[Outcome, ...]], None] | None = done
        self._keep = keep
        self._cancels: list[Cancel] = []
        self._outcomes: list[Outcome] = []
        self._started: dict[str, float] = {}
        self._running = 0
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None

    @property
    def is_silent(self) -> bool:
        """True if no address has answered in any way by now."""
        return all(one.reason is Reason.NO_RESPONSE for one in self._outcomes)

    def try_first(self) -> None:
        """Try the next address; raises OSError when no descriptor is left for it."""
        address = self._untried.popleft()
        self._running += 1
        self._start_timer()
        try:
            cancel = self._vantage.connect(
                address, self._port, self._timeout, self._on_outcome, keep=self._keep
            )
        except OSError:
            self._running -= 1
            self._untried.appendleft(address)
            self._stop_timer()
            raise
        self._cancels.append(cancel)
        self._started[address] = self._loop.time()

    def cancel(self) -> tuple[Outcome, ...]:
        """End every attempt without a report; returns every outcome until now."""
        self._done = None
        seen = (*self._outcomes, *self._unfinished())
        self._cancel_all()
        return seen

    def _try_next(self) -> None:
        self._stop_timer()
        try:
            self.try_first()
        except OSError:
            # A descriptor may be free by the next turn.
            self._start_timer()

    def _start_timer(self) -> None:
        if self._untried and self._timer is None:
            self._timer = self._loop.call_later(ATTEMPT_DELAY, self._try_next)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_outcome(self, outcome: Outcome) -> None:
        self._running -= 1
        outcome.ended = self._loop.time()
        self._outcomes.append(outcome)
        if self._done is None:
            if outcome.pipe is not None:
                outcome.pipe.close()
        elif outcome.state is State.OPEN:
            self._report(outcome)
        elif self._untried:
            self._try_next()
        elif not self._running:
            self._report(min(self._outcomes, key=outcome_rank))

    def _report(self, outcome: Outcome) -> None:
        done, self._done = self._done, None
        self._cancel_all()
        if done is not None:
            done(outcome, (*self._outcomes, *self._unfinished(outcome.address)))

    def _unfinished(self, winner: str = "") -> Iterator[Outcome]:
        """Addresses that were asked before the one that opened, and had not answered by then."""
        ended = {one.address for one in self._outcomes}
        for address, began in self._started.items():
            if address == winner:
                return
            if address not in ended:
                yield unfinished(address, self._loop.time() - began)

    def _cancel_all(self) -> None:
        self._stop_timer()
        for cancel in self._cancels:
            cancel()
        self._cancels.clear()

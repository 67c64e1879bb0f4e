"""Connects to a host again beside a silent one, from a port of its own.

A firewall that keeps state and a path chosen by ports (ECMP) may lose what comes from one port and
nothing of another. Side by side both are waited for as long as one after the other, in less time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial

from probes.model import Reason
from probes.vantage import Cancel, Outcome, Vantage
from probes.vantage.happy_eyeballs import HappyEyeballs, OnConnected, unfinished

SILENCE = 1.1
"""Seconds after which an unanswered connect counts as silent: one lost SYN, which is sent again
after a second (RFC 6298 2), and a round trip."""


class RepeatedConnect:
    """Connects of one row to all addresses of its host; the first end that is no silence counts.

    `done` gets that outcome, or the silence of the last one, as HappyEyeballs reports them.
    """

    __slots__ = (
        "_addresses",
        "_began",
        "_cancels",
        "_done",
        "_keep",
        "_loop",
        "_port",
        "_several",
        "_timeout",
        "_vantage",
        "ended",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        vantage: Vantage,
        addresses: Sequence[str],
        port: int,
        timeout: float,
        done: OnConnected,
        *,
        keep: bool,
    ) -> None:
        # Asking for the running loop would be a system call for every connect.
        self._loop = loop
        self._vantage = vantage
        self._addresses = addresses
        self._port = port
        self._timeout = timeout
        self._done: OnConnected | None = done
        self._keep = keep
        self._began: list[float] = []
        self._cancels: dict[int, Cancel | None] = {}
        """Connects in flight by their number."""
        self._several: HappyEyeballs | None = None
        """The last connect to several addresses."""
        self.ended: list[tuple[Outcome, float]] = []
        """Outcomes of all connects, each with the loop time of its end."""

    @property
    def attempts(self) -> int:
        """Number of connects that were begun, those to several addresses of a host as one."""
        return len(self._began)

    @property
    def began(self) -> float:
        """Loop time at which the first of them was begun."""
        return self._began[0]

    @property
    def is_silent(self) -> bool:
        """True if nothing has come by now, from any address."""
        return self._several is None or self._several.is_silent

    def begin(self) -> None:
        """Begin a connect; raises OSError when no descriptor is left for it."""
        number = len(self._began)
        self._began.append(self._loop.time())
        self._cancels[number] = None
        done = partial(self._on_connected, number)
        try:
            cancel = self._connect(done)
        except OSError:
            self._began.pop()
            del self._cancels[number]
            raise
        if number in self._cancels:
            self._cancels[number] = cancel

    def cancel(self) -> None:
        """End every connect without a report."""
        self._done = None
        now = self._loop.time()
        for number, cancel in self._cancels.items():
            seen = cancel() if cancel is not None else None
            if not isinstance(seen, tuple):
                seen = (unfinished(self._addresses[0], now - self._began[number]),)
            self.ended += [_with_end(one, now) for one in seen]
        self._cancels.clear()

    def _connect(self, done: OnConnected) -> Cancel:
        if len(self._addresses) == 1:
            return self._vantage.connect(
                self._addresses[0], self._port, self._timeout, done, keep=self._keep
            )
        several = self._several = HappyEyeballs(
            self._vantage, self._addresses, self._port, self._timeout, done, keep=self._keep
        )
        several.try_first()
        return several.cancel

    def _on_connected(self, number: int, outcome: Outcome, tried: tuple[Outcome, ...] = ()) -> None:
        self._cancels.pop(number, None)
        done = self._done
        if done is None:
            if outcome.pipe is not None:
                outcome.pipe.close()
            return
        now = self._loop.time()
        self.ended += [_with_end(one, now) for one in tried or (outcome,)]
        if outcome.reason is Reason.NO_RESPONSE and self._cancels:
            return
        self.cancel()
        done(outcome, tried)


def _with_end(outcome: Outcome, now: float) -> tuple[Outcome, float]:
    """Outcome with the loop time of its end, which is now where it does not tell another."""
    return outcome, now if outcome.ended is None else outcome.ended

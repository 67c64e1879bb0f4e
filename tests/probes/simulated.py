"""Event loop whose time passes only in waiting."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable


class Skipping(selectors.DefaultSelector):
    """Selector whose clock jumps ahead where a loop would wait."""

    now = 0.0
    turn = 0.0

    def select(self, timeout: float | None = None):
        ready = super().select(0)
        assert ready or timeout is not None, "everybody waits for nobody"
        if not ready:
            self.now += timeout + self.turn
        return ready


def simulated(main: Callable[[], Awaitable[None]], *, turn: float = 0.0) -> None:
    """Run a coroutine on a loop of its own whose hours take no time.

    A `turn` of the loop takes so many seconds: with none, who waits for less than the loop's
    resolution, after times that are no round numbers, waits forever.
    """
    selector = Skipping()
    selector.turn = turn
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())

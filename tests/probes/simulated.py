"""Event loop whose time passes only in waiting."""

from __future__ import annotations

import asyncio
import selectors
from collections.abc import Awaitable, Callable


class Skipping(selectors.DefaultSelector):
    """Selector whose clock jumps ahead where a loop would wait."""

    now = 0.0

    def select(self, timeout: float | None = None):
        ready = super().select(0)
        assert ready or timeout is not None, "everybody waits for nobody"
        if not ready:
            self.now += timeout
        return ready


def simulated(main: Callable[[], Awaitable[None]]) -> None:
    """Run a coroutine on a loop of its own whose hours take no time."""
    selector = Skipping()
    loop = asyncio.SelectorEventLoop(selector)
    loop.time = lambda: selector.now
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(main())

"""Event loop that knows how late it may notice what has come."""

from __future__ import annotations

import asyncio
import selectors
from time import perf_counter

_LEAST_WAIT = 0.001
"""Seconds from which on a poll has waited; a shorter one may find what came before it."""
_MOST_OVERDUE = 0.005
"""Seconds a wait may end after its time; after a longer one this process had stood still."""


class MeasuredLoop(asyncio.SelectorEventLoop):
    """Event loop that knows since when it may not have noticed what has come."""

    def __init__(self) -> None:
        self._timed_selector = _TimedSelector()
        super().__init__(self._timed_selector)

    @property
    def quiet_until(self) -> float:
        """Time of `perf_counter` before which nothing came of what is noticed in this turn."""
        return self._timed_selector.quiet_until


def quiet_until(loop: asyncio.AbstractEventLoop) -> float:
    """MeasuredLoop.quiet_until; before every time on another loop, which does not know it."""
    return loop.quiet_until if isinstance(loop, MeasuredLoop) else float("-inf")


class _TimedSelector(selectors.DefaultSelector):
    """Selector that notes when its polls ended.

    Of what a poll finds after a wait nothing came before its end, but for what it takes to wake up.
    Otherwise it came after the poll before: the loop was busy, or the process was stopped.
    """

    def __init__(self) -> None:
        super().__init__()
        self.quiet_until = self._ended = perf_counter()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Poll; see BaseSelector.select."""
        began = perf_counter()
        ready = super().select(timeout)
        ended = perf_counter()
        # A poll that must not wait may last as long too, where another thread computes.
        has_waited = timeout != 0 and ended - began >= _LEAST_WAIT
        is_overdue = timeout is not None and ended - began > timeout + _MOST_OVERDUE
        self.quiet_until = ended if has_waited and not is_overdue else self._ended
        self._ended = ended
        return ready

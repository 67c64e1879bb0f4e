"""Long work on the screen's loop, a little at a time, so that keys are answered meanwhile."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

AT_ONCE = 0.008
"""Seconds of work between two looks at the keyboard."""
BREATH = 0.001
"""Seconds for everything else between two pieces."""


class Gradual:
    """One piece of work at a time; `later` calls a function after some seconds."""

    def __init__(self, later: Callable[[float, Callable[[], None]], object]) -> None:
        self._later = later
        self._pieces: Iterator[None] | None = None
        self._done: Callable[[], None] = lambda: None

    def begin(self, pieces: Iterator[None], done: Callable[[], None]) -> None:
        """Work through pieces instead of what was begun before, then call `done`."""
        self._pieces, self._done = pieces, done
        self._go_on(pieces, AT_ONCE)

    def settle(self) -> None:
        """Finish now what was begun, if anything was."""
        if self._pieces is not None:
            self._go_on(self._pieces, math.inf)

    def cancel(self) -> None:
        """Give up what was begun; its `done` is never called."""
        self._pieces = None

    def _go_on(self, pieces: Iterator[None], most: float) -> None:
        if pieces is not self._pieces:
            return
        until = time.perf_counter() + most
        for _ in pieces:
            if time.perf_counter() > until:
                self._later(BREATH, lambda: self._go_on(pieces, AT_ONCE))
                return
        self._pieces = None
        self._done()

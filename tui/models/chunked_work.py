"""Chunked work: a long task on the event loop in short time slices, so that keys are answered."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator

CHUNK_SECONDS = 0.008
"""Seconds of work in one time slice."""
PAUSE_SECONDS = 0.001
"""Seconds for everything else between two time slices."""


class ChunkedWork:
    """One task, run in time slices; `call_later` calls a function after some seconds."""

    def __init__(self, call_later: Callable[[float, Callable[[], None]], object]) -> None:
        self._call_later = call_later
        self._chunks: Iterator[None] | None = None
        self._done: Callable[[], None] = lambda: None

    def start(self, chunks: Iterator[None], done: Callable[[], None]) -> None:
        """Run the chunks of a task, in place of an earlier task, then call `done`."""
        self._chunks, self._done = chunks, done
        self._continue(chunks, CHUNK_SECONDS)

    def finish(self) -> None:
        """Run what is left of the task at once."""
        if self._chunks is not None:
            self._continue(self._chunks, math.inf)

    def cancel(self) -> None:
        """Drop the task; its `done` is never called."""
        self._chunks = None

    def _continue(self, chunks: Iterator[None], seconds: float) -> None:
        if chunks is not self._chunks:
            return
        deadline = time.perf_counter() + seconds
        for _ in chunks:
            if time.perf_counter() > deadline:
                self._call_later(PAUSE_SECONDS, lambda: self._continue(chunks, CHUNK_SECONDS))
                return
        self._chunks = None
        self._done()

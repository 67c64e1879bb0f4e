"""What a run reports, in order, a batch at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from probes.engine.model import Event, Finished

TOGETHER = 0.03
"""Seconds for which events are gathered before they are reported."""

Report = Callable[[Sequence[Event]], None]


class Outbox:
    """Gathers events and hands them over together; the end of a run is not kept waiting."""

    def __init__(self, loop: asyncio.AbstractEventLoop, report: Report) -> None:
        self._loop = loop
        self._report = report
        self._batch: list[Event] = []
        self._flushing = False

    def put(self, event: Event) -> None:
        """Report an event with the others of the next moment."""
        self._batch.append(event)
        if isinstance(event, Finished):
            self._loop.call_soon(self.flush)
        elif not self._flushing:
            self._flushing = True
            self._loop.call_later(TOGETHER, self.flush)

    def flush(self) -> None:
        """Report what was put in so far at once."""
        self._flushing = False
        if self._batch:
            batch, self._batch = self._batch, []
            self._report(batch)

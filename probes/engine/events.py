"""Events of a run in batches, and the clock for their time stamps."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from datetime import datetime

from probes.model import Event, Finished

BATCH_INTERVAL = 0.03
"""Seconds for which events are collected before they are reported."""

Report = Callable[[Sequence[Event]], None]


class EventBatcher:
    """Collector of events that reports them in batches; Finished is reported at once."""

    def __init__(self, loop: asyncio.AbstractEventLoop, report: Report) -> None:
        self._loop = loop
        self._report = report
        self._batch: list[Event] = []
        self._flush_scheduled = False

    def put(self, event: Event) -> None:
        """Add an event to the batch."""
        self._batch.append(event)
        if isinstance(event, Finished):
            self._loop.call_soon(self.flush)
        elif not self._flush_scheduled:
            self._flush_scheduled = True
            self._loop.call_later(BATCH_INTERVAL, self.flush)

    def flush(self) -> None:
        """Report the batch at once."""
        self._flush_scheduled = False
        if self._batch:
            batch, self._batch = self._batch, []
            self._report(batch)


class Clock:
    """Clock of one run: the wall clock at its start, advanced monotonically."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._base = time.time() - monotonic()
        self._zone = datetime.now().astimezone().tzinfo
        self._millisecond = -1
        self._text = ""

    def now(self) -> tuple[float, str]:
        """The monotonic time in seconds, and the same moment as RFC 3339 with the offset."""
        now = self._monotonic()
        millisecond = int((self._base + now) * 1000)
        # Many rows start in the same millisecond, and the text costs more than all the rest.
        if millisecond != self._millisecond:
            moment = datetime.fromtimestamp(millisecond / 1000, self._zone)
            self._millisecond, self._text = millisecond, moment.isoformat(timespec="milliseconds")
        return now, self._text

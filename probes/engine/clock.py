"""Wall-clock stamps that follow the monotonic clock, so that a log never jumps."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime


class Clock:
    """Stamps of one run: the wall clock as it was at the start, advanced monotonically."""

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._base = time.time() - monotonic()
        self._zone = datetime.now().astimezone().tzinfo
        self._millisecond = -1
        self._text = ""

    def now(self) -> tuple[float, str]:
        """The monotonic time in seconds and the same moment as RFC 3339 with the offset."""
        now = self._monotonic()
        millisecond = int((self._base + now) * 1000)
        # Many rows start in the same millisecond, and the text costs more than all the rest.
        if millisecond != self._millisecond:
            moment = datetime.fromtimestamp(millisecond / 1000, self._zone)
            self._millisecond, self._text = millisecond, moment.isoformat(timespec="milliseconds")
        return now, self._text

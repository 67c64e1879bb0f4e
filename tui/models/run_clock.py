"""Clock of a run: how long it takes, when it was over, and when it will be at the latest."""

from __future__ import annotations

import math
from datetime import datetime


class RunClock:
    """Times of the present run, in seconds of `time.time`; a run that goes on has no end."""

    def __init__(self) -> None:
        self.began: float | None = None
        self.ended: float | None = None

    def set_running(self, running: bool, now: float) -> None:
        """Begin a run, or end the present one."""
        if running and (self.began is None or self.ended is not None):
            self.began, self.ended = now, None
        elif not running and self.began is not None and self.ended is None:
            self.ended = now

    def elapsed_text(self, now: float) -> str:
        """Duration of the run so far, in whole seconds; empty without one."""
        if self.began is None:
            return ""
        seconds = round(max(0.0, (now if self.ended is None else self.ended) - self.began))
        return f"{seconds} s" if seconds < 60 else f"{seconds // 60} min {seconds % 60} s"

    @property
    def ended_text(self) -> str:
        """Time of day at which the run was over; empty before."""
        return "" if self.ended is None else time_of_day(self.ended)


def time_of_day(moment: float) -> str:
    """Time of day here, of the next whole second."""
    return f"{datetime.fromtimestamp(math.ceil(moment)).astimezone():%H:%M:%S}"

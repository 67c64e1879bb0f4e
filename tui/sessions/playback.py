"""Playback of a recorded session: its events and the times at which they are due. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from probes.model import Event, Finished, Job, Queued

LONGEST_GAP = 10.0
"""Longest pause in seconds; a longer one is shortened to it."""
MAX_SPEED = 1000.0

_SPEED = re.compile(r"(\d{1,4}(?:\.\d{1,2})?)x?")


class SpeedError(Exception):
    """Invalid speed; the text is one sentence."""


def parse_speed(text: str) -> float:
    """Parse a speed such as `1`, `10` or `2.5x`; raises SpeedError."""
    found = _SPEED.fullmatch(text.strip().casefold())
    value = float(found[1]) if found else 0.0
    if not 0.1 <= value <= MAX_SPEED:
        raise SpeedError(
            "How many times as fast? Type 0.1 to 1000; 1 is the session's own pace, "
            "10 is ten times as fast."
        )
    return value


class Player:
    """Player of timed events; `jobs` are queued at the beginning."""

    def __init__(
        self, jobs: Sequence[Job], moments: Iterable[tuple[float, Event]], speed: float
    ) -> None:
        self._jobs = jobs
        self._speed = speed
        self._events: list[tuple[float, Event]] = []
        self._next = 0
        self._now = 0.0
        before = shift = 0.0
        for at, event in moments:
            shift += max(0.0, at - before - LONGEST_GAP)
            before = at
            self._events.append((at - shift, event))

    @property
    def finished(self) -> bool:
        """True if every event has been returned."""
        return self._next >= len(self._events)

    @property
    def state(self) -> str:
        """Progress in a few words."""
        length = self._events[-1][0] if self._events else 0.0
        return f"replay {self._speed:g}x, {min(self._now, length):.0f} of {length:.0f} s"

    def begin(self) -> list[Event]:
        """Events that show every row as queued."""
        return [Queued(tuple(job.key for job in self._jobs))]

    def due(self, seconds: float) -> list[Event]:
        """Events that are due when so many seconds more have passed; Finished is the last."""
        self._now += seconds * self._speed
        first = self._next
        while not self.finished and self._events[self._next][0] <= self._now:
            self._next += 1
        due = [event for _, event in self._events[first : self._next]]
        if self.finished:
            due.append(Finished(True))
        return due

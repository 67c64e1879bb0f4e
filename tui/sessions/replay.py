"""Replay of a recorded session on a screen, paced by the screen's clock."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from probes.model import Event
from probes.session.replay import timeline
from profiles.model import Profile
from tui.models.loaded_session import LoadedSession
from tui.sessions.playback import Player

if TYPE_CHECKING:
    from textual.timer import Timer


class ReplayScreen(Protocol):
    """The screen of a session, as far as a replay needs it."""

    profile: Profile

    def show_replay(self, events: Sequence[Event], state: str) -> None:
        """Show events of the replay, and its progress."""

    def set_interval(self, interval: float, callback: Callable[[], None]) -> Timer:
        """Call again and again, every so many seconds."""


TICK = 0.2
"""Seconds between two checks for events that are due."""


class Replay:
    """One replay; `toggle` pauses and resumes it."""

    def __init__(self, screen: ReplayScreen, recorded: LoadedSession, speed: float) -> None:
        self._screen = screen
        self._recorded = recorded
        self._speed = speed
        self._player: Player | None = None
        self._timer: Timer | None = None
        self._last = 0.0

    async def start(self) -> None:
        """Read the log off the loop, show every row as waiting, and begin."""
        screen, recorded = self._screen, self._recorded
        events = await asyncio.to_thread(lambda: [*timeline(recorded.path, screen.profile)])
        self._player = Player(recorded.jobs, events, self._speed)
        screen.show_replay(self._player.begin(), self._player.state)
        self._last = time.monotonic()
        self._timer = screen.set_interval(TICK, self._tick)

    def toggle(self) -> str:
        """Pause or resume it; returns the notice."""
        if self._timer is None or self._player is None or self._player.finished:
            return "The replay is over; {replay} plays it again."
        if self._last:
            self._last = 0.0
            self._timer.pause()
            return "The replay is paused; {freeze} resumes it."
        self._last = time.monotonic()
        self._timer.resume()
        return ""

    def _tick(self) -> None:
        assert self._player is not None
        now = time.monotonic()
        events = self._player.due(now - self._last)
        self._last = now
        self._screen.show_replay(events, self._player.state)
        if self._player.finished and self._timer is not None:
            self._timer.stop()
            self._screen.show_replay((), "replay is over")

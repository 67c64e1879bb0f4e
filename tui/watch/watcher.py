"""Watch controller: repeats a run and tells what changes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from probes.model import Event, Finished, Queued, Result, Started, Verdict
from tui.watch.options import Order
from tui.watch.row_history import Change, Past
from tui.watch.text import change_text, is_bad

if TYPE_CHECKING:
    from textual.timer import Timer


class _Rows(Protocol):
    """Keys of the rows on the screen."""

    @property
    def keys(self) -> Sequence[str]:
        """Every row."""

    @property
    def failed(self) -> Sequence[str]:
        """Rows that are neither ok nor unnecessary."""


class WatchedScreen(Protocol):
    """The screen of a session, as far as a watch needs it."""

    measuring: bool

    @property
    def panes(self) -> _Rows:
        """Rows that are measured again."""

    def measure_again(self, keys: Sequence[str], *, quiet: bool) -> str | None:
        """Measure rows again; a `quiet` round takes no notice away."""

    def say(self, text: str, *, trouble: bool) -> None:
        """Show a notice."""

    def bell(self) -> None:
        """Ring the terminal's bell."""

    def set_timer(self, delay: float, callback: Callable[[], None]) -> Timer:
        """Call once, after so many seconds."""


class Held:
    """What has happened since the display was frozen, in at most one event a row."""

    def __init__(self) -> None:
        self._results: dict[str, Result] = {}
        self._pending: dict[str, type[Queued] | type[Started]] = {}
        self._verdicts: dict[tuple[object, str], Verdict] = {}
        self._finished: Finished | None = None

    @property
    def rows(self) -> int:
        """How many rows were measured since the display stands still."""
        return len(self._results)

    def keep(self, events: Iterable[Event]) -> None:
        """Hold events back, in the order they came."""
        for event in events:
            if isinstance(event, Result):
                self._results[event.job.key] = event
                self._pending.pop(event.job.key, None)
            elif isinstance(event, Queued | Started):
                self._pending.update(dict.fromkeys(event.keys, type(event)))
                self._finished = None
            elif isinstance(event, Verdict):
                self._verdicts[event.target, event.capability] = event
            elif isinstance(event, Finished):
                self._finished = event

    def events(self) -> list[Event]:
        """Everything that was held back, in the order it is to be shown."""
        events: list[Event] = [*self._results.values(), *self._verdicts.values()]
        for kind in (Queued, Started):
            keys = tuple(key for key, pending in self._pending.items() if pending is kind)
            if keys:
                events.append(kind(keys))
        if self._finished is not None:
            events.append(self._finished)
        return events


MOST_CHANGES = 1000
"""Changes that can be looked at again."""
_TOLD = 2
"""Changes of one batch that are told one by one."""
_AT_ONCE = 0.05
"""Seconds until the round after one that took longer than the order: Textual never fires a 0."""


class Lookout:
    """Watch of one screen: repeats its run, holds its display, and reports what changes."""

    def __init__(self, screen: WatchedScreen) -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._began = 0.0
        self._quiet: set[str] = set()
        """Rows of a round, which keep their last status until they have another."""
        self._held: Held | None = None
        self.past = Past()
        self.order: Order | None = None
        self.changes: deque[Change] = deque(maxlen=MOST_CHANGES)

    @property
    def frozen(self) -> bool:
        """Whether the display stands still."""
        return self._held is not None

    @property
    def state(self) -> str:
        """What the watch does, in a few words; empty if nothing."""
        words = []
        if self.order is not None:
            words.append(f"every {self.order.every:g} s")
        if self._held is not None:
            words.append("FROZEN")
        return ", ".join(words)

    def repeat(self, order: Order | None) -> None:
        """Begin to repeat, or end it."""
        self.order = order
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if order is not None and not self._screen.measuring:
            self._round()

    def freeze(self) -> None:
        """Hold the display still; measuring, the log and the notices of changes go on."""
        if self._held is None:
            self._held = Held()

    def thaw(self) -> tuple[list[Event], int]:
        """Let the display go on; returns what was held back and how many rows are in it."""
        held, self._held = self._held or Held(), None
        return held.events(), held.rows

    def anew(self) -> None:
        """Another session begins: nothing of the last one is its past."""
        self.past.clear()
        self.changes.clear()
        self._quiet.clear()

    def take(self, events: Sequence[Event]) -> Sequence[Event]:
        """Take in what happened; returns what is to be shown of it now."""
        changes = self.past.take(events)
        self.changes.extend(changes)
        if self.order is not None:
            self._tell(changes)
        finished = any(isinstance(event, Finished) for event in events)
        shown = self._calm(events)
        if finished:
            self._quiet.clear()
            self._schedule()
        if self._held is not None:
            self._held.keep(shown)
            return ()
        return shown

    def _calm(self, events: Sequence[Event]) -> Sequence[Event]:
        if not self._quiet:
            return events
        calm: list[Event] = []
        for event in events:
            if isinstance(event, Queued | Started):
                loud = tuple(key for key in event.keys if key not in self._quiet)
                if loud:
                    calm.append(type(event)(loud))
                continue
            if isinstance(event, Result):
                self._quiet.discard(event.job.key)
            calm.append(event)
        return calm

    def _tell(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        bad = [change for change in changes if is_bad(change)]
        told = (bad or list(changes))[:_TOLD]
        text = " ".join(change_text(change) for change in told)
        if len(changes) > len(told):
            text += f" {len(changes) - len(told)} more changes: {{changes}} lists them."
        self._screen.say(text, trouble=bool(bad))
        if self.order is not None and self.order.bell:
            self._screen.bell()

    def _schedule(self) -> None:
        if self.order is None or self._timer is not None:
            return
        wait = max(_AT_ONCE, self._began + self.order.every - time.monotonic())
        self._timer = self._screen.set_timer(wait, self._round)

    def _round(self) -> None:
        self._timer = None
        order, screen = self.order, self._screen
        if order is None or screen.measuring:
            # Somebody measures by hand: the end of that begins the next round.
            return
        self._began = time.monotonic()
        keys = screen.panes.failed if order.failed else screen.panes.keys
        if not keys:
            self._schedule()
            return
        self._quiet = set(keys)
        screen.measure_again(keys, quiet=True)

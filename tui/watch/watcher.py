"""Watch controller: repetition of a run, frozen display, announcement of changes."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Protocol

from probes.model import Diagnosed, Event, Finished, Queued, Result, Started, Verdict
from tui.watch.options import WatchOptions
from tui.watch.row_history import Change, RowHistory
from tui.watch.text import change_text, is_loss

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
    def replay(self) -> object | None:
        """The replay of an old session; None for one that is measured."""

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


class HeldEvents:
    """Events since the display was frozen, at most one a row."""

    def __init__(self) -> None:
        self._results: dict[str, Result] = {}
        self._pending: dict[str, type[Queued] | type[Started]] = {}
        self._verdicts: dict[tuple[object, str], Verdict] = {}
        self._diagnosed: Diagnosed | None = None
        self._finished: Finished | None = None

    @property
    def rows(self) -> int:
        """Number of rows measured since the display was frozen."""
        return len(self._results)

    def hold(self, events: Iterable[Event]) -> None:
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
            elif isinstance(event, Diagnosed):
                self._diagnosed = event
            elif isinstance(event, Finished):
                self._finished = event

    def events(self) -> list[Event]:
        """Everything that was held back, in the order it is to be shown."""
        events: list[Event] = [*self._results.values(), *self._verdicts.values()]
        for kind in (Queued, Started):
            keys = tuple(key for key, pending in self._pending.items() if pending is kind)
            if keys:
                events.append(kind(keys))
        if self._diagnosed is not None:
            events.append(self._diagnosed)
        if self._finished is not None:
            events.append(self._finished)
        return events


MAX_CHANGES = 1000
"""Most changes that are kept."""
_MAX_ANNOUNCED = 2
"""Most changes of one batch that are announced one by one."""
_MIN_DELAY = 0.05
"""Seconds before the next round after a slow one: Textual never fires a timer of 0."""


class Watcher:
    """Watcher of one screen: repeats its run, freezes its display, and announces changes."""

    def __init__(self, screen: WatchedScreen) -> None:
        self._screen = screen
        self._timer: Timer | None = None
        self._round_started = 0.0
        self._in_round = False
        self._round_seconds = 0.0
        """Duration of the last round."""
        self._round_keys: set[str] = set()
        """Keys of the rows of a round, which keep their status until they have another."""
        self._held: HeldEvents | None = None
        self._untold: list[Change] = []
        """Changed reasons of what is measured by hand, to be told at its end."""
        self.history = RowHistory()
        self.options: WatchOptions | None = None
        self.changes: deque[Change] = deque(maxlen=MAX_CHANGES)

    @property
    def frozen(self) -> bool:
        """True while the display is frozen."""
        return self._held is not None

    @property
    def state(self) -> str:
        """State of the watch in a few words; empty without one."""
        words = []
        if self.options is not None:
            words.append(f"every {self.options.interval:g} s")
            if self.options.failed_only:
                words.append("failed rows only")
            if self._round_seconds > self.options.interval:
                words.append(f"a round takes {self._round_seconds:.0f} s")
        if self._held is not None:
            words.append("FROZEN")
        return ", ".join(words)

    def repeat(self, options: WatchOptions | None) -> None:
        """Start, change or end the repetition."""
        self.options = options
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if options is not None and not self._screen.measuring:
            self._start_round()

    def freeze(self) -> None:
        """Hold the display still; measuring, the log and the notices of changes go on."""
        if self._held is None:
            self._held = HeldEvents()

    def thaw(self) -> tuple[list[Event], int]:
        """Unfreeze the display; returns the events that were held, and the number of their rows."""
        held, self._held = self._held or HeldEvents(), None
        return held.events(), held.rows

    def end(self) -> None:
        """End the repetition, and forget what a frozen display holds: another session begins."""
        self.repeat(None)
        self._held = None

    def reset(self) -> None:
        """Forget the history: another session begins."""
        self.history.clear()
        self.changes.clear()
        self._untold.clear()
        self._round_keys.clear()

    def recall(self, events: Iterable[Event]) -> None:
        """Take over the history of a recorded session; the caller may be another thread."""
        history, changes = RowHistory(), deque[Change](maxlen=MAX_CHANGES)
        for event in events:
            changes.extend(history.add((event,)))
        self.history, self.changes = history, changes

    def filter_events(self, events: Sequence[Event]) -> Sequence[Event]:
        """Record events; returns those to be shown now."""
        changes = self.history.add(events)
        self.changes.extend(changes)
        finished = any(isinstance(event, Finished) for event in events)
        if self.options is not None:
            self._announce(changes)
        elif self._screen.replay is None:
            # Another status is seen in the table, another reason may not be.
            self._untold += [change for change in changes if change.reason]
            if finished:
                self._announce(self._untold)
                self._untold = []
        shown = self._without_pending(events)
        if finished:
            if self._in_round:
                self._in_round = False
                self._round_seconds = time.monotonic() - self._round_started
            self._round_keys.clear()
            self._schedule()
        if self._held is not None:
            self._held.hold(shown)
            return ()
        return shown

    def _without_pending(self, events: Sequence[Event]) -> Sequence[Event]:
        if not self._round_keys:
            return events
        kept: list[Event] = []
        for event in events:
            if isinstance(event, Queued | Started):
                shown_keys = tuple(key for key in event.keys if key not in self._round_keys)
                if shown_keys:
                    kept.append(type(event)(shown_keys))
                continue
            if isinstance(event, Result):
                self._round_keys.discard(event.job.key)
            kept.append(event)
        return kept

    def _announce(self, changes: Sequence[Change]) -> None:
        if not changes:
            return
        losses = [change for change in changes if is_loss(change)]
        shown = (losses or list(changes))[:_MAX_ANNOUNCED]
        text = " ".join(change_text(change) for change in shown)
        if len(changes) > len(shown):
            text += f" {len(changes) - len(shown)} more changes: {{changes}} lists them."
        self._screen.say(text, trouble=bool(losses))
        if self.options is not None and self.options.bell:
            self._screen.bell()

    def _schedule(self) -> None:
        if self.options is None or self._timer is not None:
            return
        wait = max(_MIN_DELAY, self._round_started + self.options.interval - time.monotonic())
        self._timer = self._screen.set_timer(wait, self._start_round)

    def _start_round(self) -> None:
        self._timer = None
        options, screen = self.options, self._screen
        if options is None or screen.measuring:
            # Somebody measures by hand: the end of that begins the next round.
            return
        self._round_started = time.monotonic()
        keys = screen.panes.failed if options.failed_only else screen.panes.keys
        if not keys:
            self._schedule()
            return
        self._round_keys = set(keys)
        self._in_round = True
        screen.measure_again(keys, quiet=True)

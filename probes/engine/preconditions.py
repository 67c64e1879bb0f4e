"""Preconditions of rows: is one needed, and is the row that it depends on available?"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from probes.engine.events import Clock
from probes.engine.observation import untested
from probes.engine.pacing import Work
from probes.engine.session_state import SessionState
from probes.model import Observation, Reason, State


@dataclass
class Preconditions:
    """Checks before an attempt: is the row needed, and is the row it depends on available?

    `pending` holds the rows without a result by key; a row that depends on one of them waits. One
    that is needed only where the other fails waits no longer once that has met silence.
    """

    state: SessionState
    pending: Mapping[str, Work]
    clock: Clock
    ready: Callable[[Work], None]
    """Called with a row that is to be measured."""
    complete: Callable[[Work, Observation], None]
    """Called with a row that need not or cannot be measured."""
    _waiting: dict[str, list[Work]] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)
    _early: dict[str, list[Work]] = field(default_factory=dict)
    """Rows that did not wait for a silent one, by its key."""

    def check(self, work: Work) -> None:
        """Pass a row on, let it wait for another row, or complete it."""
        job = work.job
        if not work.started:
            work.start_time, work.started = self.clock.now()
        if not work.forced:
            if self.state.why_not_needed(job):
                self.complete(work, untested(work, Reason.NOT_NEEDED, "", State.NOT_RUN))
                return
            for key in self.state.dependencies(job):
                if key in self.pending and not self._goes_ahead(work, key):
                    self._waiting.setdefault(key, []).append(work)
                    return
        missing = self.state.missing_dependency(job)
        if missing is not None:
            problem = f"{missing.job.name}, which it depends on, is not available"
            self.complete(work, untested(work, Reason.DEPENDENCY, problem, State.NOT_RUN))
            return
        self.ready(work)

    def _goes_ahead(self, work: Work, key: str) -> bool:
        """True if the row need not wait for a silent one, whose answer would make it needless."""
        if key not in self._silent or self.state.needs(work.job, key):
            return False
        early = self._early.setdefault(key, [])
        if work not in early:
            early.append(work)
        return True

    def on_silence(self, key: str) -> None:
        """Let the rows go ahead that wait for this row only because it may make them needless."""
        self._silent.add(key)
        for work in self._waiting.pop(key, ()):
            self.check(work)

    def on_result(self, key: str) -> list[Work]:
        """Check the rows again that waited for this row's result.

        Returns rows that went ahead of it, have no result yet and are not needed.
        """
        self._silent.discard(key)
        for work in self._waiting.pop(key, ()):
            self.check(work)
        return [
            work
            for work in self._early.pop(key, ())
            if self.pending.get(work.job.key) is work and self.state.why_not_needed(work.job)
        ]

    def drop(self, keys: Collection[str]) -> None:
        """Discard rows that wait for these keys, or went ahead of them."""
        for key in keys:
            self._silent.discard(key)
            self._waiting.pop(key, None)
            self._early.pop(key, None)

    def clear(self) -> None:
        """Discard all rows that wait."""
        self._silent.clear()
        self._waiting.clear()
        self._early.clear()

"""What becomes of a row before anything is sent: it goes on, waits for another row, or ends."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field

from probes.engine import observe
from probes.engine.clock import Clock
from probes.engine.lanes import Work
from probes.engine.model import Observation, Reason, State
from probes.engine.session_state import Board


@dataclass
class Admission:
    """Lets rows in by what is known on the board; `open` holds the keys that have no result yet."""

    board: Board
    open: Collection[str]
    clock: Clock
    find: Callable[[Work], None]
    """Sends a row on to its host."""
    settle: Callable[[Work, Observation], None]
    """Ends a row that need not or cannot be asked."""
    _parked: dict[str, list[Work]] = field(default_factory=dict)

    def admit(self, work: Work) -> None:
        """Send a row on its way: to its host, to wait for another row, or to its end."""
        job = work.job
        if not work.started:
            work.began, work.started = self.clock.now()
        if not work.forced:
            if self.board.why_not_needed(job):
                gone = observe.untested(work, Reason.NOT_NEEDED, "", State.NOT_RUN)
                self.settle(work, gone)
                return
            for key in self.board.decided_by(job):
                if key in self.open:
                    self._parked.setdefault(key, []).append(work)
                    return
        missing = self.board.missing(job)
        if missing is not None:
            needs = missing.job.check
            problem = f"{needs.title} ({needs.port_text}), which it depends on, is not available"
            gone = observe.untested(work, Reason.DEPENDENCY, problem, State.NOT_RUN)
            self.settle(work, gone)
            return
        self.find(work)

    def decided(self, key: str) -> None:
        """A row has its result: let in those that waited for it."""
        for work in self._parked.pop(key, ()):
            self.admit(work)

    def drop(self, keys: Collection[str]) -> None:
        """Forget what waits for these rows."""
        for key in keys:
            self._parked.pop(key, None)

    def clear(self) -> None:
        """Forget everything that waits."""
        self._parked.clear()

"""Limit of the attempts in flight."""

from __future__ import annotations

from collections.abc import Callable

from probes.engine.pacing import Work
from probes.judging.text import count
from probes.model import Message

STARVED = 10.0
"""Seconds without a descriptor and with nothing else in flight, after which rows end untested."""


class ConcurrencyLimit:
    """Limit of attempts in flight: `wanted`, or what the descriptors allow.

    Emits a message when it is lower than wanted.
    """

    def __init__(self, wanted: int, available: int, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        self._attempts: dict[Work, int] = {}
        self._total = 0
        self._eased: set[Work] = set()
        self._starved_since: float | None = None
        # A limit of 0 would never start anything.
        self.limit = max(1, min(wanted, available))
        self._spare = max(0, available - self.limit)
        """Descriptors beside those of the limit."""
        if self.limit < wanted:
            emit(
                Message(
                    f"{count(self.limit, 'attempt')} in flight instead of {wanted}: "
                    "the descriptor limit (ulimit -n) allows no more.",
                    "information",
                )
            )

    @property
    def has_room(self) -> bool:
        """True if another attempt may start."""
        return self._total < self.limit

    def add(self, work: Work) -> None:
        """Count an attempt of a row."""
        self._attempts[work] = self._attempts.get(work, 0) + 1
        self._total += 1

    def remove(self, work: Work) -> None:
        """Count one attempt of a row no longer."""
        self._attempts[work] -= 1
        self._total -= 1

    def ease(self, work: Work) -> None:
        """Count a row no longer whose service lets us wait, if the descriptors allow more."""
        if len(self._eased) < self._spare and self._attempts.get(work):
            self._eased.add(work)
            self._total -= self._attempts[work]
            self._attempts[work] = 0

    def discard(self, work: Work) -> None:
        """Count no attempt of a row any more."""
        self._eased.discard(work)
        self._total -= self._attempts.pop(work, 0)

    def clear(self) -> None:
        """Count no attempt of any row any more."""
        self._attempts.clear()
        self._eased.clear()
        self._total = 0

    def is_starved(self, now: float) -> bool:
        """True if for a while no descriptor was left and no other row was in flight to free one."""
        if len(self._attempts) > 1:
            self._starved_since = None
        elif self._starved_since is None:
            self._starved_since = now
        else:
            return now - self._starved_since >= STARVED
        return False

    def end_starvation(self) -> None:
        """Note that a row has ended: descriptors are left."""
        self._starved_since = None

    def lower(self) -> None:
        """Lower the limit to what is in flight, after which no descriptor was left."""
        limit = max(1, self._total)
        if limit < self.limit:
            self.limit = limit
            self._emit(
                Message(f"Out of descriptors: {count(limit, 'attempt')} in flight from now on.")
            )

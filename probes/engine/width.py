"""How many attempts may be in flight at once."""

from __future__ import annotations

from collections.abc import Callable

from probes.engine.model import Message


class Width:
    """As many as were asked for, or as the descriptor limit allows; says when it is fewer."""

    def __init__(self, wanted: int, possible: int, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        # With none at all the run would wait for ever.
        self.limit = max(1, min(wanted, possible))
        if self.limit < wanted:
            emit(
                Message(
                    f"{self.limit} attempts in flight instead of {wanted}: "
                    "the descriptor limit (ulimit -n) allows no more.",
                    "information",
                )
            )

    def starved(self, flying: int) -> None:
        """No descriptor was left for another one: keep to what was possible."""
        limit = max(1, flying)
        if limit < self.limit:
            self.limit = limit
            self._emit(Message(f"Out of descriptors: {limit} attempts in flight from now on."))

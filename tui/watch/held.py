"""Events that wait while the display stands still: only the last of each row is kept."""

from __future__ import annotations

from collections.abc import Iterable

from probes.model import Event, Finished, Queued, Result, Started, Verdict


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

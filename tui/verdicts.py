"""The verdicts of a session as lines, the worst first: the last one of each target stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from probes.engine.model import Event, Job, Ruling, Status, Target, Verdict
from probes.wire.text import printable

_RANK: dict[Ruling | None, int] = {ruling: rank for rank, ruling in enumerate(Ruling)}
_RANK[None] = len(_RANK)
AS_STATUS: Mapping[Ruling | None, Status] = {
    Ruling.BLOCKED: Status.BLOCKED,
    Ruling.UNKNOWN: Status.ERROR,
    Ruling.DEGRADED: Status.DEGRADED,
    Ruling.READY_AFTER: Status.WARNING,
    Ruling.READY: Status.OK,
    None: Status.QUEUED,
}
"""The status whose sign and colour stand for a ruling."""
_READY = frozenset({Ruling.READY, Ruling.READY_AFTER})
_WIDEST_HOST = 40
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """A target's verdict for one capability; `ruling` is None while there is none."""

    target: Target
    ruling: Ruling | None
    text: str
    fix: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    """Ids of the checks it rests on."""

    @property
    def sentence(self) -> str:
        """What it means and what would make it ready; may hold what a stranger sent."""
        change = "" if self.ruling in _READY or not self.fix else " To change: "
        return f"{self.text}{change}{' '.join(self.fix) if change else ''}"


class Verdicts:
    """The verdicts so far, and the targets that have none yet."""

    def __init__(self) -> None:
        self._of: dict[Target, dict[str, Verdict]] = {}
        self._in: dict[str, dict[Target, None]] = {}
        self.version = 0
        """Another number whenever anything has changed."""

    def add(self, jobs: Iterable[Job]) -> None:
        """Expect a verdict for the targets of these rows."""
        self.version += 1
        for job in jobs:
            self._expect(job.target)

    def clear(self) -> None:
        """Forget every target."""
        self.version += 1
        self._of.clear()
        self._in.clear()

    def _expect(self, target: Target) -> dict[str, Verdict]:
        if target not in self._of:
            self._of[target] = {}
            self._in.setdefault(target.role, {})[target] = None
        return self._of[target]

    def apply(self, events: Iterable[Event]) -> None:
        """Take verdicts in; the last of a target and capability stands."""
        for event in events:
            if isinstance(event, Verdict):
                self._expect(event.target)[event.capability] = event
                self.version += 1

    def of(self, target: Target) -> Ruling | None:
        """The worst ruling on a target, over all its capabilities; None while there is none."""
        rulings: list[Ruling | None] = [one.ruling for one in self._of.get(target, {}).values()]
        return min(rulings, key=_RANK.__getitem__, default=None)

    def targets(self, role: str) -> list[Target]:
        """The targets of a role, the worst first, otherwise as they were added."""
        return sorted(self._in.get(role, ()), key=lambda target: _RANK[self.of(target)])

    def tally(self, role: str) -> tuple[Ruling | None, int]:
        """The worst ruling in a role and how many of its targets have it; None before any."""
        counts = Counter(self.of(target) for target in self._in.get(role, ()))
        worst = min(counts, key=_RANK.__getitem__, default=None)
        return worst, counts[worst]

    @property
    def rulings(self) -> Iterator[Ruling | None]:
        """Every ruling, None for a target without one."""
        for verdicts in self._of.values():
            yield from (one.ruling for one in verdicts.values())
            if not verdicts:
                yield None

    def lines(self) -> list[Line]:
        """A line for each, the worst first, otherwise as targets were added."""
        found = []
        for target, verdicts in self._of.items():
            found += [
                Line(target, one.ruling, one.text, one.fix, one.because)
                for one in verdicts.values()
            ]
            if not verdicts:
                found.append(Line(target, None, "Not every row of it has a result."))
        return sorted(found, key=lambda line: _RANK[line.ruling])


def verdict_lines(lines: Iterable[Line]) -> Iterator[str]:
    """A heading and a line of text for each, aligned, for a run without a screen."""
    lines = list(lines)
    if not lines:
        return
    yield ""
    yield "Verdicts"
    words = max(len(line.ruling or "") for line in lines)
    hosts = min(max(len(line.target.label) for line in lines), _WIDEST_HOST)
    for line in lines:
        host = printable(line.target.label)
        text = printable(line.sentence, _LONGEST)
        yield f"{line.ruling or '':<{words}}  {host:<{hosts}}  {text}"

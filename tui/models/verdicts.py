"""The verdicts of a session as lines, the worst first: the last one of each target stands."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from probes.judging.presence import shows_host
from probes.judging.recognised_role import recognised_role
from probes.model import MEASURED, Event, Job, Result, Ruling, Status, Target, Verdict
from probes.wire.text import printable
from tui.text.status import RULING

_RANK = {ruling: rank for rank, ruling in enumerate(RULING)}
_BEFORE_WHY: Mapping[Ruling | None, str] = {
    Ruling.DEGRADED: ", but ",
    Ruling.READY_AFTER: "; ",
    Ruling.READY: "; ",
}
"""Separator in a verdict's sentence between what can be done and why, or what is to be known."""
_NO_VERDICT = "Not every row of it has a result."
_WIDEST_HOST = 40
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class VerdictLine:
    """A target's verdict for one capability; `ruling` is None while there is none."""

    target: Target
    ruling: Ruling | None
    text: str
    fix: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
    """Ids of the checks it rests on."""

    @property
    def sentence(self) -> str:
        """Its text and the fix; may hold text from the network."""
        change = "" if RULING[self.ruling].ready or not self.fix else " To change: "
        return f"{self.text}{change}{' '.join(self.fix) if change else ''}"

    @property
    def summary(self) -> str:
        """Its ruling and why, without what can be done: `blocked: SSH (TCP 22) is not available.`

        May hold text from the network.
        """
        info = RULING[self.ruling]
        _, found, why = self.text.partition(_BEFORE_WHY.get(self.ruling, ": "))
        if not found:
            why = "" if info.ready else self.text
        return f"{info.word}: {why}" if why else info.word


class Verdicts:
    """The verdicts so far, and the targets that have none yet."""

    def __init__(self) -> None:
        self._lines_by_target: dict[Target, dict[str, VerdictLine]] = {}
        self._worst: dict[Target, Ruling | None] = {}
        self._lines: list[VerdictLine] | None = None
        self._absent: dict[Target, None] = {}
        """Targets without a host, or judged in a role that was found: no verdict is expected."""
        self.version = 0
        """Number that changes with every change."""

    def add(self, jobs: Iterable[Job]) -> None:
        """Expect a verdict for the targets of these rows."""
        self._changed()
        last: Target | None = None
        for job in jobs:
            # The rows of a target stand together, and to find one takes longer than this.
            if job.target is not last:
                last = job.target
                if last not in self._absent:
                    self._expect(last)

    def clear(self) -> None:
        """Forget every target."""
        self._changed()
        for known in (self._lines_by_target, self._worst, self._absent):
            known.clear()

    def remove(self, targets: Iterable[Target]) -> list[Verdict]:
        """Forget these targets; returns their verdicts."""
        self._changed()
        removed: list[Verdict] = []
        for target in targets:
            self._absent.pop(target, None)
            for capability, line in self._forget(target).items():
                if line.ruling is not None:
                    because, fix = line.because, line.fix
                    removed.append(
                        Verdict(target, capability, line.ruling, because, fix, line.text)
                    )
        return removed

    def apply(self, events: Iterable[Event]) -> None:
        """Take verdicts in; the last of a target and capability stands.

        A target without a host has none, and its network one until something comes from it.
        """
        for event in events:
            if isinstance(event, Result):
                self._apply_presence(event)
            elif isinstance(event, Verdict):
                target = event.target
                lines = self._expect(target)
                lines[event.capability] = VerdictLine(
                    target, event.ruling, event.text, event.fix, event.because
                )
                self._worst[target] = min(
                    (line.ruling for line in lines.values()), key=_RANK.__getitem__
                )
                self._changed()

    def _apply_presence(self, result: Result) -> None:
        target = result.job.target
        if result.status is Status.NO_HOST or recognised_role(result):
            # The host in the role that was found has a verdict instead.
            if target not in self._absent:
                self._forget(target)
                self._absent[target] = None
        elif result.status in MEASURED and (target.network or target in self._absent):
            if target in self._absent:
                del self._absent[target]
                self._expect(target)
            whole = target.whole
            if whole is not target and whole in self._worst and shows_host(result):
                self._forget(whole)

    def _forget(self, target: Target) -> dict[str, VerdictLine]:
        """Forget a target; returns its lines."""
        self._changed()
        self._worst.pop(target, None)
        return self._lines_by_target.pop(target, {})

    def worst_line(self, target: Target) -> VerdictLine | None:
        """The line with the worst ruling on a target; None while there is none."""
        lines = self._lines_by_target.get(target, {}).values()
        return min(lines, key=lambda line: _RANK[line.ruling], default=None)

    def of(self, target: Target) -> Ruling | None:
        """The worst ruling on a target, over all its capabilities; None while there is none."""
        return self._worst.get(target)

    @property
    def rulings(self) -> Iterator[Ruling | None]:
        """Every ruling, None for a target without one."""
        for lines in self._lines_by_target.values():
            yield from (line.ruling for line in lines.values())
            if not lines:
                yield None

    def lines(self) -> Sequence[VerdictLine]:
        """A line for each, the worst first, otherwise as targets were added."""
        if self._lines is None:
            found: list[VerdictLine] = []
            for target, lines in self._lines_by_target.items():
                found += lines.values() or (VerdictLine(target, None, _NO_VERDICT),)
            self._lines = sorted(found, key=lambda line: _RANK[line.ruling])
        return self._lines

    def _expect(self, target: Target) -> dict[str, VerdictLine]:
        lines = self._lines_by_target.get(target)
        if lines is None:
            lines = self._lines_by_target[target] = {}
            self._worst[target] = None
        return lines

    def _changed(self) -> None:
        self.version += 1
        self._lines = None


def verdict_lines(lines: Iterable[VerdictLine]) -> Iterator[str]:
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

"""Detection of the roles of hosts that were named without one: questions, decision, rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from probes.engine.pacing import Work
from probes.engine.plan import Planner
from probes.engine.port_agreement import is_same_question
from probes.judging.recognition import (
    decide,
    detection_observation,
    first_questions,
    next_questions,
)
from probes.model import Job, Observation
from probes.options import Options
from profiles.model import Check, Profile
from profiles.recognition import AUTO, question

Found = Sequence[tuple[Work, Observation]]
"""Questions, each with what it found."""
Known = Mapping[str, Observation]
"""Observations by the key of the row that they count for."""
NO_ROWS: Known = {}


@dataclass(slots=True)
class _Detection:
    """Detection of one host: its row, the questions under way, and what was found."""

    work: Work
    open: dict[str, Work] = field(default_factory=dict)
    found: list[tuple[Work, Observation]] = field(default_factory=list)
    is_shown: bool = False
    """It was reported as being measured."""


class RoleDetection:
    """Detections under way. A question is a row of nobody: only what was decided is reported.

    `ask` begins questions; `done` gets the row of a host with its observation, the jobs of the role
    that was decided, none without one, and what each question found.
    """

    def __init__(
        self,
        profile: Profile,
        ask: Callable[[Sequence[Work]], None],
        done: Callable[[Work, Observation, Sequence[Job], Found], None],
    ) -> None:
        self.planner = Planner(profile)
        self._profile = profile
        self._ask = ask
        self._done = done
        self._detections: dict[str, _Detection] = {}
        """By the key of the host's row."""
        self._of: dict[str, _Detection] = {}
        """By the key of a question."""

    def begin(self, work: Work) -> None:
        """Ask what every host without a role is asked."""
        one = self._detections[work.job.key] = _Detection(work)
        every = first_questions(self._profile)
        self._open(one, self._wanted(every) or every)

    def is_question(self, work: Work) -> bool:
        """True for a question of a detection."""
        return work.job.key in self._of

    def shown_key(self, work: Work) -> str:
        """Key of the row that this one is shown as when it starts; empty if it is shown already."""
        one = self._of.get(work.job.key)
        if one is None:
            return work.job.key
        key = "" if one.is_shown else one.work.job.key
        one.is_shown = True
        return key

    def on_observation(self, work: Work, observation: Observation) -> None:
        """Take in what a question found; after the last one ask more, or decide."""
        one = self._of.pop(work.job.key)
        del one.open[work.job.key]
        one.found.append((work, observation))
        if one.open:
            return
        seen = {question(work.job.check): found for work, found in one.found}
        job = one.work.job
        if more := self._wanted(next_questions(self._profile, seen, job.target)):
            self._open(one, more)
            return
        del self._detections[job.key]
        decision = decide(self._profile, seen)
        asked = [(work.job, found) for work, found in one.found]
        asked.sort(key=lambda each: _place(each[0]))
        jobs: Sequence[Job] = ()
        if decision.role:
            jobs = self.planner.jobs(replace(job.target, role=decision.role, port=None))
        whole = detection_observation(self._profile, job, asked, decision)
        self._done(one.work, whole, jobs, one.found)

    def drop(self, keys: Iterable[str], pending: dict[str, Work]) -> list[Work]:
        """Forget detections of these rows; returns their questions, taken out of `pending`."""
        found = [one for key in keys if (one := self._detections.pop(key, None)) is not None]
        works = [work for one in found for work in one.open.values()]
        for work in works:
            del self._of[work.job.key], pending[work.job.key]
        return works

    def rows_of(self, pending: Mapping[str, Work]) -> Iterator[tuple[str, Work]]:
        """Rows that are pending, without the questions."""
        return ((key, work) for key, work in pending.items() if key not in self._of)

    def clear(self) -> None:
        """Forget every detection."""
        self._detections.clear()
        self._of.clear()

    def _wanted(self, checks: Iterable[Check]) -> tuple[Check, ...]:
        return tuple(check for check in checks if self.planner.asks(check))

    def _open(self, one: _Detection, checks: Iterable[Check]) -> None:
        job = one.work.job
        works = [
            Work(Job(f"{job.key}|{check.id}", check, replace(job.target, role=AUTO), check.port))
            for check in checks
        ]
        one.open.update((work.job.key, work) for work in works)
        self._of.update((work.job.key, one) for work in works)
        self._ask(works)


def known_rows(rows: Iterable[Work], found: Found, options: Options) -> Known:
    """Observations of questions that count for rows: they asked the same.

    A row that asks more of a host whose role is known is left to ask it.
    """
    known: dict[str, Observation] = {}
    for row in rows:
        for asked, seen in found:
            if is_same_question(asked.job, row.job) and not options.asks_more(row.job.check.probe):
                row.start_time, row.started = asked.start_time, asked.started
                row.resolution, row.addresses = asked.resolution, asked.addresses
                known[row.job.key] = seen
    return known


def _place(job: Job) -> tuple[int, int]:
    return ("tcp", "udp", "icmp").index(job.check.transport), job.port or 0

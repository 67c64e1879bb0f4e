"""What a run knows of its rows: results and verdicts, what follows from them, and what counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from probes.engine.board import Board
from probes.engine.calibrate import marked
from probes.engine.docket import Docket
from probes.engine.judge import judge
from probes.engine.lanes import Work
from probes.engine.model import (
    Event,
    Evidence,
    Job,
    Observation,
    Removed,
    Restored,
    Result,
    Target,
    Verdict,
)
from profiles.model import Profile


@dataclass(frozen=True, slots=True)
class _Gone:
    """A row of a removed target; `open` if it waited or was in flight."""

    job: Job
    result: Result | None
    earlier: bool
    open: bool


class Ledger:
    """Keeps a run's results and verdicts, and emits each of them as an event."""

    def __init__(
        self,
        profile: Profile,
        answers: Mapping[str, str],
        timeout: float,
        emit: Callable[[Event], None],
        earlier: Sequence[Result],
    ) -> None:
        self.board = Board(profile, answers, timeout)
        recalled = tuple(self.board.recall(earlier))
        self.docket = Docket(
            profile, answers, self.board.jobs, self.board.results, self.board.earlier
        )
        self._timeout = timeout
        self._emit = emit
        self._gone: dict[Target, list[_Gone]] = {}
        for one in recalled:
            emit(one)

    def add(self, jobs: Sequence[Job]) -> list[Job]:
        """Take new rows in; returns those that were not known. Who is named again is not gone."""
        for target in {job.target for job in jobs} & self._gone.keys():
            del self._gone[target]
        return self.board.add(jobs)

    def keep(self, job: Job, observation: Observation) -> list[Job]:
        """Judge a row and report it with those it changes; returns jobs it makes necessary."""
        why = self.board.why_not_needed(job)
        result = judge(job, observation, why, self._timeout)
        anew, wanted = self.board.store(result)
        for one in (result, *anew):
            self._emit(self.board.event(one))
        return wanted

    def amend(self, key: str, evidence: Evidence) -> None:
        """A row that was settled before its address was known to accept everything."""
        result = self.board.results.get(key)
        if result is not None:
            self.keep(result.job, marked(result.observation, evidence))
            self.pronounce(self.docket.changed(result.job))

    def pronounce(self, verdicts: Iterable[Verdict]) -> None:
        """Report verdicts."""
        for verdict in verdicts:
            self._emit(verdict)

    def remove(self, targets: Collection[Target], open: dict[str, Work]) -> list[Work]:
        """Leave targets out of everything; takes their rows out of the `open` ones, returned."""
        works: list[Work] = []
        gone: dict[Target, list[_Gone]] = {}
        for job, result, earlier in self.board.take(frozenset(targets)):
            work = open.pop(job.key, None)
            if work is not None:
                works.append(work)
            row = _Gone(job, result, earlier, work is not None)
            gone.setdefault(job.target, []).append(row)
        if gone:
            self._gone.update(gone)
            self._emit(Removed(tuple(gone)))
            rows = [row.job for rows in gone.values() for row in rows]
            self.pronounce(self.docket.removed(tuple(gone), rows))
        return works

    def restore(self, targets: Iterable[Target]) -> tuple[list[Job], list[Job]]:
        """Take removed targets in again with their results; returns the rows that have to be
        measured, and those that `close` is to be called with once these are open.
        """
        back = [one for one in targets if one in self._gone]
        rows = [row for one in back for row in self._gone.pop(one)]
        if back:
            self._emit(Restored(tuple(back)))
        self.board.add(row.job for row in rows)
        known = [row.job for row in rows if row.result is not None and not row.open]
        for row in rows:
            if row.result is not None:
                self.board.results[row.job.key] = row.result
                if row.earlier:
                    self.board.earlier[row.job.key] = None
        for job in known:
            self.docket.opened(job)
        return [row.job for row in rows if row.open], known

    def close(self, jobs: Sequence[Job]) -> None:
        """Rows that came back have their results: pronounce what they mean."""
        for job in jobs:
            self.pronounce(self.docket.closed(job))
        self.pronounce(self.docket.resting({job.target.role for job in jobs}))

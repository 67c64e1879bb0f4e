"""Every row's job and latest result, and which rows decide whether others are needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from probes.engine.findings import Finding, diagnose
from probes.engine.judge import depends_on, judge, not_needed
from probes.engine.model import Earlier, Job, Reason, Result, Status, Target
from profiles.model import Profile

_NOT_ASKED = (Reason.NOT_NEEDED, Reason.DEPENDENCY)


class Board:
    """The state of a session: rows by key, with the dependencies of the profile between them."""

    def __init__(self, profile: Profile, answers: Mapping[str, str], timeout: float) -> None:
        self.jobs: dict[str, Job] = {}
        self.results: dict[str, Result] = {}
        self.earlier: dict[str, None] = {}
        """Keys of the results that are of an earlier session."""
        self._profile = profile
        self._answers = answers
        self._timeout = timeout
        self._depends = {check.id: depends_on(check, answers) for check in profile.checks}
        self._decides: dict[str, list[str]] = {}
        for check, others in self._depends.items():
            for other in others:
                self._decides.setdefault(other, []).append(check)
        involved = {*self._decides, *(check for check, others in self._depends.items() if others)}
        self._involved = frozenset(involved)
        self._keys: dict[tuple[Target, str], str] = {}

    def add(self, jobs: Iterable[Job]) -> list[Job]:
        """Take new rows in; returns those that were not known."""
        new = []
        for job in jobs:
            if job.key in self.jobs:
                continue
            self.jobs[job.key] = job
            if job.check.id in self._involved:
                self._keys[(job.target, job.check.id)] = job.key
            new.append(job)
        return new

    def take(self, targets: frozenset[Target]) -> list[tuple[Job, Result | None, bool]]:
        """Take targets out: their rows, with their result and whether that is an earlier one."""
        taken = []
        for key, job in [(key, job) for key, job in self.jobs.items() if job.target in targets]:
            del self.jobs[key]
            self._keys.pop((job.target, job.check.id), None)
            earlier = key in self.earlier
            self.earlier.pop(key, None)
            taken.append((job, self.results.pop(key, None), earlier))
        return taken

    def recall(self, results: Iterable[Result]) -> Iterator[Earlier]:
        """Take results of an earlier session as they count under this session's answers."""
        for result in results:
            self.add((result.job,))
            self.results[result.job.key] = result
            self.earlier[result.job.key] = None
        for key in self.earlier:
            was = self.results[key]
            if was.observation.reason not in _NOT_ASKED:
                self.results[key] = self._anew(was, self.why_not_needed(was.job))
            yield Earlier(self.results[key])

    def why_not_needed(self, job: Job) -> str:
        """Why this row is not needed as things stand; empty when it is."""
        if not (job.check.when or job.check.unless):
            return ""
        return not_needed(
            self._profile, job.check, self._answers, lambda check: self._sibling(job, check)
        )

    def decided_by(self, job: Job) -> Iterator[str]:
        """Keys of the rows of the same target that decide whether this one is asked."""
        for check in self._depends.get(job.check.id, ()):
            key = self._keys.get((job.target, check))
            if key is not None:
                yield key

    def missing(self, job: Job) -> Result | None:
        """The row this one cannot be asked without, when that row is not available."""
        if not job.check.needs:
            return None
        result = self._sibling(job, job.check.needs)
        available = result is None or result.status in (Status.OK, Status.WARNING)
        return None if available else result

    def store(self, result: Result) -> tuple[list[Result], list[Job]]:
        """Keep a result; returns other rows it judges anew and jobs it makes necessary."""
        self.results[result.job.key] = result
        self.earlier.pop(result.job.key, None)
        anew: list[Result] = []
        wanted: list[Job] = []
        for check in self._decides.get(result.job.check.id, ()):
            key = self._keys.get((result.job.target, check))
            other = self.results.get(key) if key is not None else None
            if other is None:
                continue
            why = self.why_not_needed(other.job)
            if other.observation.reason in _NOT_ASKED:
                if not why:
                    wanted.append(other.job)
                continue
            judged = self._anew(other, why)
            if judged is not other:
                self.results[other.job.key] = judged
                anew.append(judged)
        return anew, wanted

    def event(self, result: Result) -> Result | Earlier:
        """What is reported of a result."""
        return Earlier(result) if result.job.key in self.earlier else result

    def counts(self) -> dict[str, int]:
        """How many rows of this session have each status; without a result they are cancelled."""
        counts = Counter(
            str(result.status) for key, result in self.results.items() if key not in self.earlier
        )
        missing = len(self.jobs) - len(self.results)
        if missing:
            counts[str(Status.CANCELLED)] += missing
        return dict(counts)

    def findings(self) -> tuple[Finding, ...]:
        """What is behind rows that were measured; those of an earlier session are evidence too."""
        found = diagnose(self.results.values(), self._answers)
        return tuple(one for one in found if not self.earlier.keys() >= set(one.keys))

    def _anew(self, result: Result, why: str) -> Result:
        """A result as it stands now; the same one where its status does."""
        judged = judge(result.job, result.observation, why, self._timeout)
        return result if judged.status is result.status else judged

    def _sibling(self, job: Job, check: str) -> Result | None:
        key = self._keys.get((job.target, check))
        return self.results.get(key) if key is not None else None

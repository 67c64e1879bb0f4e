"""Session state: jobs and results by key, and the recorder of new results."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from probes.engine.middlebox import mark_accepts_everything
from probes.engine.pacing import Work
from probes.engine.port_agreement import PortAgreement, place_of
from probes.engine.presence import HostPresence
from probes.engine.verdict_tracker import VerdictTracker
from probes.judging.findings import Finding, diagnose
from probes.judging.host_rows import HostRows
from probes.judging.presence import Sign, sign_of
from probes.judging.recognised_role import host_roles
from probes.judging.status import depends_on, judge, not_needed
from probes.model import (
    AVAILABLE,
    MEASURED,
    MISSING,
    EarlierResult,
    Event,
    Evidence,
    Job,
    Observation,
    Reason,
    Removed,
    Restored,
    Result,
    Status,
    Target,
    Verdict,
)
from profiles.model import Profile

_NOT_MEASURED = (Reason.NOT_NEEDED, Reason.DEPENDENCY)


class SessionState:
    """Jobs and results by key, with the dependencies between checks of the profile."""

    def __init__(self, profile: Profile, answers: Mapping[str, str], timeout: float) -> None:
        self.jobs: dict[str, Job] = {}
        self.results: dict[str, Result] = {}
        self.earlier: dict[str, None] = {}
        """Keys of results of an earlier session."""
        self._profile = profile
        self._answers = answers
        self._timeout = timeout
        self._dependencies = {check.id: depends_on(check, answers) for check in profile.checks}
        self._dependents: dict[str, list[str]] = {}
        for check, others in self._dependencies.items():
            for other in others:
                self._dependents.setdefault(other, []).append(check)
        related = {
            *self._dependents,
            *(check for check, others in self._dependencies.items() if others),
        }
        for one in profile.checks:
            if one.absent:
                # Its status depends on the other check, and not if it is measured.
                self._dependents.setdefault(one.absent, []).append(one.id)
                related |= {one.id, one.absent}
        self._related = frozenset(related)
        self._keys: dict[tuple[Target, str], str] = {}
        self._presence = HostPresence()
        self._host_rows = HostRows()

    def add(self, jobs: Iterable[Job]) -> list[Job]:
        """Add rows; returns those that are new.

        A row that came from a network and is named singly now counts as named singly.
        """
        new = []
        for job in jobs:
            known = self.jobs.get(job.key)
            if known is None:
                new.append(job)
            elif job.target.network or not known.target.network:
                continue
            else:
                self._presence.discard(known)
            self.jobs[job.key] = job
            self._presence.add(job)
            if job.check.id in self._related:
                self._keys[(job.target, job.check.id)] = job.key
        return new

    def named_singly(self, jobs: Iterable[Job]) -> list[Result]:
        """Results that change because these rows name their host singly."""
        hosts = dict.fromkeys(job.target.host for job in jobs if not job.target.network)
        updated = [result for host in hosts for result in self._judged_again_at(host)]
        for job in jobs:
            result = self.results.get(job.key)
            if result is not None and result.job.target.network and not job.target.network:
                updated += self._store(self._judge(job, result.observation))
        return updated

    def remove(
        self, targets: frozenset[Target]
    ) -> tuple[list[tuple[Job, Result | None, bool]], list[Result]]:
        """Remove targets; returns their rows, with results and True for earlier ones.

        After them the results of other rows that have another reason without them.
        """
        taken = []
        changed: dict[str, None] = {}
        for key, job in [(key, job) for key, job in self.jobs.items() if job.target in targets]:
            del self.jobs[key]
            self._presence.discard(job)
            self._keys.pop((job.target, job.check.id), None)
            earlier = key in self.earlier
            self.earlier.pop(key, None)
            changed.update(dict.fromkeys(self._host_rows.remove(key)))
            taken.append((job, self.results.pop(key, None), earlier))
        return taken, self._with_new_reasons(changed)

    def put_back(self, rows: Iterable[tuple[Result, bool]]) -> list[Result]:
        """Store results of rows that had been removed, with True for earlier ones.

        Returns the results that have another reason by them, or had when they were removed.
        """
        changed: dict[str, None] = {}
        for result, earlier in rows:
            key = result.job.key
            self.results[key] = result
            self._presence.observe(result.job, result.observation)
            changed.update(dict.fromkeys((*self._host_rows.add(result), key)))
            if earlier:
                self.earlier[key] = None
        return self._with_new_reasons(changed)

    def _with_new_reasons(self, keys: Iterable[str]) -> list[Result]:
        """Results of those of these rows that have another reason by now."""
        known = (key for key in keys if key in self.results)
        return [self.results[key] for key in known if self._renew_reason(key)]

    def add_earlier(self, results: Iterable[Result]) -> Iterator[EarlierResult]:
        """Add results of an earlier session, judged under the answers of this one."""
        for result in results:
            self.add((result.job,))
            self.results[result.job.key] = result
            self.earlier[result.job.key] = None
            self._presence.observe(result.job, result.observation)
            self._presence.recall(result)
        for key in self.earlier:
            earlier = self.results[key]
            if earlier.observation.reason not in _NOT_MEASURED or earlier.job.target.network:
                self.results[key] = self._rejudged(earlier)
            self._host_rows.add(self.results[key])
        for key in self.earlier:
            self._renew_reason(key)
            yield EarlierResult(self.results[key])

    def recall(self, results: Iterable[Result]) -> None:
        """Take in earlier results of rows that are measured again: their hosts were there."""
        for result in results:
            self._presence.recall(result)

    def why_not_needed(self, job: Job) -> str:
        """Reason why this row is not needed at present; empty if it is."""
        if not (job.check.when or job.check.unless):
            return ""
        return not_needed(
            self._profile, job.check, self._answers, lambda check: self._sibling(job, check)
        )

    def is_optional(self, job: Job) -> bool:
        """True if the host of this row is up, as far as known, and need not offer the service."""
        other = self._sibling(job, job.check.absent) if job.check.absent else None
        return bool(job.check.absent) and (other is None or other.status not in MISSING)

    def dependencies(self, job: Job) -> Iterator[str]:
        """Keys of rows of the same target that decide if this row is measured."""
        for check in self._dependencies.get(job.check.id, ()):
            key = self._keys.get((job.target, check))
            if key is not None:
                yield key

    def waited_for(self, job: Job) -> Iterator[str]:
        """Keys of rows of the same target before whose result this one may not have its own."""
        yield from self.dependencies(job)
        key = self._keys.get((job.target, job.check.absent)) if job.check.absent else None
        if key is not None:
            yield key

    def waited_beside(self, job: Job) -> Iterator[str]:
        """Those of `dependencies` that can only make this row needless."""
        return (key for key in self.dependencies(job) if not self.needs(job, key))

    def reopened_by(self, job: Job) -> Iterator[Job]:
        """Rows without a measurement that the result of this one may make necessary."""
        for check in self._dependents.get(job.check.id, ()):
            result = self._sibling(job, check)
            if result is not None and result.observation.reason in _NOT_MEASURED:
                yield result.job

    def needs(self, job: Job, key: str) -> bool:
        """True if a row can be measured only where the row with this key is available."""
        needed = job.check.needs
        return bool(needed) and self._keys.get((job.target, needed)) == key

    def missing_dependency(self, job: Job) -> Result | None:
        """Result of the row that this one needs, where that one is not available."""
        if not job.check.needs:
            return None
        result = self._sibling(job, job.check.needs)
        is_available = result is None or result.status in AVAILABLE
        return None if is_available else result

    def store(self, job: Job, observation: Observation) -> tuple[Result, list[Result], list[Job]]:
        """Judge and store a row.

        Returns its result, other rows that it changes, and jobs that it makes necessary.
        """
        job = self.jobs.get(job.key, job)
        addresses = self._presence.observe(job, observation)
        result, *updated = self._store(self._judge(job, observation))
        self.earlier.pop(job.key, None)
        updated += [one for address in addresses for one in self._judged_again_at(address)]
        needed: list[Job] = []
        for check in self._dependents.get(result.job.check.id, ()):
            key = self._keys.get((result.job.target, check))
            other = self.results.get(key) if key is not None else None
            if other is None:
                continue
            was_measured = other.observation.reason not in _NOT_MEASURED
            if not was_measured and not self.why_not_needed(other.job):
                needed.append(other.job)
                continue
            judged = self._rejudged(other)
            if judged is not other:
                updated += self._store(judged)
        return result, updated, needed

    def _store(self, result: Result) -> list[Result]:
        """Store a result with the reason it has beside the other rows of its host.

        Returns it, and after it those of them that have another reason by it.
        """
        key = result.job.key
        self.results[key] = result
        changed = self._host_rows.add(result)
        self._renew_reason(key)
        return [self.results[key], *self._with_new_reasons(changed)]

    def _renew_reason(self, key: str) -> bool:
        """True if the row has another reason by now, beside the other rows of its host."""
        result = self.results[key]
        why = self._host_rows.reason(result)
        if why == result.why:
            return False
        self.results[key] = replace(result, why=why)
        return True

    def without_recognised(self, keys: Sequence[str]) -> list[str]:
        """These keys without rows that found a role whose own rows are among them.

        Nothing is asked twice: the host's role is known, and its rows ask the same.
        """
        results = (self.results[key] for key in keys if key in self.results)
        roles = dict(host_roles(results))
        if not roles:
            return [*keys]
        targets = {self.jobs[key].target for key in keys}
        return [key for key in keys if roles.get(key) not in targets]

    def same_ports(self, keys: Collection[str]) -> list[Job]:
        """Other rows, measured in this session, that ask one of the ports of these rows."""
        chosen = set(keys)
        ports = {place for key in chosen if (place := place_of(self.jobs[key])) is not None}
        return [
            result.job
            for key, result in self.results.items()
            if key not in chosen
            and key not in self.earlier
            and result.status in MEASURED
            and place_of(result.job) in ports
        ]

    def event(self, result: Result) -> Result | EarlierResult:
        """Event that reports a result."""
        return EarlierResult(result) if result.job.key in self.earlier else result

    def counts(self) -> dict[str, int]:
        """Number of rows of this session by status; rows without a result are cancelled."""
        counts = Counter(
            str(result.status) for key, result in self.results.items() if key not in self.earlier
        )
        missing = len(self.jobs) - len(self.results)
        if missing:
            counts[str(Status.CANCELLED)] += missing
        return dict(counts)

    def findings(self) -> tuple[Finding, ...]:
        """Findings about measured rows; results of an earlier session are evidence too."""
        found = diagnose(self.results.values(), self._answers)
        return tuple(one for one in found if not self.earlier.keys() >= set(one.keys))

    def _judge(self, job: Job, seen: Observation) -> Result:
        why = self.why_not_needed(job)
        return judge(
            job,
            seen,
            why,
            self._timeout,
            optional=self.is_optional(job),
            absent=self._is_absent(job, seen),
        )

    def _rejudged(self, result: Result) -> Result:
        """The result judged again; the same object if its status stays."""
        if result.observation.reason is Reason.NOT_NEEDED:
            return result
        judged = self._judge(result.job, result.observation)
        return result if judged.status is result.status else judged

    def _judged_again_at(self, address: str) -> list[Result]:
        """Results of an address of a network or range that are judged otherwise by now."""
        updated = []
        for key in self._presence.rows_at(address):
            result = self.results.get(key)
            if result is not None and (judged := self._rejudged(result)) is not result:
                updated += self._store(judged)
        return updated

    def _is_absent(self, job: Job, seen: Observation) -> bool:
        """True if nothing has shown a host where this row, or the one it waits for, asked."""
        if not self._presence.is_absent(job.target):
            return False
        if seen.reason is not Reason.DEPENDENCY:
            return True
        needed = self._sibling(job, job.check.needs)
        if needed is None:
            return False
        if needed.observation.reason is Reason.DEPENDENCY:
            return self._is_absent(needed.job, needed.observation)
        return sign_of(needed.job, needed.observation) in (Sign.ABSENCE, Sign.NEIGHBOUR)

    def _sibling(self, job: Job, check: str) -> Result | None:
        key = self._keys.get((job.target, check))
        return self.results.get(key) if key is not None else None


class ResultRecorder:
    """Recorder of results and verdicts, which emits each of them as an event."""

    def __init__(
        self,
        profile: Profile,
        answers: Mapping[str, str],
        timeout: float,
        emit: Callable[[Event], None],
        earlier: Sequence[Result],
        pending: Collection[str] = (),
    ) -> None:
        """`pending` has the keys of the rows whose result is awaited, at any time."""
        self.state = SessionState(profile, answers, timeout)
        events = tuple(self.state.add_earlier(earlier))
        self.verdicts = VerdictTracker(
            profile, answers, self.state.jobs, self.state.results, self.state.earlier
        )
        self.agreement = PortAgreement()
        self._emit = emit
        self._pending = pending
        self._removed: dict[Target, list[_RemovedRow]] = {}
        for one in events:
            emit(one)

    def add(self, jobs: Sequence[Job]) -> list[Job]:
        """Add rows; returns those that are new. A removed target that is named again is new."""
        for target in {job.target for job in jobs} & self._removed.keys():
            del self._removed[target]
        new = self.state.add(jobs)
        self._emit_judged_again(self.state.named_singly(jobs))
        return new

    def record(self, job: Job, observation: Observation) -> list[Job]:
        """Judge a row, emit it with the rows it changes; returns jobs it makes necessary.

        Rows that met silence on the port where this one got an answer are judged by that.
        """
        counted = self.agreement.enter(job, observation)
        needed = self._record(job, counted)
        for other, answer in self.agreement.silent_beside(job, counted):
            before = self.state.results.get(other.key)
            if before is not None and before.observation != answer:
                needed += self._record(other, answer)
                self.emit_verdicts(self.verdicts.row_changed(other))
        return needed

    def _record(self, job: Job, observation: Observation) -> list[Job]:
        result, updated, needed = self.state.store(job, observation)
        self._emit(self.state.event(result))
        # One that is being measured again will be judged by what it sees now.
        self._emit_judged_again([one for one in updated if one.job.key not in self._pending])
        return needed

    def reopen(self, job: Job) -> None:
        """Let the result of a row that is measured again count for no other row."""
        result = self.state.results.get(job.key)
        if result is not None:
            self.agreement.forget(job, result.observation)

    def mark_accepts_everything(self, key: str, evidence: Evidence) -> None:
        """Update a row that was completed before the middlebox was detected, if it still is."""
        result = self.state.results.get(key)
        if result is not None and key not in self._pending:
            self.record(result.job, mark_accepts_everything(result.observation, evidence))
            self.emit_verdicts(self.verdicts.row_changed(result.job))

    def _emit_judged_again(self, results: Sequence[Result]) -> None:
        """Emit rows that another one changed, and the verdicts that follow."""
        for one in results:
            self._emit(self.state.event(one))
        for target in {one.job.target: one.job for one in results}.values():
            self.emit_verdicts(self.verdicts.row_changed(target))

    def emit_verdicts(self, verdicts: Iterable[Verdict]) -> None:
        """Emit verdicts."""
        for verdict in verdicts:
            self._emit(verdict)

    def remove(self, targets: Collection[Target], pending: dict[str, Work]) -> list[Work]:
        """Remove targets, also from `pending`; returns the rows that were in there."""
        works: list[Work] = []
        removed: dict[Target, list[_RemovedRow]] = {}
        taken, changed = self.state.remove(frozenset(targets))
        for job, result, earlier in taken:
            work = pending.pop(job.key, None)
            if work is not None:
                works.append(work)
            row = _RemovedRow(job, result, earlier, work is not None)
            removed.setdefault(job.target, []).append(row)
        if removed:
            self._removed.update(removed)
            self._emit(Removed(tuple(removed)))
            rows = [row.job for rows in removed.values() for row in rows]
            self.emit_verdicts(self.verdicts.targets_removed(tuple(removed), rows))
        for one in changed:
            self._emit(self.state.event(one))
        return works

    def restore(self, targets: Iterable[Target]) -> tuple[list[Job], list[Job]]:
        """Restore removed targets; returns the jobs to measure and those that have a result.

        `close_rows` has to be called with the latter once the former are pending.
        """
        restored = [one for one in targets if one in self._removed]
        rows = [row for one in restored for row in self._removed.pop(one)]
        if restored:
            self._emit(Restored(tuple(restored)))
        self.state.add(row.job for row in rows)
        known = [row.job for row in rows if row.result is not None and not row.pending]
        results = [(row.result, row.earlier) for row in rows if row.result is not None]
        for one in self.state.put_back(results):
            self._emit(self.state.event(one))
        for job in known:
            self.verdicts.row_opened(job)
        return [row.job for row in rows if row.pending], known

    def close_rows(self, jobs: Sequence[Job]) -> None:
        """Emit the verdicts that follow from restored rows."""
        for job in jobs:
            self.emit_verdicts(self.verdicts.row_closed(job))
        self.emit_verdicts(self.verdicts.dependent_verdicts({job.target.role for job in jobs}))


@dataclass(frozen=True, slots=True)
class _RemovedRow:
    """Row of a removed target; `pending` if it was queued or in flight."""

    job: Job
    result: Result | None
    earlier: bool
    pending: bool

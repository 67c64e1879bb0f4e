"""Rerun of an earlier session: rows to measure again, and the results of the others. Pure.

With a row go the rows that it depends on, those that ask the same port, and those that depend on it
and were not measured: the new answer may make them necessary. Every other row keeps its result, or
counts as not tested where the earlier session was measured from another place or with another
profile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from probes.engine.port_agreement import place_of
from probes.judging.networks import silent_keys
from probes.judging.recognised_role import host_roles
from probes.judging.short_reason import short_reason
from probes.judging.status import depends_on
from probes.model import MEASURED, Job, Observation, Reason, Result, State, Status, Target
from probes.session import Session
from profiles.model import Check, Profile

_NOT_MEASURED = frozenset({Reason.NOT_NEEDED, Reason.DEPENDENCY, Reason.CANCELLED})
_UNREACHED = Observation(State.NOT_RUN, Reason.CANCELLED)


@dataclass(frozen=True, slots=True)
class RerunPlan:
    """Rows of an earlier session, divided into jobs and results."""

    jobs: tuple[Job, ...]
    """Rows to measure, in the order of the plan."""
    earlier: tuple[Result, ...]
    """Results of the rows that are not measured again, as they count now."""
    recalled: tuple[Result, ...]
    """Earlier results of the rows to measure, as far as they count here."""
    unknown_rows: int
    """Number of rows that the profile no longer has; they are left out."""


def plan_rerun(
    session: Session,
    planned: Sequence[Job],
    profile: Profile,
    answers: Mapping[str, str],
    only: Collection[Status],
    *,
    keys: Collection[str] | None = None,
    not_comparable: bool,
) -> RerunPlan:
    """Choose the planned rows whose earlier status is in `only`; all of them if that is empty.

    With `keys` choose the rows that have these instead. `answers` are those of the new run. With
    `not_comparable` earlier results do not count here.
    """
    known = {result.job.key: result for result in (*session.earlier, *session.results)}
    jobs = {job.key: job for job in planned}
    statuses = {key: result.status for key, result in known.items()}
    # Of a network from which nothing came it is not known either, and its verdict says so.
    statuses.update(dict.fromkeys(silent_keys(known.values()), Status.ERROR))
    chosen = {
        key
        for key in jobs
        if (
            key in keys
            if keys is not None
            else not only
            or statuses.get(key, Status.CANCELLED) in only
            or (key in known and known[key].status in only)
        )
    }
    recognised = dict(host_roles(known.values()))
    targets = {jobs[key].target for key in chosen}
    # The role is known, and its own rows ask the same.
    chosen = {key for key in chosen if recognised.get(key) not in targets}
    if chosen and len(chosen) < len(jobs):
        changed = _changed_answers(session.header.answers, answers)
        chosen |= {
            key
            for key, job in jobs.items()
            if _not_measured(known.get(key)) and changed.intersection(_questions(job.check))
        }
        chosen |= {job.key for job in _of_same_ports(chosen, planned, known)}
        chosen = _with_dependencies(chosen, planned, profile, answers, known)
    return RerunPlan(
        tuple(job for key, job in jobs.items() if key in chosen),
        tuple(
            _earlier_result(job, known.get(key), not_comparable)
            for key, job in jobs.items()
            if key not in chosen
        ),
        tuple(
            replace(known[key], job=job)
            for key, job in jobs.items()
            if key in chosen and key in known and not not_comparable
        ),
        sum(key not in jobs for key in known),
    )


def _of_same_ports(
    chosen: Collection[str], planned: Iterable[Job], known: Mapping[str, Result]
) -> Iterator[Job]:
    """Measured rows of other roles that ask a port of the chosen ones: it has one state."""
    jobs = [*planned]
    ports = {place_of(job) for job in jobs if job.key in chosen} - {None}
    for job in jobs:
        earlier = known.get(job.key)
        if earlier is not None and earlier.status in MEASURED and place_of(job) in ports:
            yield job


def _with_dependencies(
    chosen: Iterable[str],
    planned: Iterable[Job],
    profile: Profile,
    answers: Mapping[str, str],
    known: Mapping[str, Result],
) -> set[str]:
    dependencies = {check.id: depends_on(check, answers) for check in profile.checks}
    dependents: dict[str, list[str]] = {}
    for check, others in dependencies.items():
        for other in others:
            dependents.setdefault(other, []).append(check)
    keys: dict[tuple[Target, str], str] = {}
    jobs: dict[str, Job] = {}
    for job in planned:
        jobs[job.key] = job
        keys[job.target, job.check.id] = job.key
    wanted: set[str] = set()
    remaining = list(chosen)
    while remaining:
        key = remaining.pop()
        if key in wanted:
            continue
        wanted.add(key)
        job = jobs[key]
        dependency_keys = (keys.get((job.target, check)) for check in dependencies[job.check.id])
        dependent_keys = (
            keys.get((job.target, check)) for check in dependents.get(job.check.id, ())
        )
        remaining += [other for other in dependency_keys if other is not None]
        remaining += [
            other for other in dependent_keys if other and _not_measured(known.get(other))
        ]
    return wanted


def _not_measured(result: Result | None) -> bool:
    return result is None or result.observation.reason in _NOT_MEASURED


def _changed_answers(before: Mapping[str, str], after: Mapping[str, str]) -> frozenset[str]:
    return frozenset(name for name in (*before, *after) if before.get(name) != after.get(name))


def _questions(check: Check) -> Iterator[str]:
    yield from (when.question for when in check.when)
    yield from (unless.question for unless in check.unless if unless.question)


def _earlier_result(job: Job, earlier: Result | None, not_comparable: bool) -> Result:
    """Result of a row that is not measured again, as it counts now."""
    if earlier is not None and not not_comparable:
        return replace(earlier, job=job)
    note = "Not reached in the earlier session."
    if earlier is not None:
        note = "Not tested from here with this profile."
    why = short_reason(job, Status.CANCELLED, _UNREACHED)
    return Result(job, Status.CANCELLED, note, _UNREACHED, why)

"""Verdict tracker: verdicts of targets as the results of their rows come in."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from probes.engine.plan import row_key
from probes.judging.check_outcome import VerdictRow, best_row, verdict_row
from probes.judging.host_states import HostStates, state_keys
from probes.judging.networks import silent_network_sentence, silent_networks
from probes.judging.verdict import Judgement, judge_capability
from probes.model import FAILURES, MEASURED, Job, Result, Ruling, Status, Target, Verdict
from probes.wire.text import printable
from profiles.model import Capability, Profile, capabilities_of
from profiles.recognition import AUTO

MAX_CACHED = 4096
"""Judgements cached for other targets with the same rows."""

_Rows = tuple[VerdictRow | None, ...]
_NOT_TESTED = VerdictRow(Status.CANCELLED)
_RELEVANT = MEASURED | FAILURES


@dataclass(frozen=True, slots=True)
class _CapabilityChecks:
    """Ids of the checks that decide a capability: of its own role and of other roles."""

    capability: Capability
    own: tuple[str, ...]
    custom: str
    """Check whose port a target may replace; empty if there is none."""
    elsewhere: tuple[str, ...]


class VerdictTracker:
    """Tracker of the open rows of a run, which returns the verdicts that become due.

    `jobs`, `results` and `earlier` are the run's own, by key, and are read whenever a verdict is
    made; `earlier` has the keys of results of an earlier session. A target that depends on hosts of
    another role waits until no row of that role is open.
    """

    def __init__(
        self,
        profile: Profile,
        answers: Mapping[str, str],
        jobs: Mapping[str, Job],
        results: Mapping[str, Result],
        earlier: Collection[str] = (),
    ) -> None:
        self._profile = profile
        self._answers = answers
        self._jobs = jobs
        self._results = results
        self._earlier = earlier
        self._checks_by_role: dict[str, tuple[_CapabilityChecks, ...]] = {}
        roles = {check.id: check.role for check in profile.checks}
        self._depends_on: dict[str, set[str]] = {}
        """Roles that each role depends on; the reverse is in `_dependents`."""
        self._dependents: dict[str, set[str]] = {}
        for capability in profile.capabilities:
            for other in capability.elsewhere:
                self._depends_on.setdefault(capability.role, set()).add(roles[other.check])
                self._dependents.setdefault(roles[other.check], set()).add(capability.role)
        self._open: dict[Target, int] = {}
        """Number of rows without a result; 0 while the target waits for another role."""
        self._open_by_role: dict[str, int] = dict.fromkeys(self._dependents, 0)
        self._keys: dict[str, dict[str, None]] = {}
        """Rows of each check that other roles depend on."""
        self._best_rows: dict[str, VerdictRow | None] = {}
        self._emitted: dict[Target, tuple[Judgement, ...]] = {}
        self._hosts = HostStates()
        self._targets_by_state: dict[str, dict[Target, None]] = {}
        """Targets by what the states of their hosts depend on."""
        self._of_networks: list[Verdict] = []
        self._cache: dict[tuple[str, _Rows, _Rows, int | None], Judgement] = {}
        self._earlier_targets: dict[str, dict[Target, None]] = {}
        """Targets of an earlier session, by role."""
        for key in self._earlier:
            job = self._jobs[key]
            self._earlier_targets.setdefault(job.target.role, {})[job.target] = None
            if job.target.role in self._open_by_role:
                self._keys.setdefault(job.check.id, {})[key] = None
            self._take_in(job)

    def row_opened(self, job: Job) -> None:
        """Count a row that waits for a result, for the first time or again."""
        target = job.target
        self._open[target] = self._open.get(target, 0) + 1
        if target.role in self._open_by_role:
            self._open_by_role[target.role] += 1
            self._keys.setdefault(job.check.id, {})[job.key] = None

    def row_closed(self, job: Job) -> list[Verdict]:
        """Count a row that has its result; returns the verdicts that follow."""
        target = job.target
        left = self._open[target] = self._open[target] - 1
        verdicts = self._judge_hosts(self._take_in(job), job.target)
        verdicts += [] if left else self._judge(target)
        if target.role in self._open_by_role:
            self._open_by_role[target.role] -= 1
            return verdicts + self._judge_dependents(target.role)
        return verdicts

    def row_changed(self, job: Job) -> list[Verdict]:
        """Verdicts that follow from another result of a closed row."""
        role = job.target.role
        verdicts = self._judge_hosts(self._take_in(job), job.target)
        verdicts += [] if job.target in self._open else self._judge(job.target)
        return verdicts + self._judge_dependents(role) if role in self._open_by_role else verdicts

    def targets_removed(self, targets: Collection[Target], jobs: Iterable[Job]) -> list[Verdict]:
        """Remove targets with these rows; returns the verdicts of others that follow."""
        changed: dict[str, None] = {}
        for job in jobs:
            self._keys.get(job.check.id, {}).pop(job.key, None)
            changed.update(dict.fromkeys(self._hosts.remove(job.key)))
        for target in targets:
            left = self._open.pop(target, 0)
            if target.role in self._open_by_role:
                self._open_by_role[target.role] -= left
            self._emitted.pop(target, None)
            self._earlier_targets.get(target.role, {}).pop(target, None)
        verdicts = self._judge_hosts(changed)
        return verdicts + self.dependent_verdicts({target.role for target in targets})

    def dependent_verdicts(self, roles: Collection[str]) -> list[Verdict]:
        """Changed verdicts of targets that depend on these roles."""
        self._best_rows.clear()
        dependent_roles = {one for role in roles for one in self._dependents.get(role, ())}
        due = [one for one in (*self._open, *self._emitted) if one.role in dependent_roles]
        return [
            verdict
            for target in dict.fromkeys(due)
            if not self._open.get(target)
            for verdict in self._judge(target)
        ]

    def finish(self) -> list[Verdict]:
        """Remaining verdicts at the end of a run; targets with cancelled rows get none."""
        self._open_by_role = dict.fromkeys(self._open_by_role, 0)
        self._best_rows.clear()
        verdicts = [verdict for target in list(self._open) for verdict in self._judge(target)]
        self._open.clear()
        return verdicts

    def take_in(self, results: Iterable[Result]) -> None:
        """Take in what these results tell about their hosts, before anything is judged."""
        for result in results:
            self._take_in(result.job)

    def _take_in(self, job: Job) -> tuple[str, ...]:
        """Take in what the result of a row tells; returns the hosts whose state it changed."""
        result = self._results.get(job.key)
        if result is None:
            return ()
        for key in state_keys(result):
            self._targets_by_state.setdefault(key, {})[job.target] = None
        return self._hosts.add(result)

    def _judge_hosts(self, hosts: Iterable[str], besides: Target | None = None) -> list[Verdict]:
        """Judge again what depends on these hosts, of which a row told something new."""
        targets = {one: None for host in hosts for one in self._targets_by_state.get(host, ())}
        due = [one for one in targets if one != besides and one in self._emitted]
        verdicts = [verdict for one in due if one not in self._open for verdict in self._judge(one)]
        for role in {one.role for one in targets} & self._open_by_role.keys():
            verdicts += self._judge_dependents(role)
        return verdicts

    def network_verdicts(self) -> list[Verdict]:
        """Verdicts of the networks and ranges from which nothing at all has come, as far as new.

        None for one of which every row is of an earlier session.
        """
        found: list[Verdict] = []
        for network in silent_networks(self._results.values()):
            if all(row.job.key in self._earlier for row in network.rows):
                continue
            asked = tuple(dict.fromkeys(row.job.check.id for row in network.rows))
            for checks in self._capability_checks(network.target.role):
                text = silent_network_sentence(checks.capability, network)
                found.append(
                    Verdict(network.target, checks.capability.id, Ruling.UNKNOWN, asked, (), text)
                )
        before, self._of_networks = self._of_networks, found
        return [verdict for verdict in found if verdict not in before]

    def _judge_dependents(self, role: str) -> list[Verdict]:
        """Judge the targets that depend on a role, once all of its rows are closed."""
        if self._open_by_role[role]:
            return []
        before, self._best_rows = self._best_rows, {}
        roles = self._dependents[role]
        due = [target for target, left in self._open.items() if not left and target.role in roles]
        if any(self._best_row(check) != row for check, row in before.items()):
            due += [one for one in self._emitted if one.role in roles and one not in self._open]
        for one in roles:
            # Their rows are of an earlier session, and what they depend on was measured again.
            due += [
                target for target in self._earlier_targets.get(one, ()) if target not in self._open
            ]
        return [verdict for target in dict.fromkeys(due) for verdict in self._judge(target)]

    def _judge(self, target: Target) -> list[Verdict]:
        """Verdicts of a target that differ from those already emitted."""
        depends_on = self._depends_on.get(target.role)
        if depends_on is not None and any(self._open_by_role[role] for role in depends_on):
            return []
        before = self._emitted.get(target, ())
        judgements = []
        for checks in self._capability_checks(target.role):
            rows = self._rows(checks, target)
            if rows is None:
                return []
            if any(row is not None and row.status is Status.NO_HOST for row in rows) or (
                target.role == AUTO and rows[0] is not None and rows[0].status is Status.OK
            ):
                # There is nothing to judge, or the host in its role is judged; what was said
                # before is void.
                self._open.pop(target, None)
                self._emitted.pop(target, None)
                return []
            judgements.append(self._judgement(checks, rows, target.port if checks.custom else None))
        self._open.pop(target, None)
        current = tuple(judgements)
        if current == before:
            return []
        self._emitted[target] = current
        of_role = self._capability_checks(target.role)
        return [
            Verdict(
                target,
                checks.capability.id,
                one.ruling,
                one.because,
                one.fix,
                one.text + self._not_measured_again(checks, target),
            )
            for number, (checks, one) in enumerate(zip(of_role, current, strict=True))
            if not before or one != before[number]
        ]

    def _rows(self, checks: _CapabilityChecks, target: Target) -> _Rows | None:
        """Rows of the target in the order of the checks; None if one was cancelled."""
        rows: list[VerdictRow | None] = []
        for check in checks.own:
            key = self._key(checks, check, target)
            result = self._results.get(key)
            if result is None and key in self._jobs:
                return None
            rows.append(None if result is None else verdict_row(result, self._hosts.of(result)))
        return tuple(rows)

    def _not_measured_again(self, checks: _CapabilityChecks, target: Target) -> str:
        """Sentence to add where the judgement uses rows of an earlier session."""
        if not self._earlier:
            return ""
        keys = [self._key(checks, check, target) for check in checks.own]
        keys += [key for check in checks.elsewhere for key in self._keys.get(check, ())]
        # Rows that were not needed decide nothing; rows that were not measured have their own note.
        rows = [
            one
            for key in keys
            if key in self._earlier
            and (one := self._results.get(key)) is not None
            and one.status in _RELEVANT
        ]
        if not rows:
            return ""
        titles = ", ".join(dict.fromkeys(one.job.check.title for one in rows))
        oldest = min(one.observation.started for one in rows)
        return f" Not retested: {titles}{oldest and f' (since {printable(oldest, 40)})'}."

    def _key(self, checks: _CapabilityChecks, check: str, target: Target) -> str:
        return row_key(check, target, check == checks.custom and target.port is not None)

    def _judgement(self, checks: _CapabilityChecks, rows: _Rows, port: int | None) -> Judgement:
        others = tuple([self._best_row(check) for check in checks.elsewhere])
        key = (checks.capability.id, rows, others, port)
        judgement = self._cache.get(key)
        if judgement is None:
            if len(self._cache) >= MAX_CACHED:
                self._cache.clear()
            own = dict(_present(checks.own, rows))
            elsewhere = dict(_present(checks.elsewhere, others))
            judgement = judge_capability(
                self._profile, checks.capability, self._answers, own, elsewhere, port
            )
            self._cache[key] = judgement
        return judgement

    def _best_row(self, check: str) -> VerdictRow | None:
        if check not in self._best_rows:
            results = [self._results.get(key) for key in self._keys.get(check, ())]
            self._best_rows[check] = best_row(map(self._named_row, results))
        return self._best_rows[check]

    def _named_row(self, result: Result | None) -> VerdictRow:
        """Row for verdicts on other targets: its change names its own host."""
        if result is None:
            return _NOT_TESTED
        job = result.job
        row = verdict_row(result, self._hosts.of(result), job.target.label)
        if not job.check.custom_port or job.port is None:
            return row
        return replace(row, ports=(job.port,))

    def _capability_checks(self, role: str) -> tuple[_CapabilityChecks, ...]:
        if role not in self._checks_by_role:
            custom = self._profile.custom_port(role)
            own = tuple(check.id for check in self._profile.checks_of(role))
            self._checks_by_role[role] = tuple(
                _CapabilityChecks(
                    capability,
                    own,
                    "" if custom is None else custom.id,
                    tuple(other.check for other in capability.elsewhere),
                )
                for capability in capabilities_of(self._profile, role)
            )
        return self._checks_by_role[role]


def _present(checks: Iterable[str], rows: _Rows) -> Iterator[tuple[str, VerdictRow]]:
    return ((check, row) for check, row in zip(checks, rows, strict=True) if row is not None)


def verdicts_of(
    profile: Profile,
    answers: Mapping[str, str],
    results: Iterable[Result],
    earlier: Collection[str] = (),
) -> list[Verdict]:
    """Verdicts of a whole session; none for targets with cancelled rows.

    `earlier` holds the keys of rows that were not measured in it.
    """
    rows = {result.job.key: result for result in results}
    measured = {key: one for key, one in rows.items() if one.status is not Status.CANCELLED}
    jobs = {key: result.job for key, result in rows.items()}
    tracker = VerdictTracker(profile, answers, jobs, measured, earlier)
    tracker.take_in(measured.values())
    for job in jobs.values():
        tracker.row_opened(job)
    return [*tracker.finish(), *tracker.network_verdicts()]

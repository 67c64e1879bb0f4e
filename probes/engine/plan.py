"""Plan of a run: targets and checks as jobs, so ordered that every host answers early."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from probes.model import Job, Target
from profiles.model import Check, Profile
from profiles.ports import checks_at
from profiles.recognition import AUTO, detection_checks, question

CONFIRM_ABOVE = 1024
"""Number of endpoints above which the operator is asked before anything is sent."""

Route = Callable[[Check, str, int | None], tuple[str, int] | None]
"""Function from a check, host and port to the proxy for them; None without one."""


def direct(check: Check, host: str, port: int | None) -> None:
    """Route without a proxy."""


def plan(
    profile: Profile,
    targets: Iterable[Target],
    *,
    only: frozenset[str] | None = None,
    route: Route = direct,
) -> tuple[Job, ...]:
    """Jobs of a run: the first check of every target, then the second of every one, and so on.

    `only` holds the ids of the checks to make; without it all are made. A target's own port
    replaces that of its role's `custom_port` check and of no other. Of jobs with the same key one
    is kept.
    """
    checks_by_role: dict[tuple[str, int | None], list[tuple[Check, bool]]] = {}
    checks_by_target: list[tuple[Target, list[tuple[Check, bool]]]] = []
    for target in targets:
        place = target.role, target.port
        if place not in checks_by_role:
            checks_by_role[place] = _wanted_checks(profile, target, only)
        checks_by_target.append((target, checks_by_role[place]))
    jobs: dict[str, Job] = {}
    for index in range(max(map(len, checks_by_role.values()), default=0)):
        for target, checks in checks_by_target:
            if index < len(checks):
                check, custom = checks[index]
                own = custom and target.port is not None
                key = row_key(check.id, target, own)
                if key not in jobs:
                    via = route(check, target.host, check.port)
                    jobs[key] = Job(key, check, target, check.port, via)
    return tuple(jobs.values())


@dataclass(frozen=True, slots=True)
class Planner:
    """Way to plan the rows of targets that come later: profile, checks to make, and route."""

    profile: Profile
    only: frozenset[str] | None = None
    route: Route = direct

    def jobs(self, target: Target) -> tuple[Job, ...]:
        """Jobs of one more target."""
        return plan(self.profile, (target,), only=self.only, route=self.route)

    def asks(self, check: Check) -> bool:
        """True if some check that is made asks what this one does."""
        only = self.only
        return only is None or any(
            one.id in only and question(one) == question(check) for one in self.profile.checks
        )


def row_key(check: str, target: Target, own: bool) -> str:
    """Key of the row of a check and a target; `own` if HOST:PORT replaces the check's port."""
    return f"{check}|{target.label if own else target.host}"


def endpoint_count(profile: Profile, jobs: Sequence[Job]) -> int:
    """Number of different ports of different hosts; ICMP counts as one port of a host.

    Of a host without a role it is the most that may be asked, whatever its role turns out to be.
    """
    named = {
        (job.target.host.casefold(), *_endpoint(job.check, job.port))
        for job in jobs
        if job.check.role != AUTO
    }
    without_role = {job.target.host.casefold() for job in jobs if job.check.role == AUTO}
    return len(named) + len(without_role) * (_most_asked(profile) if without_role else 0)


def _most_asked(profile: Profile) -> int:
    """Number of ports that a host without a role is asked, with those of its role, at most."""
    asked = {_endpoint(check, check.port) for check in detection_checks(profile)}
    roles = {one.role for one in profile.recognitions if one.decides}
    further = (
        {_endpoint(check, check.port) for check in profile.checks_of(role)} - asked
        for role in roles
    )
    return len(asked) + max(map(len, further), default=0)


def _endpoint(check: Check, port: int | None) -> tuple[str, int | str]:
    return check.transport, port or check.ports


def _wanted_checks(
    profile: Profile, target: Target, only: frozenset[str] | None
) -> list[tuple[Check, bool]]:
    """Checks of the target's role, each with a flag: HOST:PORT replaces its port."""
    custom = profile.custom_port(target.role)
    return [
        (check, custom is not None and check.id == custom.id)
        for check in checks_at(profile, target.role, target.port)
        if only is None or check.id in only
    ]

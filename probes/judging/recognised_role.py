"""Role that the row of a host without one has found. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from probes.model import Result, Status, Target
from profiles.recognition import AUTO

RECOGNISED = "recognised"
"""Fact of the row of a host without a role: the role that what answers decided, or null."""


def recognised_role(result: Result) -> str:
    """Role that the row of a host without one has found; empty for every other row."""
    if result.job.check.role != AUTO or result.status is not Status.OK:
        return ""
    role = result.observation.facts.get(RECOGNISED)
    return role if isinstance(role, str) else ""


def recognised_target(result: Result) -> Target | None:
    """The host in the role that its row has found; None without one."""
    role, target = recognised_role(result), result.job.target
    if not role:
        return None
    return Target(role, target.host, None, target.friendly_name, target.network)


def host_roles(results: Iterable[Result]) -> Iterator[tuple[str, Target]]:
    """Key of each row that has found the role of its host, and the host in that role."""
    for result in results:
        target = recognised_target(result)
        if target is not None:
            yield result.job.key, target

"""The profile as a tree with counts: categories, their roles, their checks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from probes.model import Event, Job, Queued, Result, Started, Status
from profiles.model import Check, Profile
from profiles.ports import with_ports
from tui.models.filter import Filter
from tui.text.status import in_order

_MAX_PORTS = 3
"""Ports of a check that its title names; with more it has the profile's."""

Kind = Literal["all", "category", "role", "check"]

ROLLED_UP = in_order(lambda ranks: ranks.tree)
"""Statuses in the order of display: a node shows the first that any of its rows has."""


@dataclass(frozen=True, slots=True)
class Node:
    """One line of the tree; `filter` passes exactly the rows below it."""

    id: str
    kind: Kind
    title: str
    depth: int
    parent: str
    checks: frozenset[str]
    filter: Filter


def nodes(profile: Profile) -> tuple[Node, ...]:
    """Every node of a profile in the order of the reference, parents before children."""
    found = [Node("", "all", "Everything", 0, "", _ids(profile.checks), Filter())]
    roles = {role.id: role for role in profile.roles}
    for category in profile.categories:
        category_checks = [check for check in profile.checks if check.category == category.id]
        id = f"category:{category.id}"
        filter = Filter(category=category.id)
        found.append(Node(id, "category", category.title, 0, "", _ids(category_checks), filter))
        for role in dict.fromkeys(check.role for check in category_checks):
            role_checks = [check for check in category_checks if check.role == role]
            role_id = f"{id}/{role}"
            filter = Filter(category=category.id, role=role)
            found.append(Node(role_id, "role", roles[role].title, 1, id, _ids(role_checks), filter))
            found += [
                Node(
                    f"{role_id}/{check.id}",
                    "check",
                    _check_text(check),
                    2,
                    role_id,
                    frozenset((check.id,)),
                    Filter(category=category.id, role=role, check=check.id),
                )
                for check in role_checks
            ]
    return tuple(found)


def _check_text(check: Check) -> str:
    """The check with its port, as nmap's -p takes it: `SNMP U:161`, `SSH 22,2222`."""
    transport = "U:" if check.transport == "udp" else ""
    ports = check.ports.replace(" and ", ",").replace(", ", ",")
    return f"{check.title} {transport}{ports or check.port or ''}".rstrip()


def _ids(checks: Iterable[object]) -> frozenset[str]:
    return frozenset(getattr(check, "id", "") for check in checks)


class RollUp:
    """Number of rows by check and status."""

    def __init__(self) -> None:
        self._status: dict[str, tuple[str, Status]] = {}
        self._counts: dict[str, Counter[Status]] = {}
        self._port_of: dict[str, int] = {}
        """Port of each row of a check that may take another one."""
        self._ports: dict[str, Counter[int]] = {}
        """Number of such rows by check and port."""

    def clear(self) -> None:
        """Forget every row."""
        self._status.clear()
        self._counts.clear()
        self._port_of.clear()
        self._ports.clear()

    def add(self, jobs: Iterable[Job]) -> None:
        """Count new rows as queued."""
        for job in jobs:
            if job.key in self._status:
                self._set_status(job.key, job.check.id, Status.QUEUED)
                continue
            # Tens of thousands come at once, and almost all of them are new.
            self._status[job.key] = (job.check.id, Status.QUEUED)
            if job.check.custom_port and job.port is not None:
                self._port_of[job.key] = job.port
                self._ports.setdefault(job.check.id, Counter())[job.port] += 1
            self._counts.setdefault(job.check.id, Counter())[Status.QUEUED] += 1

    def apply(self, events: Iterable[Event]) -> None:
        """Count what happened."""
        for event in events:
            if isinstance(event, Result):
                self._set_status(event.job.key, event.job.check.id, event.status)
            elif isinstance(event, Started | Queued):
                status = Status.RUNNING if isinstance(event, Started) else Status.QUEUED
                for key in event.keys:
                    if key in self._status:
                        self._set_status(key, self._status[key][0], status)

    def remove(self, keys: Iterable[str]) -> None:
        """Count these rows no more."""
        for key in keys:
            known = self._status.pop(key, None)
            port = self._port_of.pop(key, None)
            if known is not None and port is not None:
                self._ports[known[0]][port] -= 1
            if known is not None:
                self._counts[known[0]][known[1]] -= 1

    def titled(self, node: Node, profile: Profile) -> Node:
        """The node with the ports in its title that its rows ask."""
        id = node.filter.check
        if node.kind != "check" or not profile.check(id).custom_port:
            return node
        ports = [port for port, rows in self._ports.get(id, {}).items() if rows]
        if len(ports) > _MAX_PORTS:
            return node
        return replace(node, title=_check_text(with_ports(profile.check(id), ports)))

    def of(self, node: Node) -> tuple[Status | None, int]:
        """The status a node shows and how many of its rows have it; None without rows."""
        if not self._counts:
            return None, 0
        total: Counter[Status] = Counter()
        for check in node.checks:
            total.update(self._counts.get(check, {}))
        for status in ROLLED_UP:
            if total[status]:
                return status, total[status]
        return None, 0

    def _set_status(self, key: str, check: str, status: Status) -> None:
        counts = self._counts.setdefault(check, Counter())
        known = self._status.get(key)
        if known is not None:
            counts[known[1]] -= 1
        counts[status] += 1
        self._status[key] = (check, status)

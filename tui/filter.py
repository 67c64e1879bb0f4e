"""Which rows are visible: conditions on a job, its status and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from probes.engine.model import Job, Result, Status

FAILURES = frozenset({Status.BLOCKED, Status.ERROR, Status.WARNING, Status.DEGRADED})
"""The statuses that `Filter.failures` leaves visible."""


@dataclass(frozen=True, slots=True)
class Filter:
    """Which rows are visible: all conditions must hold, an empty one always does.

    `category`, `role` and `check` are ids, `host` is a target's label. `text` is words, all of
    which must occur, in any case, in the host, address, check, status or note. `keys` are those of
    rows.
    """

    category: str = ""
    role: str = ""
    check: str = ""
    host: str = ""
    failures: bool = False
    text: str = ""
    keys: frozenset[str] | None = None

    @property
    def changeable(self) -> bool:
        """Whether a result can make a row visible or hide it."""
        return self.failures or bool(self.text.strip())


EVERYTHING = Filter()
"""The filter that hides nothing."""


def passing(wanted: Filter) -> Callable[[Job, Status, Result | None], bool]:
    """A function that says of one row whether it is visible; its result is None while it runs."""
    words = wanted.text.casefold().split()
    named: dict[tuple[str, int | None], str] = {}

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        check = job.check
        if (
            (wanted.keys is not None and job.key not in wanted.keys)
            or (wanted.failures and status not in FAILURES)
            or (wanted.category and check.category != wanted.category)
            or (wanted.role and job.target.role != wanted.role)
            or (wanted.check and check.id != wanted.check)
            or (wanted.host and job.target.label != wanted.host)
        ):
            return False
        if not words:
            return True
        name = named.get((check.id, job.port))
        if name is None:
            name = named[check.id, job.port] = f"{check.title} {port_text(job)} {check.id}"
        text = f"{job.target.label}\n{name}\n{status}"
        if result is not None:
            text = f"{text}\n{result.note}\n{result.observation.address}"
        text = text.casefold()
        return all(word in text for word in words)

    return passes


def port_text(job: Job) -> str:
    """The port a row is asked on, as a person writes it: `TCP 5985`, `ICMP`."""
    if job.check.ports or job.port is None or job.port == job.check.port:
        return job.check.port_text
    return f"{job.check.transport.upper()} {job.port}"

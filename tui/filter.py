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

    `category`, `role` and `check` are ids, `host` is a target's label. `text` is a query in the
    language of tui.query; what is wrong in it hides nothing. `keys` are those of rows.
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
    conditions = _conditions(wanted.text)

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
        return all(holds(job, status, result) for holds in conditions)

    return passes


def _conditions(text: str) -> list[Callable[[Job, Status, Result | None], bool]]:
    if not text.strip():
        return []
    # Not needed for the first paint.
    from tui.matching import compiled
    from tui.query import parse

    return compiled(parse(text).terms)


def port_text(job: Job) -> str:
    """The port a row is asked on, as a person writes it: `TCP 5985`, `ICMP`."""
    if job.check.ports or job.port is None or job.port == job.check.port:
        return job.check.port_text
    return f"{job.check.transport.upper()} {job.port}"

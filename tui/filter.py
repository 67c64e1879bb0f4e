"""Which rows are visible: conditions on a job, its status and its result."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from probes.model import Job, Result, Status

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
    if replace(wanted, text="") != EVERYTHING:
        conditions.insert(0, _narrowed(wanted))
    # Asked of every row of tens of thousands, so the usual single condition has nothing around it.
    if len(conditions) == 1:
        return conditions[0]
    return lambda job, status, result: all(holds(job, status, result) for holds in conditions)


def _narrowed(wanted: Filter) -> Callable[[Job, Status, Result | None], bool]:
    """Every condition but the text."""
    keys, failures, category = wanted.keys, wanted.failures, wanted.category
    role, id, host = wanted.role, wanted.check, wanted.host

    def passes(job: Job, status: Status, result: Result | None) -> bool:
        return not (
            (keys is not None and job.key not in keys)
            or (failures and status not in FAILURES)
            or (category and job.check.category != category)
            or (role and job.target.role != role)
            or (id and job.check.id != id)
            or (host and job.target.label != host)
        )

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

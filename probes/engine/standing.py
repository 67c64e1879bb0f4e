"""What one row means for a verdict: there, missing, not tested, or of no account. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from probes.engine.mend import mend
from probes.engine.model import Reason, Result, Status
from profiles.model import Check

UNTESTED = frozenset({Status.ERROR, Status.CANCELLED, Status.QUEUED, Status.RUNNING})
"""Statuses of rows that say nothing about the path."""

_AVAILABLE = frozenset({Status.OK, Status.WARNING})
_MISSING = frozenset({Status.BLOCKED, Status.DEGRADED})
_LONGEST_FIX = 600


@dataclass(frozen=True, slots=True)
class Row:
    """As much of a result as verdicts rest on."""

    status: Status
    reason: Reason | None = None
    """Why it was not tested, where it was not."""
    fix: str = ""
    """What to change, where the probe knows better than the profile."""


class Standing(Enum):
    """What a check means for a verdict."""

    FINE = auto()
    WARNED = auto()
    DEGRADED = auto()
    LOST = auto()
    UNTESTED = auto()
    LEFT_OUT = auto()
    """Required, and the operator did not have it measured."""
    UNDECIDED = auto()
    """Missing, but whether it is needed hangs on a row that was not tested."""
    REPLACEABLE = auto()
    """Missing, but what could stand in for it was not all tested."""
    SILENT = auto()
    """Cannot be verified."""
    NEEDLESS = auto()
    UNCHECKED = auto()
    """A check of another role that was made of no host."""


_OF_STATUS: Mapping[Status, Standing] = {
    Status.OK: Standing.FINE,
    Status.WARNING: Standing.WARNED,
    Status.DEGRADED: Standing.DEGRADED,
    Status.BLOCKED: Standing.LOST,
    Status.UNVERIFIABLE: Standing.SILENT,
    Status.NOT_NEEDED: Standing.NEEDLESS,
    **dict.fromkeys(UNTESTED, Standing.UNTESTED),
}
_PLAIN = {status: Row(status) for status in Status}


def row_of(result: Result) -> Row:
    """What a verdict needs of a result."""
    status = result.status
    if status in UNTESTED:
        return Row(status, result.observation.reason)
    if status in _MISSING:
        own = result.observation.facts.get("fix") or mend(result.job, result.observation)
        return Row(status, None, str(own)[:_LONGEST_FIX]) if own else _PLAIN[status]
    return _PLAIN[status]


def best(rows: Iterable[Row]) -> Row | None:
    """The rows of one check on several hosts as one: one that succeeds is enough.

    None without rows; not tested if any was not and none succeeds.
    """
    statuses = {row.status for row in rows}
    if not statuses:
        return None
    if statuses & UNTESTED and not statuses & _AVAILABLE:
        return _PLAIN[Status.ERROR]
    order = (Status.OK, Status.WARNING, Status.BLOCKED, Status.DEGRADED, Status.UNVERIFIABLE)
    return _PLAIN[next((one for one in order if one in statuses), Status.NOT_NEEDED)]


def standing(check: Check, rows: Mapping[str, Row], answers: Mapping[str, str]) -> Standing:
    """What a check of the target itself means, given all of its rows by check id."""
    row = rows.get(check.id)
    conditions = [
        rows.get(unless.check)
        for unless in check.unless
        if not unless.question or answers.get(unless.question) in unless.answers
    ]
    if row is None:
        # What is optional the operator may leave out; what is spared was not needed anyway.
        spared = any(one is not None and one.status in _AVAILABLE for one in conditions)
        needless = spared or check.loss == "degraded" or not asked_for(check, answers)
        return Standing.NEEDLESS if needless else Standing.LEFT_OUT
    if row.status in _MISSING and any(
        one is not None and one.status in UNTESTED for one in conditions
    ):
        return Standing.UNDECIDED
    return _OF_STATUS[row.status]


def standing_elsewhere(check: Check, row: Row | None, answers: Mapping[str, str]) -> Standing:
    """What a check of hosts of another role means; `row` is the best of theirs."""
    if not asked_for(check, answers):
        return Standing.NEEDLESS
    return Standing.UNCHECKED if row is None else _OF_STATUS[row.status]


def asked_for(check: Check, answers: Mapping[str, str]) -> bool:
    """Whether the operator's answers make a check needed."""
    return all(answers.get(when.question, "") in when.answers for when in check.when)

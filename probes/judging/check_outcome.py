"""Outcome of a check for a verdict, from the target's row or the best of other hosts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum, auto

from probes.judging.change import THE_HOST, Change, required_change
from probes.judging.party import UNHEARD, HostState, Party, proxy_of
from probes.model import (
    AVAILABLE,
    BEST_FIRST,
    IPV4_ONLY,
    MISSING,
    UNTESTED,
    WRONG_PRODUCT,
    Meaning,
    Reason,
    Result,
    State,
    Status,
)
from probes.wire.text import printable
from profiles.model import Check, Elsewhere

_MAX_REMARK = 200


@dataclass(frozen=True, slots=True)
class VerdictRow:
    """Part of a result that verdicts depend on."""

    status: Status
    reason: Reason | None = None
    """Reason of a row that was not tested, that is unverifiable because the host refused it, or
    that cannot be asked over the host's version of IP.
    """
    change: Change | None = None
    """Change for a row that is missing, where None stands for the profile's, or that DNS or this
    machine's own firewall kept from being tested.
    """
    shortfall: str = ""
    """Clause about a service that answers and falls short of what the check asks for."""
    remark: str = ""
    """Clause about a row with a warning that the sentence must not leave out."""
    proxy: str = ""
    """Proxy of a row that was not tested."""
    ports: tuple[int, ...] = ()
    """Ports that hosts of another role were asked on; empty if all on the check's own."""


class CheckOutcome(Enum):
    """Outcome of a check for a verdict."""

    OK = auto()
    WARNING = auto()
    DEGRADED = auto()
    BLOCKED = auto()
    UNTESTED = auto()
    UNTESTED_OPTIONAL = auto()
    """It could not be tested here, and the audit works without it."""
    NOT_MEASURED = auto()
    """Required, but the operator left it out."""
    UNDECIDED = auto()
    """Missing, and a row that decides if it is needed was not tested."""
    REPLACEABLE = auto()
    """Missing, and checks that could substitute for it were not all tested."""
    SPARE = auto()
    """Missing or not tested, and it substitutes for a check that is not missing."""
    UNVERIFIABLE = auto()
    """It cannot be told from outside."""
    INCONCLUSIVE = auto()
    """It answers, and does not show that it does what the check asks for."""
    NOT_NEEDED = auto()
    NO_PROTOCOL = auto()
    """Its protocol does not exist over the host's version of IP."""
    NO_HOST = auto()
    """Check of another role of which there is no host."""


UNDECIDED = frozenset(
    {
        CheckOutcome.UNTESTED,
        CheckOutcome.NOT_MEASURED,
        CheckOutcome.UNDECIDED,
        CheckOutcome.REPLACEABLE,
        CheckOutcome.INCONCLUSIVE,
    }
)
"""Outcomes that leave open whether the target can be used."""


@dataclass(frozen=True, slots=True)
class JudgedCheck:
    """Check with its outcome and row, and `elsewhere` where it is of other hosts."""

    check: Check
    outcome: CheckOutcome
    row: VerdictRow | None = None
    elsewhere: Elsewhere | None = None


_OF_MEANING: Mapping[Meaning, CheckOutcome] = {
    Meaning.AVAILABLE: CheckOutcome.OK,
    Meaning.MISSING: CheckOutcome.BLOCKED,
    Meaning.UNVERIFIABLE: CheckOutcome.UNVERIFIABLE,
    Meaning.NOT_NEEDED: CheckOutcome.NOT_NEEDED,
    Meaning.UNTESTED: CheckOutcome.UNTESTED,
    # A target without a host has no verdict.
    Meaning.ABSENT: CheckOutcome.UNTESTED,
    Meaning.UNFINISHED: CheckOutcome.UNTESTED,
}
_OF_STATUS: Mapping[Status, CheckOutcome] = {
    **{status: _OF_MEANING[status.meaning] for status in Status},
    Status.WARNING: CheckOutcome.WARNING,
    Status.DEGRADED: CheckOutcome.DEGRADED,
}
_PLAIN = {status: VerdictRow(status) for status in Status}
_PARTY_RANK = {party: rank for rank, party in enumerate(Party)}
_BEST_OF_ALL = (*BEST_FIRST, *(status for status in Status if status not in BEST_FIRST))


def verdict_row(result: Result, host: HostState = UNHEARD, to: str = THE_HOST) -> VerdictRow:
    """Reduce a result to the part that verdicts depend on.

    `host` is the state of its host and `to` what its change calls the host.
    """
    status = result.status
    if status in UNTESTED:
        change = required_change(result, host, to)
        known = change is not None and change.party in (Party.THIS_MACHINE, Party.DNS_SERVER)
        proxy = printable(proxy_of(result.job, result.observation))
        reason = result.observation.reason
        return VerdictRow(status, reason, change if known else None, proxy=proxy)
    shortfall = printable(str(result.observation.facts.get("shortfall", "")))
    if status in MISSING:
        return VerdictRow(status, None, required_change(result, host, to), shortfall)
    if status is Status.UNVERIFIABLE and result.observation.state is State.CLOSED:
        return VerdictRow(status, result.observation.reason)
    if status is Status.NOT_NEEDED and result.observation.facts.get(IPV4_ONLY):
        return VerdictRow(status, result.observation.reason)
    if status is Status.WARNING and (remark := result.observation.facts.get(WRONG_PRODUCT)):
        remark = printable(str(remark), _MAX_REMARK).rstrip(". ")
        return VerdictRow(status, shortfall=shortfall, remark=remark)
    return VerdictRow(status, shortfall=shortfall) if shortfall else _PLAIN[status]


def best_row(rows: Iterable[VerdictRow]) -> VerdictRow | None:
    """Rows of one check on several hosts as one: a single success is enough.

    None without rows; not tested if any row was not and none succeeds, or if none is of a host. A
    shortfall stands where every row that succeeds has one. Where all are missing, the change is
    that of one of the best: the one whose party is known best. The ports are those of all.
    """
    rows = tuple(rows)
    asked = {row.status for row in rows}
    if not asked:
        return None
    statuses = asked - {Status.NO_HOST}
    ports = tuple(sorted({port for row in rows for port in row.ports}))
    if not statuses or (statuses & UNTESTED and not statuses & AVAILABLE):
        return VerdictRow(Status.ERROR, ports=ports)
    best = next(one for one in _BEST_OF_ALL if one in statuses)
    of_best = [row for row in rows if row.status is best]
    shortfall = of_best[0].shortfall if all(row.shortfall for row in of_best) else ""
    changes = (row.change for row in of_best if row.change is not None)
    change = min(changes, key=lambda one: (_PARTY_RANK[one.party], one.text), default=None)
    return VerdictRow(best, None, change, shortfall, ports=ports)


def check_outcome(
    check: Check, rows: Mapping[str, VerdictRow], answers: Mapping[str, str]
) -> CheckOutcome:
    """Outcome of a check of the target itself, given all of its rows by check id."""
    row = rows.get(check.id)
    conditions = [
        rows.get(unless.check)
        for unless in check.unless
        if not unless.question or answers.get(unless.question) in unless.answers
    ]
    if row is None:
        # The operator may leave out optional checks, and those that another one makes needless.
        unnecessary = any(one is not None and one.status in AVAILABLE for one in conditions)
        not_needed = unnecessary or check.loss == "degraded" or not is_required(check, answers)
        return CheckOutcome.NOT_NEEDED if not_needed else CheckOutcome.NOT_MEASURED
    if row.status in MISSING and any(
        one is not None and one.status in UNTESTED for one in conditions
    ):
        return CheckOutcome.UNDECIDED
    return _outcome_of(check, row)


def other_role_outcome(
    check: Check, row: VerdictRow | None, answers: Mapping[str, str]
) -> CheckOutcome:
    """Outcome of a check on hosts of another role; `row` is the best of theirs."""
    if not is_required(check, answers):
        return CheckOutcome.NOT_NEEDED
    return CheckOutcome.NO_HOST if row is None else _outcome_of(check, row)


def _outcome_of(check: Check, row: VerdictRow) -> CheckOutcome:
    if row.status is Status.WARNING and row.shortfall:
        return CheckOutcome.INCONCLUSIVE
    if row.status is Status.NOT_NEEDED and row.reason is not None:
        return CheckOutcome.NO_PROTOCOL
    if row.status is Status.ERROR and check.loss == "degraded":
        return CheckOutcome.UNTESTED_OPTIONAL
    return _OF_STATUS[row.status]


def is_required(check: Check, answers: Mapping[str, str]) -> bool:
    """True if the operator's answers make a check needed."""
    return all(answers.get(when.question, "") in when.answers for when in check.when)

"""Verdict of a target and capability: outcomes of its checks, ruling, fix and sentence."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from probes.judging.change import THE_HOST, Change, merged_texts, required_change
from probes.judging.party import UNHEARD, HostState, Party, proxy_of
from probes.judging.text import joined
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
    Ruling,
    State,
    Status,
)
from probes.wire.text import printable
from profiles.model import Capability, Check, Elsewhere, Instead, Profile, clause
from profiles.ports import as_asked

_MAX_REMARK = 200
_NAME_ANOTHER = "Name the host that is meant: another product answers here."


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


@dataclass(frozen=True, slots=True)
class JudgedCheck:
    """Check with its outcome and row, and `elsewhere` where it is of other hosts."""

    check: Check
    outcome: CheckOutcome
    row: VerdictRow | None = None
    elsewhere: Elsewhere | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdict without its target; see `Verdict`."""

    ruling: Ruling
    because: tuple[str, ...]
    fix: tuple[str, ...]
    text: str


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

_WORKING = frozenset({CheckOutcome.OK, CheckOutcome.WARNING})
_UNDECIDED = frozenset(
    {
        CheckOutcome.UNTESTED,
        CheckOutcome.NOT_MEASURED,
        CheckOutcome.UNDECIDED,
        CheckOutcome.REPLACEABLE,
        CheckOutcome.INCONCLUSIVE,
    }
)
_SHOWS_NOTHING = frozenset(
    {CheckOutcome.UNVERIFIABLE, CheckOutcome.UNTESTED_OPTIONAL, CheckOutcome.NO_PROTOCOL}
)
_NO_HINDRANCE = frozenset({CheckOutcome.UNVERIFIABLE, CheckOutcome.NO_PROTOCOL})
"""Outcomes of checks that neither show that a substitute works nor that it does not."""
_FAILED = frozenset({CheckOutcome.BLOCKED, CheckOutcome.DEGRADED, CheckOutcome.REPLACEABLE})
_DECISIVE: Mapping[Ruling, frozenset[CheckOutcome]] = {
    Ruling.BLOCKED: frozenset({CheckOutcome.BLOCKED}),
    Ruling.UNKNOWN: _UNDECIDED,
    Ruling.DEGRADED: frozenset({CheckOutcome.DEGRADED}),
    Ruling.READY_AFTER: _WORKING,
    Ruling.READY: _WORKING,
}

_EXPLAINED = frozenset(
    {
        CheckOutcome.REPLACEABLE,
        CheckOutcome.UNDECIDED,
        CheckOutcome.UNTESTED,
        CheckOutcome.NOT_MEASURED,
        CheckOutcome.INCONCLUSIVE,
    }
)


def judge_capability(
    profile: Profile,
    capability: Capability,
    answers: Mapping[str, str],
    own: Mapping[str, VerdictRow],
    elsewhere: Mapping[str, VerdictRow],
    port: int | None = None,
) -> Judgement:
    """Judge one target.

    `own` has the target's rows and `elsewhere` the best of those of other hosts, by check id; both
    without rows that were not measured. `port` is the target's own, for the sentence.
    """
    others = {id: row.ports for id, row in elsewhere.items()}
    checks, capability = as_asked(profile, capability, port, others)
    outcomes = {id: check_outcome(checks[id], own, answers) for id in _own_checks(capability)}
    substitute = _substitute(capability, outcomes)
    if substitute is not None:
        del outcomes[substitute.of]
    for instead in capability.instead:
        if outcomes.get(instead.of) is CheckOutcome.BLOCKED and _may_substitute(instead, outcomes):
            outcomes[instead.of] = CheckOutcome.REPLACEABLE
        outcomes |= _beside_required(instead, outcomes)
    judged = [JudgedCheck(checks[id], outcomes[id], own.get(id)) for id in outcomes]
    for other in capability.elsewhere:
        check = checks[other.check]
        outcome = other_role_outcome(check, elsewhere.get(check.id), answers)
        judged.append(JudgedCheck(check, outcome, elsewhere.get(check.id), other))
    ruling = _ruling(judged, substitute)
    text = verdict_sentence(profile, capability, ruling, judged, substitute)
    return Judgement(
        ruling,
        _because(capability, ruling, judged, substitute),
        _fix(capability, judged, answers),
        text,
    )


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


def verdict_sentence(
    profile: Profile,
    capability: Capability,
    ruling: Ruling,
    checks: Sequence[JudgedCheck],
    substitute: Instead | None = None,
) -> str:
    """Sentence of a ruling."""
    clauses = _Clauses(profile, capability, checks)
    can = capability.can if substitute is None else substitute.can
    if ruling is Ruling.BLOCKED:
        text = "; ".join(
            (f"{capability.cannot}: {'; '.join(clauses.blocked())}", *clauses.wrong_products())
        )
    elif ruling is Ruling.UNKNOWN and (answers := clauses.inconclusive()):
        text = "; ".join((answers, *clauses.wrong_products()))
    elif ruling is Ruling.UNKNOWN:
        unknown = f"it is not known whether {capability.can}: {', and '.join(clauses.unknown())}"
        text = "; ".join((unknown, *clauses.wrong_products()))
    elif ruling is Ruling.DEGRADED:
        text = "; ".join((f"{can}, but {' and '.join(clauses.degraded())}", *clauses.remarks()))
    elif all(
        check.outcome is CheckOutcome.NOT_NEEDED for check in checks if check.elsewhere is None
    ):
        text = "nothing is required here under the answers that were given"
    else:
        text = "; ".join((can, *clauses.remarks()))
    return f"{text[:1].upper()}{text[1:]}."


@dataclass(frozen=True, slots=True)
class _Clauses:
    profile: Profile
    capability: Capability
    checks: Sequence[JudgedCheck]

    def blocked(self) -> Iterable[str]:
        """Reasons why it is blocked."""
        if own := self._own_names(CheckOutcome.BLOCKED):
            yield _clause(own, "not available")
        yield from self._of_other_roles(CheckOutcome.BLOCKED)

    def degraded(self) -> Iterable[str]:
        """Losses, with their reasons."""
        costs = {cost.check: cost.lost for cost in self.capability.optional}
        for judged in self._own_checks(CheckOutcome.DEGRADED):
            lost = costs.get(judged.check.id) or clause(judged.check.consequence)
            name, shortfall = self._name(judged.check), judged.row and judged.row.shortfall
            why = f"answers, but {shortfall}" if shortfall else "is not available"
            yield f"{lost}, because {name} {why}"
        yield from self._of_other_roles(CheckOutcome.DEGRADED)

    def inconclusive(self) -> str:
        """Shortfalls, where nothing else is unknown; empty otherwise."""
        open_questions = [one for one in self.checks if one.outcome in _UNDECIDED]
        if any(one.outcome is not CheckOutcome.INCONCLUSIVE for one in open_questions):
            return ""
        return "; ".join(self._shortfalls())

    def unknown(self) -> Iterable[str]:
        """Checks that are missing without deciding, and checks that were not tested."""
        if undecided := [
            *self._own_names(CheckOutcome.REPLACEABLE),
            *self._own_names(CheckOutcome.UNDECIDED),
        ]:
            yield _clause(undecided, "not available")
        untested = [
            *self._own_checks(CheckOutcome.UNTESTED),
            *self._own_checks(CheckOutcome.UNTESTED_OPTIONAL),
        ]
        # A row that waits for another one was not tested for the same reason.
        if {judged.row and judged.row.reason for judged in untested} - {Reason.DEPENDENCY} == {
            Reason.NAME_NOT_RESOLVED
        }:
            proxies = {judged.row.proxy for judged in untested if judged.row} - {""}
            whose = f" of the proxy {min(proxies)}" if proxies else ""
            yield f"the name{whose} does not resolve"
        elif untested:
            yield f"{joined([self._name(one.check) for one in untested])} could not be tested"
        if not_measured := self._own_names(CheckOutcome.NOT_MEASURED):
            yield _clause(not_measured, "left out", past=True)
        yield from self._shortfalls()
        for judged in self.checks:
            if judged.elsewhere is not None and judged.outcome is CheckOutcome.UNTESTED:
                where = self._role(judged.check)
                yield f"{self._name(judged.check)} could not be tested on any {where}"
        explained = any(one.outcome in _EXPLAINED for one in self.checks)
        unverifiable = self._own_checks(CheckOutcome.UNVERIFIABLE)
        if explained:
            unverifiable = [
                one for one in unverifiable if one.check.id in _replaceable(self.capability)
            ]
        if unverifiable:
            names = joined([self._name(one.check) for one in unverifiable])
            yield f"{names} cannot be verified from outside"
        if not explained:
            yield from self._without_protocol()

    def remarks(self) -> Iterable[str]:
        """Remarks that do not change the ruling."""
        yield from self.wrong_products()
        if warnings := [
            self._name(one.check) for one in self._warnings() if not (one.row and one.row.remark)
        ]:
            yield f"{joined(warnings)} {'has a warning' if len(warnings) == 1 else 'have warnings'}"
        if unverifiable := self._own_names(CheckOutcome.UNVERIFIABLE):
            yield f"{joined(unverifiable)} cannot be verified from outside"
        yield from self._without_protocol()
        if untested := self._own_names(CheckOutcome.UNTESTED_OPTIONAL):
            yield f"{joined(untested)} could not be tested"
        for judged in self.checks:
            if judged.elsewhere is not None and judged.outcome is CheckOutcome.UNTESTED_OPTIONAL:
                where = self._role(judged.check)
                yield f"{self._name(judged.check)} could not be tested on any {where}"
        without_host: dict[str, list[str]] = {}
        for judged in self.checks:
            if judged.outcome is CheckOutcome.NO_HOST:
                without_host.setdefault(self._role(judged.check), []).append(
                    self._name(judged.check)
                )
        for role, names in without_host.items():
            yield f"no {role} was checked for {joined(names)}"
        yield from self._spare()

    def _without_protocol(self) -> Iterable[str]:
        if names := self._own_names(CheckOutcome.NO_PROTOCOL):
            verb = "exists" if len(names) == 1 else "exist"
            yield f"{joined(names)} {verb} over IPv4 only, of which no address is known here"

    def _shortfalls(self) -> Iterable[str]:
        for judged in self._own_checks(CheckOutcome.INCONCLUSIVE):
            if judged.row is not None:
                yield f"{self._name(judged.check)} answers, but {judged.row.shortfall}"
        for judged in self.checks:
            if judged.elsewhere is not None and judged.outcome is CheckOutcome.INCONCLUSIVE:
                name, role = self._name(judged.check), self._role(judged.check)
                yield f"{name} answers and does not serve on any {role} checked"

    def _spare(self) -> Iterable[str]:
        """Lost substitutes, with the check without which they would matter."""
        spare = self._own_checks(CheckOutcome.SPARE)
        for instead in self.capability.instead:
            lost: dict[str, list[str]] = {}
            for judged in spare:
                # What the operator left out is no loss.
                if judged.row is not None and judged.check.id in instead.requires:
                    lost.setdefault(_loss(judged.row), []).append(self._name(judged.check))
            required = [self._name(one.check) for one in self.checks if one.check.id == instead.of]
            for what, names in lost.items():
                yield f"{_clause(names, what)}, which matters only without {joined(required)}"

    def wrong_products(self) -> Iterable[str]:
        """Remarks about rows where another product answered in the right protocol."""
        for judged in self._warnings():
            if judged.row is not None and judged.row.remark:
                yield f"{self._name(judged.check)} has a warning: {judged.row.remark}"

    def _warnings(self) -> list[JudgedCheck]:
        return self._own_checks(CheckOutcome.WARNING)

    def _of_other_roles(self, outcome: CheckOutcome) -> Iterable[str]:
        for judged in self.checks:
            if judged.elsewhere is not None and judged.outcome is outcome:
                name, role = self._name(judged.check), self._role(judged.check)
                lost = judged.elsewhere.lost
                yield f"{lost}, because {name} is not available on any {role} checked"

    def _own_checks(self, outcome: CheckOutcome) -> list[JudgedCheck]:
        """Checks of the target itself with this outcome."""
        return [one for one in self.checks if one.outcome is outcome and one.elsewhere is None]

    def _own_names(self, outcome: CheckOutcome) -> list[str]:
        return [self._name(judged.check) for judged in self._own_checks(outcome)]

    def _name(self, check: Check) -> str:
        return f"{check.title} ({check.port_text})"

    def _role(self, check: Check) -> str:
        title = (role.title for role in self.profile.roles if role.id == check.role)
        return clause(next(title, check.role))


def _replaceable(capability: Capability) -> frozenset[str]:
    """Required checks that others may substitute for."""
    return frozenset(instead.of for instead in capability.instead)


def _loss(row: VerdictRow) -> str:
    if row.status in UNTESTED:
        return "not tested"
    return f"not doing its work: {row.shortfall}" if row.shortfall else "not available"


def _clause(names: Sequence[str], what: str, *, past: bool = False) -> str:
    one, many = ("was", "were") if past else ("is", "are")
    return f"{joined(names)} {one if len(names) == 1 else many} {what}"


def _own_checks(capability: Capability) -> Iterable[str]:
    required = (
        *capability.requires,
        *(id for instead in capability.instead for id in instead.requires),
    )
    return dict.fromkeys((*required, *(cost.check for cost in capability.optional)))


def _substitute(capability: Capability, outcomes: Mapping[str, CheckOutcome]) -> Instead | None:
    """Substitute for a required check that is missing: all of its checks work, as far as seen."""
    for instead in capability.instead:
        seen = {outcomes[id] for id in instead.requires}
        if (
            outcomes.get(instead.of) is CheckOutcome.BLOCKED
            and seen & _WORKING
            and seen <= _WORKING | _NO_HINDRANCE
        ):
            return instead
    return None


def _may_substitute(instead: Instead, outcomes: Mapping[str, CheckOutcome]) -> bool:
    """True if it would be the substitute once what was not tested works."""
    seen = {outcomes[id] for id in instead.requires}
    return bool(seen & _UNDECIDED) and seen <= _WORKING | _UNDECIDED | _NO_HINDRANCE


def _beside_required(
    instead: Instead, outcomes: Mapping[str, CheckOutcome]
) -> dict[str, CheckOutcome]:
    """Other outcomes of checks that could substitute, while the required one is not missing.

    Where it works, the loss of a substitute costs nothing; where it is not known, nor is the cost.
    """
    required = outcomes.get(instead.of)
    if required is None or required in _FAILED:
        return {}
    lost, becomes = _FAILED | _UNDECIDED, CheckOutcome.SPARE
    if required in _UNDECIDED or required is CheckOutcome.UNVERIFIABLE:
        lost, becomes = _FAILED, CheckOutcome.UNDECIDED
    elif required is CheckOutcome.NOT_NEEDED:
        becomes = CheckOutcome.NOT_NEEDED
    return {id: becomes for id in instead.requires if outcomes[id] in lost}


def _ruling(checks: Sequence[JudgedCheck], substitute: Instead | None) -> Ruling:
    seen = {check.outcome for check in checks}
    own = {check.outcome for check in checks if check.elsewhere is None} - {CheckOutcome.NOT_NEEDED}
    if CheckOutcome.BLOCKED in seen:
        return Ruling.BLOCKED
    # Rows that cannot be told show nothing, but that a host which refused them itself is there.
    if seen & _UNDECIDED or (own and own <= _SHOWS_NOTHING and not any(map(_is_refused, checks))):
        return Ruling.UNKNOWN
    if CheckOutcome.DEGRADED in seen:
        return Ruling.DEGRADED
    return Ruling.READY if substitute is None else Ruling.READY_AFTER


def _is_refused(judged: JudgedCheck) -> bool:
    """True if the host itself refused a check that cannot be verified."""
    row = judged.row
    if row is None or judged.elsewhere is not None:
        return False
    return row.status is Status.UNVERIFIABLE and row.reason is not None


def _because(
    capability: Capability,
    ruling: Ruling,
    checks: Sequence[JudgedCheck],
    substitute: Instead | None,
) -> tuple[str, ...]:
    decisive = _DECISIVE[ruling]
    # Where it is not known if a substitute is needed, the required check is the reason.
    unknown = _replaceable(capability) if ruling is Ruling.UNKNOWN else frozenset()
    ids = tuple(
        judged.check.id
        for judged in checks
        if judged.outcome in decisive
        or (judged.outcome is CheckOutcome.UNVERIFIABLE and judged.check.id in unknown)
    )
    if ruling is Ruling.UNKNOWN and not ids:
        return tuple(
            judged.check.id
            for judged in checks
            if judged.elsewhere is None and judged.outcome in _SHOWS_NOTHING
        )
    return (substitute.of, *ids) if substitute is not None and ruling is Ruling.READY_AFTER else ids


def _fix(
    capability: Capability, checks: Sequence[JudgedCheck], answers: Mapping[str, str]
) -> tuple[str, ...]:
    """Smallest set of changes after which nothing is missing."""
    if any(judged.row is not None and judged.row.remark for judged in checks):
        # What that product lacks is no fault of it: no change there makes it what was meant.
        return (_NAME_ANOTHER,) if any(one.outcome in _FAILED for one in checks) else ()
    failed = {judged.check.id: judged.check for judged in checks if judged.outcome in _FAILED}
    candidates = [[id for id in failed if not _is_repaired_by_another(failed[id], failed, answers)]]
    outcomes = {judged.check.id: judged.outcome for judged in checks}
    for instead in capability.instead:
        needed = {outcomes[id] for id in instead.requires}
        lost = outcomes.get(instead.of) in (CheckOutcome.BLOCKED, CheckOutcome.REPLACEABLE)
        if lost and not needed & (_UNDECIDED | {CheckOutcome.NOT_NEEDED}):
            candidates.append([id for id in failed if id != instead.of])
    chosen = min(candidates, key=lambda candidate: len(candidate))
    ordered = sorted(checks, key=lambda judged: judged.outcome is CheckOutcome.DEGRADED)
    changes = [_change(judged) for judged in ordered if judged.check.id in chosen]
    untested = (judged.row for judged in checks if judged.outcome is CheckOutcome.UNTESTED)
    changes += [row.change for row in untested if row is not None and row.change is not None]
    return merged_texts(changes)


def _change(judged: JudgedCheck) -> Change:
    known = None if judged.row is None else judged.row.change
    return known or Change(Party.UNKNOWN, "", judged.check.fix)


def _is_repaired_by_another(
    check: Check, failed: Mapping[str, Check], answers: Mapping[str, str]
) -> bool:
    """True if fixing another check makes this one unnecessary."""
    return any(
        unless.check in failed and not unless.fact
        for unless in check.unless
        if not unless.question or answers.get(unless.question) in unless.answers
    )

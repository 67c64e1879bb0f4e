"""Verdict of a target and capability: ruling, reasons and fix."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from probes.judging.change import Change, merged_texts
from probes.judging.check_outcome import (
    UNDECIDED,
    CheckOutcome,
    JudgedCheck,
    VerdictRow,
    check_outcome,
    other_role_outcome,
)
from probes.judging.party import Party
from probes.judging.verdict_sentence import replaceable, verdict_sentence
from probes.model import (
    Ruling,
    Status,
)
from profiles.model import Capability, Check, Instead, Profile
from profiles.ports import as_asked

_NAME_ANOTHER = "Name the host that is meant: another product answers here."


@dataclass(frozen=True, slots=True)
class Judgement:
    """Verdict without its target; see `Verdict`."""

    ruling: Ruling
    because: tuple[str, ...]
    fix: tuple[str, ...]
    text: str


_WORKING = frozenset({CheckOutcome.OK, CheckOutcome.WARNING})
_SHOWS_NOTHING = frozenset(
    {CheckOutcome.UNVERIFIABLE, CheckOutcome.UNTESTED_OPTIONAL, CheckOutcome.NO_PROTOCOL}
)
_NO_HINDRANCE = frozenset({CheckOutcome.UNVERIFIABLE, CheckOutcome.NO_PROTOCOL})
"""Outcomes of checks that neither show that a substitute works nor that it does not."""
_FAILED = frozenset({CheckOutcome.BLOCKED, CheckOutcome.DEGRADED, CheckOutcome.REPLACEABLE})
_DECISIVE: Mapping[Ruling, frozenset[CheckOutcome]] = {
    Ruling.BLOCKED: frozenset({CheckOutcome.BLOCKED}),
    Ruling.UNKNOWN: UNDECIDED,
    Ruling.DEGRADED: frozenset({CheckOutcome.DEGRADED}),
    Ruling.READY_AFTER: _WORKING,
    Ruling.READY: _WORKING,
}


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
    return bool(seen & UNDECIDED) and seen <= _WORKING | UNDECIDED | _NO_HINDRANCE


def _beside_required(
    instead: Instead, outcomes: Mapping[str, CheckOutcome]
) -> dict[str, CheckOutcome]:
    """Other outcomes of checks that could substitute, while the required one is not missing.

    Where it works, the loss of a substitute costs nothing; where it is not known, nor is the cost.
    """
    required = outcomes.get(instead.of)
    if required is None or required in _FAILED:
        return {}
    lost, becomes = _FAILED | UNDECIDED, CheckOutcome.SPARE
    if required in UNDECIDED or required is CheckOutcome.UNVERIFIABLE:
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
    if seen & UNDECIDED or (own and own <= _SHOWS_NOTHING and not any(map(_is_refused, checks))):
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
    unknown = replaceable(capability) if ruling is Ruling.UNKNOWN else frozenset()
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
        if lost and not needed & (UNDECIDED | {CheckOutcome.NOT_NEEDED}):
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

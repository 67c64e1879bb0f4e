"""Sentence of a verdict: what the target can do, or why it cannot, and what is not known."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from probes.judging.check_outcome import UNDECIDED, CheckOutcome, JudgedCheck, VerdictRow
from probes.judging.text import joined
from probes.model import (
    UNTESTED,
    Reason,
    Ruling,
)
from profiles.model import Capability, Check, Instead, Profile, clause
from profiles.recognition import AUTO


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
        open_questions = [one for one in self.checks if one.outcome in UNDECIDED]
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
        elif any(one.check.role == AUTO for one in untested):
            yield "what answers did not decide its role"
        elif untested:
            yield f"{joined([self._name(one.check) for one in untested])} could not be tested"
        if not_measured := self._own_names(CheckOutcome.NOT_MEASURED):
            yield _clause(not_measured, "left out", past=True)
        yield from self._shortfalls()
        for judged in self.checks:
            if judged.elsewhere is not None and judged.outcome is CheckOutcome.UNTESTED:
                where = self._role(judged.check)
                yield f"{self._name(judged.check)} could not be tested on any {where}"
        explained = any(one.outcome in UNDECIDED for one in self.checks)
        unverifiable = self._own_checks(CheckOutcome.UNVERIFIABLE)
        if explained:
            unverifiable = [
                one for one in unverifiable if one.check.id in replaceable(self.capability)
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


def replaceable(capability: Capability) -> frozenset[str]:
    """Required checks that others may substitute for."""
    return frozenset(instead.of for instead in capability.instead)


def _loss(row: VerdictRow) -> str:
    if row.status in UNTESTED:
        return "not tested"
    return f"not working as required: {row.shortfall}" if row.shortfall else "not available"


def _clause(names: Sequence[str], what: str, *, past: bool = False) -> str:
    one, many = ("was", "were") if past else ("is", "are")
    return f"{joined(names)} {one if len(names) == 1 else many} {what}"

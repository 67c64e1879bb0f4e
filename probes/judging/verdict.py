"""Verdict of a target and a capability: outcome of its checks, reasons, fix and sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto

from probes.judging.messages import mend
from probes.model import (
    AVAILABLE,
    BEST_FIRST,
    MISSING,
    UNTESTED,
    Meaning,
    Reason,
    Result,
    Ruling,
    Status,
)
from profiles.model import Capability, Check, Elsewhere, Instead, Profile, clause

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


_OF_MEANING: Mapping[Meaning, Standing] = {
    Meaning.AVAILABLE: Standing.FINE,
    Meaning.MISSING: Standing.LOST,
    Meaning.UNVERIFIABLE: Standing.SILENT,
    Meaning.NOT_NEEDED: Standing.NEEDLESS,
    Meaning.UNTESTED: Standing.UNTESTED,
    Meaning.UNFINISHED: Standing.UNTESTED,
}
_OF_STATUS: Mapping[Status, Standing] = {
    **{status: _OF_MEANING[status.meaning] for status in Status},
    Status.WARNING: Standing.WARNED,
    Status.DEGRADED: Standing.DEGRADED,
}
_PLAIN = {status: Row(status) for status in Status}
_BEST_OF_ALL = (*BEST_FIRST, *(status for status in Status if status not in BEST_FIRST))


def row_of(result: Result) -> Row:
    """What a verdict needs of a result."""
    status = result.status
    if status in UNTESTED:
        return Row(status, result.observation.reason)
    if status in MISSING:
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
    if statuses & UNTESTED and not statuses & AVAILABLE:
        return _PLAIN[Status.ERROR]
    return _PLAIN[next(one for one in _BEST_OF_ALL if one in statuses)]


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
        spared = any(one is not None and one.status in AVAILABLE for one in conditions)
        needless = spared or check.loss == "degraded" or not asked_for(check, answers)
        return Standing.NEEDLESS if needless else Standing.LEFT_OUT
    if row.status in MISSING and any(
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


@dataclass(frozen=True, slots=True)
class Part:
    """One check a judgement rests on: what it means, its row, and whether it is of other hosts."""

    check: Check
    standing: Standing
    row: Row | None = None
    elsewhere: Elsewhere | None = None


def sentence(
    profile: Profile,
    capability: Capability,
    ruling: Ruling,
    parts: Sequence[Part],
    stands_in: Instead | None = None,
    port: int | None = None,
) -> str:
    """The sentence of a ruling; `port` is the target's own, where it has one."""
    words = _Words(profile, capability, parts, port)
    can = capability.can if stands_in is None else stands_in.can
    if ruling is Ruling.BLOCKED:
        text = f"{capability.cannot}: {'; '.join(words.lost())}"
    elif ruling is Ruling.UNKNOWN:
        text = f"it is not known whether {capability.can}: {', and '.join(words.unknown())}"
    elif ruling is Ruling.DEGRADED:
        text = "; ".join((f"{can}, but {' and '.join(words.degraded())}", *words.beside()))
    elif all(part.standing is Standing.NEEDLESS for part in parts if part.elsewhere is None):
        text = "nothing is required here under the answers that were given"
    else:
        text = "; ".join((can, *words.beside()))
    return f"{text[:1].upper()}{text[1:]}."


@dataclass(frozen=True, slots=True)
class _Words:
    profile: Profile
    capability: Capability
    parts: Sequence[Part]
    port: int | None

    def lost(self) -> Iterable[str]:
        """Why it is blocked."""
        if own := self._own(Standing.LOST):
            yield _are(own, "not available")
        yield from self._others(Standing.LOST)

    def degraded(self) -> Iterable[str]:
        """What is lost, and why."""
        costs = {cost.check: cost.lost for cost in self.capability.optional}
        for part in self._of(Standing.DEGRADED):
            lost = costs.get(part.check.id) or clause(part.check.consequence)
            yield f"{lost}, because {self._name(part.check)} is not available"
        yield from self._others(Standing.DEGRADED)

    def unknown(self) -> Iterable[str]:
        """What is missing without being decisive, and what was not tested."""
        if gone := [*self._own(Standing.REPLACEABLE), *self._own(Standing.UNDECIDED)]:
            yield _are(gone, "not available")
        untested = self._of(Standing.UNTESTED)
        # What waits for another row waits for the same thing.
        if {part.row and part.row.reason for part in untested} - {Reason.DEPENDENCY} == {
            Reason.NAME_NOT_RESOLVED
        }:
            yield "the name does not resolve"
        elif untested:
            yield f"{_and(self._own(Standing.UNTESTED))} could not be tested"
        if left_out := self._own(Standing.LEFT_OUT):
            yield _are(left_out, "left out", past=True)
        for part in self.parts:
            if part.elsewhere is not None and part.standing is Standing.UNTESTED:
                where = self._role(part.check)
                yield f"{self._name(part.check)} could not be tested on any {where}"
        if not any(part.standing in _TOLD for part in self.parts):
            yield f"{_and(self._own(Standing.SILENT))} cannot be verified from outside"

    def beside(self) -> Iterable[str]:
        """What does not change the ruling and should be known."""
        if warned := self._own(Standing.WARNED):
            yield f"{_and(warned)} {'has a warning' if len(warned) == 1 else 'have warnings'}"
        if silent := self._own(Standing.SILENT):
            yield f"{_and(silent)} cannot be verified from outside"
        unchecked: dict[str, list[str]] = {}
        for part in self.parts:
            if part.standing is Standing.UNCHECKED:
                unchecked.setdefault(self._role(part.check), []).append(self._name(part.check))
        for role, names in unchecked.items():
            yield f"no {role} was checked for {_and(names)}"

    def _others(self, standing: Standing) -> Iterable[str]:
        for part in self.parts:
            if part.elsewhere is not None and part.standing is standing:
                gone = f"{self._name(part.check)} is not available on any"
                yield f"{part.elsewhere.lost}, because {gone} {self._role(part.check)} checked"

    def _of(self, standing: Standing) -> list[Part]:
        """The target's own checks that stand so."""
        return [one for one in self.parts if one.standing is standing and one.elsewhere is None]

    def _own(self, standing: Standing) -> list[str]:
        return [self._name(part.check) for part in self._of(standing)]

    def _name(self, check: Check) -> str:
        custom = check.custom_port and self.port is not None
        where = f"{check.transport.upper()} {self.port}" if custom else check.port_text
        return f"{check.title} ({where})"

    def _role(self, check: Check) -> str:
        title = (role.title for role in self.profile.roles if role.id == check.role)
        return clause(next(title, check.role))


_TOLD = frozenset({Standing.REPLACEABLE, Standing.UNDECIDED, Standing.UNTESTED, Standing.LEFT_OUT})


def _are(names: Collection[str], what: str, *, past: bool = False) -> str:
    one, many = ("was", "were") if past else ("is", "are")
    return f"{_and(names)} {one if len(names) == 1 else many} {what}"


def _and(names: Collection[str]) -> str:
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


_THERE = frozenset({Standing.FINE, Standing.WARNED})
_OPEN = frozenset({Standing.UNTESTED, Standing.LEFT_OUT, Standing.UNDECIDED, Standing.REPLACEABLE})
_GONE = frozenset({Standing.LOST, Standing.DEGRADED, Standing.REPLACEABLE})
_DECIDED_BY: Mapping[Ruling, frozenset[Standing]] = {
    Ruling.BLOCKED: frozenset({Standing.LOST}),
    Ruling.UNKNOWN: _OPEN,
    Ruling.DEGRADED: frozenset({Standing.DEGRADED}),
    Ruling.READY_AFTER: _THERE,
    Ruling.READY: _THERE,
}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict without its target; see `Verdict`."""

    ruling: Ruling
    because: tuple[str, ...]
    fix: tuple[str, ...]
    text: str


def judged(
    profile: Profile,
    capability: Capability,
    answers: Mapping[str, str],
    own: Mapping[str, Row],
    elsewhere: Mapping[str, Row],
    port: int | None = None,
) -> Judgement:
    """The judgement of one target.

    `own` has the target's rows and `elsewhere` the best of those of other hosts, by check id; both
    without what was not measured. `port` is the target's own, for the wording.
    """
    checks = {check.id: check for check in profile.checks}
    found = {id: standing(checks[id], own, answers) for id in _own_checks(capability)}
    stands_in = _stands_in(capability, found)
    if stands_in is not None:
        del found[stands_in.of]
    for instead in capability.instead:
        if found.get(instead.of) is Standing.LOST and _could_stand_in(instead, found):
            found[instead.of] = Standing.REPLACEABLE
    parts = [Part(checks[id], found[id], own.get(id)) for id in found]
    for other in capability.elsewhere:
        check = checks[other.check]
        there = standing_elsewhere(check, elsewhere.get(check.id), answers)
        parts.append(Part(check, there, None, other))
    ruling = _ruling(parts, stands_in)
    words = sentence(profile, capability, ruling, parts, stands_in, port)
    return Judgement(
        ruling, _because(ruling, parts, stands_in), _fix(capability, parts, answers), words
    )


def _own_checks(capability: Capability) -> Iterable[str]:
    required = (
        *capability.requires,
        *(id for instead in capability.instead for id in instead.requires),
    )
    return dict.fromkeys((*required, *(cost.check for cost in capability.optional)))


def _stands_in(capability: Capability, found: Mapping[str, Standing]) -> Instead | None:
    """What stands in for a required check that is missing: all of it is there, as far as seen."""
    for instead in capability.instead:
        seen = {found[id] for id in instead.requires}
        if (
            found.get(instead.of) is Standing.LOST
            and seen & _THERE
            and seen <= _THERE | {Standing.SILENT}
        ):
            return instead
    return None


def _could_stand_in(instead: Instead, found: Mapping[str, Standing]) -> bool:
    """Whether it would stand in if what was not tested were there."""
    seen = {found[id] for id in instead.requires}
    return bool(seen & _OPEN) and seen <= _THERE | _OPEN | {Standing.SILENT}


def _ruling(parts: Sequence[Part], stands_in: Instead | None) -> Ruling:
    seen = {part.standing for part in parts}
    own = {part.standing for part in parts if part.elsewhere is None} - {Standing.NEEDLESS}
    if Standing.LOST in seen:
        return Ruling.BLOCKED
    # Rows that cannot be verified and nothing else: nothing was shown.
    if seen & _OPEN or own == {Standing.SILENT}:
        return Ruling.UNKNOWN
    if Standing.DEGRADED in seen:
        return Ruling.DEGRADED
    return Ruling.READY if stands_in is None else Ruling.READY_AFTER


def _because(ruling: Ruling, parts: Sequence[Part], stands_in: Instead | None) -> tuple[str, ...]:
    wanted = _DECIDED_BY[ruling]
    ids = tuple(part.check.id for part in parts if part.standing in wanted)
    if ruling is Ruling.UNKNOWN and not ids:
        return tuple(part.check.id for part in parts if part.standing is Standing.SILENT)
    return (stands_in.of, *ids) if stands_in is not None and ruling is Ruling.READY_AFTER else ids


def _fix(
    capability: Capability, parts: Sequence[Part], answers: Mapping[str, str]
) -> tuple[str, ...]:
    """The fewest changes after which nothing is missing any more."""
    gone = {part.check.id: part.check for part in parts if part.standing in _GONE}
    ways = [[id for id in gone if not _spared(gone[id], gone, answers)]]
    found = {part.check.id: part.standing for part in parts}
    for instead in capability.instead:
        needed = {found[id] for id in instead.requires}
        lost = found.get(instead.of) in (Standing.LOST, Standing.REPLACEABLE)
        if lost and not needed & (_OPEN | {Standing.NEEDLESS}):
            ways.append([id for id in gone if id != instead.of])
    chosen = min(ways, key=lambda way: len(way))
    fixes = (
        (part.row.fix if part.row is not None else "") or part.check.fix
        for part in sorted(parts, key=lambda part: part.standing is Standing.DEGRADED)
        if part.check.id in chosen
    )
    return tuple(dict.fromkeys(fixes))


def _spared(check: Check, gone: Mapping[str, Check], answers: Mapping[str, str]) -> bool:
    """Whether mending another check makes this one unnecessary."""
    return any(
        unless.check in gone and not unless.fact
        for unless in check.unless
        if not unless.question or answers.get(unless.question) in unless.answers
    )

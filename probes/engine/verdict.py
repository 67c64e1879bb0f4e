"""What the rows of one target mean for a capability. Pure: rows in, judgement out.

- A required check that is really missing blocks. What was not tested makes it unknown, and so does
  a failure that another, untested row may make irrelevant.
- What stands in for a required check (`instead`) does so only when all of it is there.
- Rows that cannot be verified count neither way; where there is nothing else, it is unknown.
- Of hosts of another role (`elsewhere`) one on which the check succeeds is enough. Where none was
  measured the sentence says so, and the target's own rows decide.
- A check that the operator left out is unknown where it is required, and not missed otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from probes.engine.model import Ruling
from probes.engine.sentence import Part, sentence
from probes.engine.standing import Row, Standing, standing, standing_elsewhere
from profiles.model import Capability, Check, Instead, Profile

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

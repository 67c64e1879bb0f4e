"""A judgement in one sentence, as a person would say it. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from probes.engine.model import Reason, Ruling
from probes.engine.standing import Row, Standing
from profiles.model import Capability, Check, Elsewhere, Instead, Profile, clause


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

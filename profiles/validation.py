"""Consistency rules between the keys of a profile; one function each, which raises Mistake."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from profiles.errors import Mistake, at, entry, listed, nearest, quoted
from profiles.fields import Key, keys_of
from profiles.model import (
    Capability,
    Category,
    Check,
    Cost,
    Elsewhere,
    Instead,
    Profile,
    Question,
    Recognition,
    Role,
    Signal,
    Unless,
    When,
)
from profiles.recognition import AUTO, checks_of

Top = Question | Category | Role | Check | Capability | Recognition
Entry = Top | When | Unless | Cost | Instead | Elsewhere | Signal
Rule = Callable[[Profile, Mapping[str, str]], None]


@dataclass(frozen=True, slots=True)
class _Placed:
    """An entry of the file and where it stands."""

    kind: str
    place: str
    record: Entry
    owner: Check | Capability | None
    """The role it belongs to; checks it names are of the same role."""


def unique_ids(profile: Profile, probes: Mapping[str, str]) -> None:
    """No two questions, categories, roles, checks or capabilities have the same id."""
    seen: dict[tuple[str, str], str] = {}
    for one in _top(profile):
        assert isinstance(one.record, Top)
        id = one.record.id
        number = one.place.split(" (")[0]
        first = seen.setdefault((one.kind, id), number)
        if first != number:
            text = f"{quoted(id)} is already the id of {first}; every {one.kind} needs its own"
            raise Mistake(at(one.place, "id"), text)


def known_references(profile: Profile, probes: Mapping[str, str]) -> None:
    """Every category, role, question and check that is named exists.

    A check depends only on checks of its own role, since needs and unless are settled host by
    host; a capability rests on checks of its own role, and on those of others in elsewhere.
    """
    ids: dict[str, dict[str, str]] = {}
    for one in _top(profile):
        assert isinstance(one.record, Top)
        role = one.record.role if isinstance(one.record, Check) else ""
        ids.setdefault(one.kind, {})[one.record.id] = role
    for one in _all(profile):
        for key in keys_of(type(one.record)):
            named = getattr(one.record, key.attribute)
            for value in named if key.many else (named,):
                if key.refers and value:
                    _exists(one, key, value, ids.get(key.refers, {}))


def _exists(one: _Placed, key: Key, value: str, known: Mapping[str, str]) -> None:
    """The id that a key names is known, and a check is of the right role."""
    where, owner = at(one.place, key.name), one.owner
    if key.refers != "check" or owner is None:
        if value not in known:
            raise Mistake(where, _unknown(key.refers, value, list(known)))
        return
    own, itself = owner.role, owner.id if isinstance(owner, Check) else ""
    if isinstance(one.record, Elsewhere):
        fitting = [id for id, role in known.items() if role != own]
        whose = f" of a role other than {quoted(own)}"
    else:
        fitting = [id for id, role in known.items() if role == own and id != itself]
        whose = f" of role {quoted(own)}"
    if value not in known:
        raise Mistake(where, _unknown("check", value, fitting, whose))
    if (known[value] != own) is not isinstance(one.record, Elsewhere):
        text = (
            f"{quoted(value)} is a check of role {quoted(known[value])}; "
            f"only checks{whose} are allowed: {listed(fitting) or 'none'}"
        )
        raise Mistake(where, text)


def conditions(profile: Profile, probes: Mapping[str, str]) -> None:
    """A default and the answers of a condition are among the answers its question allows."""
    questions = {question.id: question for question in profile.questions}
    for one in _all(profile):
        record = one.record
        if isinstance(record, Question) and record.default not in record.answers:
            text = f"{quoted(record.default)} is not one of its answers {listed(record.answers)}"
            raise Mistake(at(one.place, "default"), text)
        if isinstance(record, Unless) and bool(record.question) != bool(record.answers):
            given, absent = ("question", "answers") if record.question else ("answers", "question")
            text = f"needs the key {quoted(absent)} beside it, or must be left out"
            raise Mistake(at(one.place, given), text)
        if isinstance(record, When | Unless) and record.question:
            allowed = questions[record.question].answers
            for answer in record.answers:
                if answer not in allowed:
                    text = (
                        f"{quoted(answer)} is not an answer to question "
                        f"{quoted(record.question)}; it allows {listed(allowed)}"
                    )
                    raise Mistake(at(one.place, "answers"), text)


def transports(profile: Profile, probes: Mapping[str, str]) -> None:
    """The probe is known and speaks the transport of the check."""
    for place, check in _checks(profile):
        known = [name for name in probes if name != AUTO]
        if check.probe not in known:
            raise Mistake(at(place, "probe"), _unknown("probe", check.probe, known))
        speaks = probes[check.probe]
        if speaks != check.transport:
            fitting = listed(name for name, over in probes.items() if over == check.transport)
            text = (
                f"{quoted(check.transport)} does not fit probe {quoted(check.probe)}, which "
                f"speaks {speaks}; probes for {check.transport} are {fitting or 'not known'}"
            )
            raise Mistake(at(place, "transport"), text)


def ports(profile: Profile, probes: Mapping[str, str]) -> None:
    """A tcp or udp check has a port, and `ports` is a range of them; an icmp check has none."""
    for place, check in _checks(profile):
        if check.transport == "icmp":
            for key in ("port", "ports", "custom_port"):
                if getattr(check, key):
                    raise Mistake(at(place, key), "an icmp check has no port; leave the key out")
            continue
        if check.port is None:
            text = f"this key is missing; a {check.transport} check needs a port from 1 to 65535"
            raise Mistake(at(place, "port"), text)
        if check.ports:
            first, last = (int(one) for one in check.ports.split("-"))
            if not 1 <= first <= last <= 65535:
                text = f"{quoted(check.ports)} must be a range within 1-65535"
                raise Mistake(at(place, "ports"), text)


def one_custom_port(profile: Profile, probes: Mapping[str, str]) -> None:
    """At most one check of a role has custom_port, so that HOST:PORT means one thing."""
    seen: dict[str, str] = {}
    for place, check in _checks(profile):
        if check.custom_port and seen.setdefault(check.role, check.id) != check.id:
            text = (
                f"check {quoted(seen[check.role])} has it already, and only one check of "
                f"role {quoted(check.role)} may take its port from HOST:PORT"
            )
            raise Mistake(at(place, "custom_port"), text)


def no_circles(profile: Profile, probes: Mapping[str, str]) -> None:
    """No check depends on itself through needs and unless."""
    # A check precedes what it waits for, so that a circle is told in the order of the waiting.
    order = TopologicalSorter({check.id: () for check in profile.checks})
    for check in profile.checks:
        for id in (check.needs, *(one.check for one in check.unless)):
            if id:
                order.add(id, check.id)
    try:
        order.prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
    else:
        return
    place = next(place for place, check in _checks(profile) if check.id == found[0])
    needs = profile.check(found[0]).needs
    path = " -> ".join(quoted(id) for id in found)
    text = f"these checks wait for each other in a circle, {path}; remove one of the links"
    raise Mistake(at(place, "needs" if needs == found[1] else "unless"), text)


def letters(profile: Profile, probes: Mapping[str, str]) -> None:
    """No two roles have the same letter: the screen takes one of them by a key."""
    seen: dict[str, str] = {}
    for one in _top(profile):
        if isinstance(one.record, Role) and one.record.letter:
            id = one.record.id
            first = seen.setdefault(one.record.letter, id)
            if first != id:
                text = f"role {quoted(first)} has the letter {quoted(one.record.letter)} already"
                raise Mistake(at(one.place, "letter"), text)


def recognitions(profile: Profile, probes: Mapping[str, str]) -> None:
    """A recognition has any or all, and asks checks that need no other: no needs, no ports.

    No role, check or category is called auto, which is the role of hosts without one.
    """
    checks = {check.id: check for check in profile.checks}
    for one in _all(profile):
        record = one.record
        if isinstance(record, Role | Check | Category) and record.id == AUTO:
            text = f"{quoted(AUTO)} is the role of hosts without one; choose another id"
            raise Mistake(at(one.place, "id"), text)
        if isinstance(record, Recognition):
            if not (record.any or record.all):
                raise Mistake(at(one.place, "any"), "needs a signal here or in all")
            if record.after and record.after == record.role:
                raise Mistake(at(one.place, "after"), "is its own role; name another one")
            for id in checks_of(record):
                _stands_alone(one.place, checks[id])
        elif isinstance(record, Signal) and record.matches:
            if not record.fact:
                raise Mistake(at(one.place, "matches"), 'needs the key "fact" beside it')
            try:
                re.compile(record.matches)
            except re.error as error:
                text = f"{quoted(record.matches)} is no regular expression: {error}"
                raise Mistake(at(one.place, "matches"), text) from None
    for id in profile.also_asked:
        if id not in checks:
            raise Mistake(at("", "also_asked"), _unknown("check", id, list(checks)))
        _stands_alone("", checks[id], "also_asked")


def _stands_alone(place: str, check: Check, key: str = "check") -> None:
    """A check that a host without a role is asked can be asked alone."""
    if check.needs or check.ports:
        text = (
            f"check {quoted(check.id)} cannot be asked of a host without a role: it needs another "
            "check, or a range of ports"
        )
        raise Mistake(at(place, key), text)


def every_role_has_checks(profile: Profile, probes: Mapping[str, str]) -> None:
    """Every role has a check: a host that is asked nothing would look ready."""
    asked = {check.role for check in profile.checks}
    for one in _top(profile):
        if isinstance(one.record, Role) and one.record.id not in asked:
            text = "no check has this role; add a check for it or remove the role"
            raise Mistake(at(one.place, "id"), text)


def every_check_is_judged(profile: Profile, probes: Mapping[str, str]) -> None:
    """A capability names a check once; where a role has capabilities, each of its checks is in one.

    A check that is in none could fail and the host would look ready.
    """
    judged: set[str] = set()
    for place, capability in _capabilities(profile):
        seen: set[str] = set()
        for key, id in _own_checks(capability):
            if id in seen:
                raise Mistake(at(place, key), f"{quoted(id)} is there twice; once is enough")
            seen.add(id)
        judged |= seen
    roles = {capability.role for capability in profile.capabilities}
    for place, check in _checks(profile):
        if check.role in roles and check.id not in judged:
            text = (
                f"no capability of role {quoted(check.role)} names this check; name it in "
                "requires, optional or instead"
            )
            raise Mistake(at(place, "id"), text)


def losses(profile: Profile, probes: Mapping[str, str]) -> None:
    """Losses that fit: "blocked" for what is required, "degraded" for what is optional.

    A check that stands in does so for one in requires.
    """
    loss = {check.id: check.loss for check in profile.checks}
    for place, capability in _capabilities(profile):
        for key, id in _own_checks(capability):
            wanted = "degraded" if key == "optional" else "blocked"
            if loss[id] != wanted:
                text = f'check {quoted(id)} has loss = "{loss[id]}"; here it must be "{wanted}"'
                raise Mistake(at(place, key), text)
        for number, instead in enumerate(capability.instead, 1):
            if instead.of not in capability.requires:
                text = (
                    f"{quoted(instead.of)} is not in requires; only what is required can be "
                    f"stood in for: {listed(capability.requires)}"
                )
                raise Mistake(at(f"{place}, {entry('instead', number, None)}", "of"), text)


RULES: tuple[Rule, ...] = (
    unique_ids,
    known_references,
    conditions,
    transports,
    ports,
    one_custom_port,
    no_circles,
    letters,
    recognitions,
    every_role_has_checks,
    every_check_is_judged,
    losses,
)
"""In an order in which each may rely on those before it."""


def _unknown(kind: str, value: str, known: list[str], whose: str = "") -> str:
    near = nearest(value, known)
    hint = f"the nearest is {quoted(near)}; " if near else ""
    choice = f"known are {listed(known)}" if known else "none is known"
    return f"there is no {kind} {quoted(value)}{whose}; {hint}{choice}"


def _checks(profile: Profile) -> Iterator[tuple[str, Check]]:
    for number, check in enumerate(profile.checks, 1):
        yield entry("check", number, check.id), check


def _capabilities(profile: Profile) -> Iterator[tuple[str, Capability]]:
    for number, capability in enumerate(profile.capabilities, 1):
        yield entry("capability", number, capability.id), capability


def _own_checks(capability: Capability) -> Iterator[tuple[str, str]]:
    """The checks of its own role that a capability names, each with the key."""
    yield from (("requires", id) for id in capability.requires)
    yield from (("optional", cost.check) for cost in capability.optional)
    yield from (("instead", id) for instead in capability.instead for id in instead.requires)


def _top(profile: Profile) -> Iterator[_Placed]:
    for key in keys_of(Profile):
        if key.kind == "table":
            for number, record in enumerate(getattr(profile, key.attribute), 1):
                place = entry(key.name, number, record.id)
                owner = record if key.table in (Check, Capability) else None
                yield _Placed(key.name, place, record, owner)


def _all(profile: Profile) -> Iterator[_Placed]:
    for one in _top(profile):
        yield one
        for key in keys_of(type(one.record)):
            if key.kind == "table":
                for number, record in enumerate(getattr(one.record, key.attribute), 1):
                    yield _Placed(key.name, f"{one.place}, {key.name} {number}", record, one.owner)

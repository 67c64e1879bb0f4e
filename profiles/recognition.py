"""Role `auto` of a profile: hosts without a role, whose answers decide it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from profiles.model import Capability, Category, Check, Profile, Recognition, Role

AUTO = "auto"
"""Id of the role, its check and its section, and name of the probe that the check has."""


def with_auto(profile: Profile) -> Profile:
    """The profile with the role `auto` at its end, where it says how roles are recognised."""
    if not profile.recognitions:
        return profile
    category = Category(
        AUTO, "Hosts without a role", "What answers decides the role of a host without one."
    )
    role = Role(AUTO, "Host without a role", AUTO)
    check = Check(
        id=AUTO,
        category=AUTO,
        role=AUTO,
        title="Role",
        probe=AUTO,
        transport="tcp",
        purpose=f"Finds the role of a host that was named without one. Asks {_ports(profile)}.",
        consequence="Its role is not known, so nothing that a role requires was checked.",
        fix="Name its role: write ROLE=HOST.",
    )
    capability = Capability(
        id=AUTO,
        role=AUTO,
        title="Role",
        can="what its role requires is available",
        cannot="its role is not known",
        requires=(AUTO,),
    )
    return replace(
        profile,
        capabilities=(*profile.capabilities, capability),
        categories=(*profile.categories, category),
        roles=(*profile.roles, role),
        checks=(*profile.checks, check),
    )


def detection_checks(profile: Profile) -> tuple[Check, ...]:
    """Checks that are asked of a host without a role, of those of one port the first."""
    ids = [id for one in profile.recognitions for id in checks_of(one)]
    by_id = {check.id: check for check in profile.checks}
    found: dict[tuple[str, str, int | None], Check] = {}
    for id in dict.fromkeys((*ids, *profile.also_asked)):
        check = by_id[id]
        found.setdefault(question(check), check)
    return tuple(found.values())


def later_checks(profile: Profile) -> frozenset[str]:
    """Ids of the checks that only recognitions with `after` need."""
    every = {id for one in profile.recognitions if not one.after for id in checks_of(one)}
    later = {id for one in profile.recognitions if one.after for id in checks_of(one)}
    return frozenset(later - every - set(profile.also_asked))


def checks_of(recognition: Recognition) -> Iterator[str]:
    """Ids of the checks whose answers a recognition looks at."""
    for signal in (*recognition.any, *recognition.all, *recognition.none):
        yield signal.check


def question(check: Check) -> tuple[str, str, int | None]:
    """Everything that makes the question of a check another one: probe, transport, port."""
    return check.probe, check.transport, check.port


def _ports(profile: Profile) -> str:
    """Ports that a host without a role is asked: `TCP 22, 135, UDP 161, ICMP`."""
    ports: dict[str, list[int]] = {"tcp": [], "udp": [], "icmp": []}
    for check in detection_checks(profile):
        ports[check.transport].append(check.port or 0)
    return ", ".join(
        f"{transport.upper()} {', '.join(map(str, sorted(numbers)))}"
        if transport != "icmp"
        else "ICMP"
        for transport, numbers in ports.items()
        if numbers
    )

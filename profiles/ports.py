"""Checks and capabilities where HOST:PORT replaced a port: their texts name the one asked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import lru_cache

from profiles.model import Capability, Check, Profile

_NUMBER = r"\d{1,5}(?:-\d{1,5})?"
_NUMBERS = rf"{_NUMBER}(?:(?:, and |, or |, | and | or |/){_NUMBER})*"
"""Ports in a text: `22`, `135, 139 and 445`, `49152-65535`."""


def checks_at(profile: Profile, role: str, port: int | None) -> tuple[Check, ...]:
    """The checks of a role as they are asked of a target with this port of its own."""
    checks = profile.checks_of(role)
    custom = profile.custom_port(role)
    if custom is None or port is None or port == custom.port:
        return checks
    return tuple(
        with_port(check, port) if check is custom else beside(check, custom, port)
        for check in checks
    )


def with_port(check: Check, port: int | None) -> Check:
    """The check as it is asked on this port, which its title and sentences name."""
    if port is None or check.port is None or port == check.port:
        return check
    moved = replace(check, port=port, service_port=check.service_port or check.port)
    return _renamed(replace(moved, title=_text(check.title, check, str(port))), check, str(port))


def with_ports(check: Check, ports: Iterable[int]) -> Check:
    """The check as it was asked on these ports of several hosts."""
    numbers = sorted(set(ports))
    if len(numbers) < 2:
        return with_port(check, numbers[0]) if numbers else check
    listed = f"{', '.join(map(str, numbers[:-1]))} and {numbers[-1]}"
    return replace(_renamed(check, check, listed), ports=check.ports or listed)


def beside(check: Check, custom: Check, port: int) -> Check:
    """A check of a target whose `custom` check is asked on this port: what it says of that one."""
    if (check.transport, check.port) == (custom.transport, custom.port):
        # It asks that port itself.
        return check
    return _renamed(check, custom, str(port))


def capability_at(capability: Capability, check: Check, asked: Check) -> Capability:
    """A capability whose clauses name the port of `asked`, in the place of that of `check`."""
    if asked.port_text == check.port_text:
        return capability
    to = asked.port_text.partition(" ")[2]

    def text(clause: str) -> str:
        return _text(clause, check, to)

    return replace(
        capability,
        can=text(capability.can),
        cannot=text(capability.cannot),
        optional=tuple(replace(one, lost=text(one.lost)) for one in capability.optional),
        instead=tuple(replace(one, can=text(one.can)) for one in capability.instead),
        elsewhere=tuple(replace(one, lost=text(one.lost)) for one in capability.elsewhere),
    )


def as_asked(
    profile: Profile,
    capability: Capability,
    port: int | None,
    elsewhere: Mapping[str, Iterable[int]],
) -> tuple[Mapping[str, Check], Capability]:
    """Checks by id, and a capability, as they are asked of a target with this port of its own.

    `elsewhere` has the ports on which checks of other roles were asked.
    """
    checks = {check.id: check for check in profile.checks}
    asked = {check.id: check for check in checks_at(profile, capability.role, port)}
    asked |= {id: with_ports(checks[id], ports) for id, ports in elsewhere.items()}
    for id, check in asked.items():
        capability = capability_at(capability, checks[id], check)
    return checks | asked, capability


def _renamed(check: Check, custom: Check, to: str) -> Check:
    return replace(
        check,
        purpose=_text(check.purpose, custom, to),
        required_when=_text(check.required_when, custom, to),
        consequence=_text(check.consequence, custom, to),
        fix=_text(check.fix, custom, to),
    )


def _text(text: str, check: Check, to: str) -> str:
    """A text in which another port stands wherever it names that of a check."""

    def renamed(match: re.Match[str]) -> str:
        words = match.group()
        other = {"tcp": "udp", "udp": "tcp"}.get(check.transport, "")
        if re.search(rf"\b{other}\b", words, re.IGNORECASE):
            return words
        return re.sub(rf"(?<![\d-]){check.port}(?![\d-])", to, words)

    return _mention(check.title).sub(renamed, text)


@lru_cache(maxsize=256)
def _mention(title: str) -> re.Pattern[str]:
    """Pattern of all that names ports: `TCP 22`, `ports 22 and 23`, `22/tcp`, `SSH 22`, `:22`."""
    name = re.escape(re.sub(r"[\s:]*\d+$", "", title)) or "port"
    before = rf"\b(?:tcp|udp)(?: ?/ ?| ports? | )|\bports? |\b{name} |(?<![\d:]):|\("
    return re.compile(rf"(?:{before}){_NUMBERS}(?!\d)|\b\d{{1,5}}/(?:tcp|udp)\b", re.IGNORECASE)

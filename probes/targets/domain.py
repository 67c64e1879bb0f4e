"""Domain controllers by DNS SRV: a domain's name becomes targets (MS-ADTS 6.3.2.3, RFC 2782)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

from probes.model import Target
from probes.targets import host
from probes.targets.host import Wrong
from probes.targets.result import Bad, Domain, Entered, joined, refused
from probes.vantage import NotOffered, Vantage

MOST_CONTROLLERS = 256
"""Controllers of one domain that are taken; a hostile DNS server may name any number."""
AT_ONCE = 8
"""Domains looked up at the same time."""
DEADLINE = 30.0
"""Seconds one SRV look-up may take, whatever the vantage allows it."""

_SERVICES = ("_ldap._tcp.dc._msdcs", "_kerberos._tcp")


async def expand(domains: Sequence[Domain], vantage: Vantage) -> Entered:
    """The domain controllers DNS names for each domain; what went wrong is in `bad`."""
    slots = asyncio.Semaphore(AT_ONCE)

    async def one(domain: Domain) -> Entered:
        async with slots:
            found = await asyncio.gather(
                *(_look_up(vantage, f"{service}.{domain.name}") for service in _SERVICES)
            )
        return _controllers(domain, found)

    return joined(*await asyncio.gather(*(one(domain) for domain in domains)))


async def _look_up(vantage: Vantage, name: str) -> tuple[tuple[str, ...], str]:
    """The host names, or why there are none, as the end of a sentence."""
    try:
        async with asyncio.timeout(DEADLINE):
            found = await vantage.srv(name)
    except TimeoutError:
        return (), f"{name}: no answer in {DEADLINE:.0f} s"
    except NotOffered:
        return (), f"{name}: SRV records cannot be looked up from here"
    except OSError as error:
        return (), f"{name}: {error.strerror or error}"
    if found.addresses:
        return found.addresses, ""
    return (), f"{name}: {found.problem or 'no such record'}"


def _controllers(domain: Domain, found: Sequence[tuple[tuple[str, ...], str]]) -> Entered:
    entry = f"domain:{domain.name}"
    targets: list[Target] = []
    bad: list[Bad] = []
    # RFC 2782: the target "." says that the service is not there.
    names: dict[str, str] = {}
    for name in (name.rstrip(".") for answer, _ in found for name in answer):
        if name:
            names.setdefault(name.casefold(), name)
    for name in list(names.values())[:MOST_CONTROLLERS]:
        try:
            targets.append(Target(domain.role, host.name(name), domain.port))
        except Wrong as wrong:
            bad.append(refused(name, f"{wrong}", where=f"{entry} has a controller "))
    if len(names) > MOST_CONTROLLERS:
        more = f"DNS names {len(names):,} controllers, the first {MOST_CONTROLLERS} are taken"
        why = f"{more}; name the others one by one"
        bad.append(dataclasses.replace(refused(entry, why, role=domain.role), taken=True))
    problems = "; ".join(problem for _, problem in found if problem)
    if not names:
        told = f" ({problems})" if problems else ""
        bad.append(
            refused(
                entry,
                f"DNS names no domain controller{told}; write their host names",
                role=domain.role,
            )
        )
    elif problems:
        why = f"its controllers may be incomplete ({problems})"
        bad.append(dataclasses.replace(refused(entry, why, role=domain.role), taken=True))
    return Entered(tuple(targets), (), tuple(bad))

"""Domain controllers by DNS SRV, as targets (MS-ADTS 6.3.2.3, RFC 2782)."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence

import probes.targets.host as host
from probes.model import Target
from probes.targets.errors import InvalidEntry
from probes.targets.result import Domain, EntryProblem, ParseResult, entry_problem, merge_results
from probes.vantage import NotOffered, Vantage

MAX_CONTROLLERS = 256
"""Controllers of one domain that are kept; a hostile DNS server may name any number."""
MAX_CONCURRENT_LOOKUPS = 8
"""Domains looked up at the same time."""
LOOKUP_TIMEOUT = 30.0
"""Seconds for one SRV look-up, whatever the vantage allows."""

_SERVICES = ("_ldap._tcp.dc._msdcs", "_kerberos._tcp")


async def find_domain_controllers(domains: Sequence[Domain], vantage: Vantage) -> ParseResult:
    """Look up the domain controllers of each domain; failures are among the `problems`."""
    slots = asyncio.Semaphore(MAX_CONCURRENT_LOOKUPS)

    async def find_one(domain: Domain) -> ParseResult:
        async with slots:
            found = await asyncio.gather(
                *(_lookup_srv(vantage, f"{service}.{domain.name}") for service in _SERVICES)
            )
        return _controller_targets(domain, found)

    return merge_results(*await asyncio.gather(*(find_one(domain) for domain in domains)))


async def _lookup_srv(vantage: Vantage, name: str) -> tuple[tuple[str, ...], str]:
    """Look up SRV records: the host names, or why there are none, as the end of a sentence."""
    try:
        async with asyncio.timeout(LOOKUP_TIMEOUT):
            found = await vantage.srv(name)
    except TimeoutError:
        return (), f"{name}: no answer in {LOOKUP_TIMEOUT:.0f} s"
    except NotOffered:
        return (), f"{name}: SRV records cannot be looked up from here"
    except OSError as error:
        return (), f"{name}: {error.strerror or error}"
    if found.addresses:
        return found.addresses, ""
    return (), f"{name}: {found.problem or 'no such record'}"


def _controller_targets(
    domain: Domain, found: Sequence[tuple[tuple[str, ...], str]]
) -> ParseResult:
    entry = f"domain:{domain.name}"
    targets: list[Target] = []
    problems: list[EntryProblem] = []
    # RFC 2782: the target "." says that the service is not there.
    names: dict[str, str] = {}
    for name in (name.rstrip(".") for answer, _ in found for name in answer):
        if name:
            names.setdefault(name.casefold(), name)
    for name in list(names.values())[:MAX_CONTROLLERS]:
        try:
            targets.append(Target(domain.role, host.parse_name(name), domain.port))
        except InvalidEntry as error:
            problems.append(entry_problem(name, f"{error}", where=f"{entry} has a controller "))
    if len(names) > MAX_CONTROLLERS:
        too_many = f"DNS names {len(names):,} controllers, the first {MAX_CONTROLLERS} are taken"
        reason = f"{too_many}; name the others one by one"
        problems.append(
            dataclasses.replace(entry_problem(entry, reason, role=domain.role), is_warning=True)
        )
    lookup_problems = "; ".join(problem for _, problem in found if problem)
    if not names:
        details = f" ({lookup_problems})" if lookup_problems else ""
        problems.append(
            entry_problem(
                entry,
                f"no domain controller is known from DNS{details}; write their host names",
                role=domain.role,
            )
        )
    elif lookup_problems:
        reason = f"its controllers may be incomplete ({lookup_problems})"
        problems.append(
            dataclasses.replace(entry_problem(entry, reason, role=domain.role), is_warning=True)
        )
    return ParseResult(tuple(targets), (), tuple(problems))

"""Forward, reverse and SRV records of DNS that name different hosts. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from probes.judging.findings.hosts import Survey
from probes.judging.findings.text import count, joined, some
from probes.model import Confidence, Finding, FindingKind, Result

MANY = 4
"""Hosts of one kind that become one finding."""


@dataclass(frozen=True, slots=True)
class _Back:
    """A host whose address leads back to other names only."""

    host: str
    address: str
    names: tuple[str, ...]
    leads_to: tuple[str, ...]
    """The addresses of these names; empty where they have none, or nobody looked."""
    key: str

    @property
    def alias(self) -> bool:
        """Whether the other name leads to the same address."""
        return self.address in self.leads_to


def reverse(survey: Survey) -> Iterator[Finding]:
    """Hosts whose address leads back to another name than they were asked by."""
    found: dict[str, _Back] = {}
    for result in survey.results:
        back = _back(survey, result)
        if back is not None:
            found.setdefault(back.host.casefold(), back)
    kinds: dict[bool, list[_Back]] = defaultdict(list)
    for back in found.values():
        kinds[back.alias].append(back)
    for alias, hosts in kinds.items():
        if len(hosts) < MANY:
            yield from map(_one, hosts)
        else:
            yield _several(hosts, alias=alias)


def unlisted(survey: Survey) -> Iterator[Finding]:
    """Domain controllers that DNS does not name for their domain, while it names others."""
    missing: dict[tuple[str, tuple[str, ...]], dict[str, str]] = defaultdict(dict)
    for result in survey.results:
        said = _part(result, "controllers")
        domain, names = said.get("domain"), _texts(said.get("names"))
        host = result.job.target.host
        if isinstance(domain, str) and names and not any(_same(host, name) for name in names):
            missing[domain, names][host] = result.job.key
    for (domain, names), hosts in missing.items():
        who = sorted(hosts)
        are = "is" if len(who) == 1 else "are"
        text = (
            f"{some(who)} {are} not among the domain controllers that DNS names for {domain} "
            f"({some(names)})"
        )
        why = (
            "computers of the domain find its controllers by these SRV records; a controller that "
            "was taken out of service or does not register looks like this"
        )
        fix = "Name one that DNS lists, or have the controller register its SRV records."
        keys = tuple(sorted(hosts.values()))
        yield Finding(FindingKind.IDENTITY, text, Confidence.LIKELY, why, keys, fix)


def _back(survey: Survey, result: Result) -> _Back | None:
    """What is found for a row that knows where its address leads back to."""
    host, seen = result.job.target.host, result.observation
    if survey.places.number(host) is not None:
        return None
    said = _part(result, "reverse")
    address, names = said.get("address"), said.get("names")
    leads_to: list[str] = []
    if isinstance(names, (list, tuple)):
        there = [one for one in names if isinstance(one, Mapping)]
        leads_to = [address for one in there for address in _texts(one.get("addresses"))]
        names = [one.get("name") for one in there]
    elif str(seen.facts.get("question", "")).endswith(" PTR"):
        # A DNS server that was asked for the PTR of its own address.
        address, names = seen.address, seen.facts.get("answers")
    back = _texts(names)
    if not isinstance(address, str) or not survey.places.same(address, seen.address or address):
        return None
    if not back or any(_agrees(host, name) for name in back):
        return None
    plain = tuple(name.rstrip(".") for name in back)
    return _Back(host, address, plain, tuple(dict.fromkeys(leads_to)), result.job.key)


def _one(back: _Back) -> Finding:
    names = some(back.names)
    text = f"{back.host} has the address {back.address}, which leads back to {names}"
    why = "an alias looks the same; a stale entry leads the audit to another computer than meant"
    fix = f"If it is no alias, correct the DNS entry of {back.host}."
    if back.alias:
        text += ", and that name leads to the same address"
    elif back.leads_to:
        text += f", but that name leads to {joined(back.leads_to[:MANY])}"
        why = "forward and reverse entries of DNS were compared: one of them is stale"
        fix = f"Correct the reverse entry of {back.address}, or the entry of {back.host}."
    else:
        why = "an alias looks the same; forward and reverse entries of DNS were compared"
        fix = ""
    return Finding(FindingKind.IDENTITY, text, Confidence.LIKELY, why, (back.key,), fix)


def _several(hosts: list[_Back], *, alias: bool) -> Finding:
    pairs = some([f"{back.host}: {back.names[0]}" for back in hosts])
    text = f"{count(len(hosts), 'name')} have addresses that lead back to other names ({pairs})"
    why = "aliases look the same; stale entries lead the audit to other computers than meant"
    if alias:
        text += ", and those lead to the same addresses"
    else:
        why = "reverse entries that nobody keeps look the same; so do stale forward entries"
    keys = tuple(sorted(back.key for back in hosts))
    return Finding(FindingKind.IDENTITY, text, Confidence.LIKELY, why, keys)


def _part(result: Result, name: str) -> Mapping[str, object]:
    """What was found out about a host's name, as its row has it; a log may hold anything."""
    resolved = result.observation.facts.get("resolved")
    part = resolved.get(name) if isinstance(resolved, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple(one for one in value if isinstance(one, str) and one)


def _same(one: str, other: str) -> bool:
    return one.casefold().rstrip(".") == other.casefold().rstrip(".")


def _agrees(host: str, answer: str) -> bool:
    """Whether both may be one host's name: a short name fits every domain."""
    if _same(host, answer):
        return True
    return "." not in host and _same(host, answer.partition(".")[0])

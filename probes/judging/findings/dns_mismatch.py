"""Forward, reverse and SRV records of DNS that do not agree. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from probes.judging.findings.hosts import ClassifiedResults
from probes.judging.text import count, joined, some
from probes.model import Confidence, Finding, FindingKind, Result

MIN_GROUP = 4
"""Hosts of one kind that become one finding."""


@dataclass(frozen=True, slots=True)
class _ReverseMismatch:
    """Host whose address leads back to other names only."""

    host: str
    address: str
    names: tuple[str, ...]
    leads_to: tuple[str, ...]
    """Addresses of these names; empty where they have none, or were not looked up."""
    key: str

    @property
    def is_alias(self) -> bool:
        """True if the other name leads to the same address."""
        return self.address in self.leads_to


def reverse_mismatches(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about hosts whose address leads back to another name than was asked for."""
    found: dict[str, _ReverseMismatch] = {}
    for result in results.rows:
        mismatch = _reverse_mismatch(results, result)
        if mismatch is not None:
            found.setdefault(mismatch.host.casefold(), mismatch)
    by_kind: dict[bool, list[_ReverseMismatch]] = defaultdict(list)
    for mismatch in found.values():
        by_kind[mismatch.is_alias].append(mismatch)
    for is_alias, hosts in by_kind.items():
        if len(hosts) < MIN_GROUP:
            yield from map(_single_finding, hosts)
        else:
            yield _group_finding(hosts, is_alias=is_alias)


def unlisted_controllers(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about domain controllers that are not among those in the domain's SRV records."""
    missing: dict[tuple[str, tuple[str, ...]], dict[str, str]] = defaultdict(dict)
    for result in results.rows:
        controllers = _resolved_part(result, "controllers")
        domain, names = controllers.get("domain"), _texts(controllers.get("names"))
        host = result.job.target.host
        if (
            isinstance(domain, str)
            and names
            and not any(_is_same_name(host, name) for name in names)
        ):
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


def _reverse_mismatch(results: ClassifiedResults, result: Result) -> _ReverseMismatch | None:
    """Mismatch in a row that has the reverse names of its address; None without one."""
    host, seen = result.job.target.host, result.observation
    if results.subnets.number(host) is not None:
        return None
    reverse = _resolved_part(result, "reverse")
    address, names = reverse.get("address"), reverse.get("names")
    leads_to: list[str] = []
    if isinstance(names, (list, tuple)):
        entries = [one for one in names if isinstance(one, Mapping)]
        leads_to = [address for one in entries for address in _texts(one.get("addresses"))]
        names = [one.get("name") for one in entries]
    elif str(seen.facts.get("question", "")).endswith(" PTR"):
        # A DNS server that was asked for the PTR of its own address.
        address, names = seen.address, seen.facts.get("answers")
    reverse_names = _texts(names)
    if not isinstance(address, str) or not results.subnets.same(address, seen.address or address):
        return None
    if not reverse_names or any(_may_be_same_host(host, name) for name in reverse_names):
        return None
    plain = tuple(name.rstrip(".") for name in reverse_names)
    return _ReverseMismatch(host, address, plain, tuple(dict.fromkeys(leads_to)), result.job.key)


def _single_finding(mismatch: _ReverseMismatch) -> Finding:
    names = some(mismatch.names)
    text = f"{mismatch.host} has the address {mismatch.address}, which leads back to {names}"
    why = "an alias looks the same; a stale entry leads the audit to another computer than meant"
    fix = f"If it is no alias, correct the DNS entry of {mismatch.host}."
    if mismatch.is_alias:
        text += ", and that name leads to the same address"
    elif mismatch.leads_to:
        text += f", but that name leads to {joined(mismatch.leads_to[:MIN_GROUP])}"
        why = "forward and reverse entries of DNS were compared: one of them is stale"
        fix = f"Correct the reverse entry of {mismatch.address}, or the entry of {mismatch.host}."
    else:
        why = "an alias looks the same; forward and reverse entries of DNS were compared"
        fix = ""
    return Finding(FindingKind.IDENTITY, text, Confidence.LIKELY, why, (mismatch.key,), fix)


def _group_finding(hosts: list[_ReverseMismatch], *, is_alias: bool) -> Finding:
    pairs = some([f"{mismatch.host}: {mismatch.names[0]}" for mismatch in hosts])
    text = f"{count(len(hosts), 'name')} have addresses that lead back to other names ({pairs})"
    why = "aliases look the same; stale entries lead the audit to other computers than meant"
    if is_alias:
        text += ", and those lead to the same addresses"
    else:
        why = "reverse entries that nobody keeps look the same; so do stale forward entries"
    keys = tuple(sorted(mismatch.key for mismatch in hosts))
    return Finding(FindingKind.IDENTITY, text, Confidence.LIKELY, why, keys)


def _resolved_part(result: Result, name: str) -> Mapping[str, object]:
    """Part of the facts about a host's name; those from a log may hold anything."""
    resolved = result.observation.facts.get("resolved")
    part = resolved.get(name) if isinstance(resolved, Mapping) else None
    return part if isinstance(part, Mapping) else {}


def _texts(value: object) -> tuple[str, ...]:
    if not isinstance(value, (list, tuple)):
        return ()
    return tuple(one for one in value if isinstance(one, str) and one)


def _is_same_name(one: str, other: str) -> bool:
    return one.casefold().rstrip(".") == other.casefold().rstrip(".")


def _may_be_same_host(host: str, answer: str) -> bool:
    """True if both may be one host's name: a short name fits every domain."""
    if _is_same_name(host, answer):
        return True
    return "." not in host and _is_same_name(host, answer.partition(".")[0])

"""Names without an address, and hosts that answer with another name. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from probes.judging.change import required_change
from probes.judging.findings.hosts import ClassifiedResults
from probes.judging.party import Party
from probes.judging.text import count, joined, some
from probes.model import MISSING, Confidence, Finding, FindingKind, Result

MIN_GROUP = 4
"""Names with the same problem that become one finding."""
NETBIOS_NAME_LENGTH = 15
"""Characters of a computer's name in NetBIOS (RFC 1001 14.1, MS-NBTE 2.2.1)."""

_OWN_NAME_FACTS = ("computer", "dns_computer", "dns_host_name")
"""Facts in which a host tells its own name."""


@dataclass(frozen=True, slots=True)
class _ClaimedName:
    name: str
    service: str
    """Title of the row whose service told it."""
    key: str


def unresolved_names(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about names without an address, with the server that said so."""
    rows: dict[str, list[Result]] = defaultdict(list)
    for result in results.unresolved:
        rows[result.job.target.host.casefold().rstrip(".")].append(result)
    problems: dict[str, list[str]] = defaultdict(list)
    for name, its in rows.items():
        problems[str(its[0].observation.facts.get("problem", ""))].append(name)
    why = "no address, so nothing was asked"
    for problem, names in problems.items():
        problem_text = f": {problem}" if problem else ""
        if len(names) < MIN_GROUP:
            for name in names:
                its = rows[name]
                text = f"{its[0].job.target.host} does not resolve{problem_text}"
                change = required_change(its[0])
                fix = "" if change is None else change.text
                yield Finding(FindingKind.NAME, text, Confidence.CERTAIN, why, _keys(its), fix)
            continue
        all_rows = [result for name in names for result in rows[name]]
        text = f"{count(len(names), 'name')} do not resolve{problem_text} ({some(names)})"
        change = required_change(rows[names[0]][0])
        fix = "Correct these names, or make them resolve here: by DNS or the hosts file."
        if change is not None and change.party is Party.DNS_SERVER:
            fix = change.text
        yield Finding(FindingKind.NAME, text, Confidence.CERTAIN, why, _keys(all_rows), fix)


def wrong_names(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about hosts that tell another name than the one they were asked by."""
    known = _addresses_by_label(results)
    claimed: dict[tuple[str, str, str], list[_ClaimedName]] = defaultdict(list)
    for result in results.with_facts:
        address = result.observation.address
        if address is None or result.status in MISSING:
            continue
        host = result.job.target.host
        for fact in _OWN_NAME_FACTS:
            name = result.observation.facts.get(fact)
            if isinstance(name, str) and name.strip():
                one = _ClaimedName(name, result.job.check.title, result.job.key)
                if _is_other_host(results, host, address, name, known):
                    claimed[host, address, _netbios_label(name)].append(one)
    for (host, address, short), claims in claimed.items():
        yield _wrong_name_finding(results, host, address, short, claims, known)


def _wrong_name_finding(
    results: ClassifiedResults,
    host: str,
    address: str,
    short: str,
    claims: Sequence[_ClaimedName],
    known: dict[str, set[str]],
) -> Finding:
    name = max((one.name for one in claims), key=lambda name: (len(name), name))
    services = joined(sorted({one.service for one in claims}))
    keys = tuple(sorted({one.key for one in claims}))
    is_name = results.subnets.number(host) is None
    shown = f"{host} ({address})" if is_name else host
    text = f"{shown} calls itself {name} ({services})"
    others = known.get(short, set())
    if others and address not in others:
        text += f", but {name} resolves to {some(sorted(others))}"
        why = "two names of one machine, or a stale entry in DNS: both were asked in this session"
        fix = f"Correct the DNS entry of {host}." if is_name else "Correct the address."
        return Finding(FindingKind.IDENTITY, text, Confidence.CERTAIN, why, keys, fix)
    text += ", which is another host's name unless that is an alias"
    why = "an alias is right; a stale entry in DNS leads the audit to the wrong computer"
    return Finding(
        FindingKind.IDENTITY,
        text,
        Confidence.LIKELY,
        why,
        keys,
        f"Correct the DNS entry of {host}.",
    )


def _is_other_host(
    results: ClassifiedResults, host: str, address: str, name: str, known: dict[str, set[str]]
) -> bool:
    """True if a name is another host's than the one that was asked."""
    if results.subnets.number(host) is None:
        return not _may_be_same_host(host, name)
    # For a host asked by address, only the name of a host at another address is wrong.
    elsewhere = known.get(_netbios_label(name))
    return bool(elsewhere) and address not in (elsewhere or ())


def _may_be_same_host(typed: str, claimed: str) -> bool:
    """True if both may be the same host's: a short name fits every domain."""
    one, other = typed.casefold().rstrip("."), claimed.casefold().rstrip(".")
    if "." in one and "." in other:
        return one == other
    return _netbios_label(one) == _netbios_label(other)


def _netbios_label(name: str) -> str:
    return name.strip().casefold().partition(".")[0][:NETBIOS_NAME_LENGTH]


def _addresses_by_label(results: ClassifiedResults) -> dict[str, set[str]]:
    """Addresses of the names that were asked, by their first label."""
    known: dict[str, set[str]] = defaultdict(set)
    for host in results.hosts.values():
        for name in host.names:
            if results.subnets.number(name) is None:
                known[_netbios_label(name)].add(host.address)
    return dict(known)


def _keys(rows: Sequence[Result]) -> tuple[str, ...]:
    return tuple(sorted(result.job.key for result in rows))

"""Middleboxes: failing proxies, devices that accept everything, TLS interception. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from probes.judging.change import LET_PAST, required_change
from probes.judging.findings.hosts import ClassifiedResults
from probes.judging.party import Party, is_undelivered, locate, proxy_of
from probes.judging.text import count, count_of, joined, some
from probes.model import (
    ACCEPTS_EVERYTHING,
    MISSING,
    Confidence,
    Finding,
    FindingKind,
    Reason,
    Result,
    Service,
    State,
    Status,
)

_PROXY_AUTHENTICATION_REQUIRED = 407
_OF_DESTINATIONS = "destinations"
_EXEMPT_FROM_INSPECTION = "Exempt these hosts from TLS inspection for the Audit Service host."


def failing_proxies(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about a proxy that fails for two rows or more.

    All that it answers itself is one finding, but that it wants a login, which is ours to give.
    """
    through: dict[str, list[Result]] = defaultdict(list)
    for result in results.proxied:
        through[proxy_of(result.job, result.observation)].append(result)
    for proxy, rows in through.items():
        failed: dict[str, dict[str, list[Result]]] = defaultdict(dict)
        for result in rows:
            failure = _proxy_failure(result)
            if failure:
                kind = _OF_DESTINATIONS if _fails_for_destinations(result) else failure
                failed[kind].setdefault(failure, []).append(result)
        for failures in failed.values():
            alike = [result for same in failures.values() for result in same]
            if len(alike) < 2:
                continue
            told = [
                f"{failure} ({count_of(len(same), len(rows), 'row')})"
                for failure, same in failures.items()
            ]
            text = f"The proxy {proxy} {joined(told)}"
            why = (
                "the proxy says so itself"
                if _proxy_answered(alike[0])
                else "it is not reached from here"
            )
            keys = tuple(sorted(result.job.key for result in alike))
            fix = _common_fix(results, alike)
            if not fix and _proxy_answered(alike[0]):
                fix = _destinations_fix(proxy, alike)
            yield Finding(FindingKind.PROXY, text, Confidence.CERTAIN, why, keys, fix)


def answering_proxies(results: ClassifiedResults) -> Iterator[Finding]:
    """One finding for each proxy on the path that answers two rows or more in the hosts' place.

    Rows of a proxy that does not tell its name are taken for those of one.
    """
    alike: dict[str, list[Result]] = defaultdict(list)
    for result in results.with_facts:
        seen = result.observation
        # Where it accepts every connection, that is the finding.
        if seen.facts.get("http_problem") != "proxy" or seen.facts.get(ACCEPTS_EVERYTHING):
            continue
        party, named = locate(result.job, seen, results.states.of(result))
        if party is Party.INTERCEPTOR and result.status in MISSING:
            alike[named].append(result)
    for named, rows in alike.items():
        if len(rows) < 2:
            continue
        hosts = sorted({result.job.target.label for result in rows})
        whose = f"{count(len(hosts), 'host')} ({some(hosts)})" if len(hosts) > 1 else hosts[0]
        who = f"The proxy {named} on the path" if named else "A proxy or filter on the path"
        text = f"{who} answers in the place of {whose}: {count(len(rows), 'row')}"
        confidence, why = Confidence.CERTAIN, "its answers name it"
        if not named:
            confidence = Confidence.LIKELY
            why = "the answers are those of a proxy, and none says of which one"
        keys = tuple(sorted(result.job.key for result in rows))
        fix = _common_fix(results, rows) or LET_PAST
        yield Finding(FindingKind.PROXY, text, confidence, why, keys, fix)


def accepting_middleboxes(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about addresses to which something accepts every connection, by network."""
    networks: dict[str, dict[str, list[Result]]] = defaultdict(dict)
    for result in results.with_facts:
        seen = result.observation
        unproven = (
            seen.facts.get(ACCEPTS_EVERYTHING) is True and seen.service is not Service.CONFIRMED
        )
        if unproven and seen.address is not None and not proxy_of(result.job, seen):
            network = results.subnets.network(seen.address)
            networks[network].setdefault(seen.address, []).append(result)
    for network, by_address in networks.items():
        rows = [result for rows in by_address.values() for result in rows]
        many = len(by_address) > 1
        named = some(sorted(by_address, key=lambda one: results.subnets.number(one) or (9, 0)))
        where = f"{len(by_address):,} addresses in {network} ({named})" if many else named
        text = (
            f"Something on the path accepts every connection to {where}, so an open port proves "
            "nothing there"
        )
        why = "a port that nothing uses was accepted too; others were not tried"
        keys = tuple(sorted(result.job.key for result in rows))
        yield Finding(FindingKind.ACCEPTS, text, Confidence.LIKELY, why, keys)


def untrusted_authorities(
    results: ClassifiedResults, claimed: Collection[str]
) -> Iterator[Finding]:
    """Findings about one authority behind several certificates that are not trusted."""
    alike: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results.with_facts:
        facts = result.observation.facts
        certificate = facts.get("certificate")
        if not isinstance(certificate, dict) or result.job.key in claimed:
            continue
        issuer = certificate.get("issuer_organisation") or certificate.get("issuer")
        if not isinstance(issuer, str):
            continue
        if facts.get("interception") is True:
            alike["interception", issuer].append(result)
        elif facts.get("no_authorities") is True and result.status in MISSING:
            alike["nobody", ""].append(result)
        elif facts.get("distrust") == "private-ca" and result.status in MISSING:
            alike["private", issuer].append(result)
    for (kind, issuer), rows in alike.items():
        hosts = sorted({result.job.target.host for result in rows})
        if len(hosts) < 2:
            continue
        keys = tuple(sorted(result.job.key for result in rows))
        text, confidence, why = _authority_text(kind, issuer, hosts)
        fix = _EXEMPT_FROM_INSPECTION if kind == "interception" else _common_fix(results, rows)
        yield Finding(FindingKind.CERTIFICATE, text, confidence, why, keys, fix)


def _authority_text(kind: str, issuer: str, hosts: Sequence[str]) -> tuple[str, Confidence, str]:
    whose = f"{count(len(hosts), 'host')} ({some(hosts)})"
    if kind == "interception":
        text = f"TLS interception: “{issuer}” issued the certificates of {whose}"
        return text, Confidence.LIKELY, "the providers of these hosts have others issue theirs"
    if kind == "nobody":
        text = f"This machine trusts no certificate authority at all: {whose} are not believed"
        return text, Confidence.CERTAIN, "its store of authorities is empty"
    text = f"This machine does not trust “{issuer}”, which issued the certificates of {whose}"
    return text, Confidence.CERTAIN, "the chain of each one ends in an authority unknown here"


def _proxy_failure(result: Result) -> str:
    """Failure of the proxy for a row, as a clause; empty where it did not fail."""
    seen = result.observation
    if seen.reason is Reason.NAME_NOT_RESOLVED:
        return f"is not reached: its name does not resolve: {seen.facts.get('problem', '')}"
    if result.status not in MISSING:
        return ""
    if seen.state is not State.OPEN:
        return f"is not reached: {_unreached_text(result)}"
    if seen.facts.get("unproven") != "proxy":
        return ""
    status = seen.facts.get("proxy_status")
    if not isinstance(status, int) or isinstance(status, bool):
        return "takes connections, and opens no tunnel"
    if status == _PROXY_AUTHENTICATION_REQUIRED:
        return "does not let this machine in: it wants a login (HTTP 407)"
    if status >= 500:
        return f"cannot reach the destinations: HTTP {status}"
    return f"refuses to connect to the destinations: HTTP {status}"


def _fails_for_destinations(result: Result) -> bool:
    """True if the proxy answered, and opened no tunnel to the host of the row."""
    status = result.observation.facts.get("proxy_status")
    return _proxy_answered(result) and status != _PROXY_AUTHENTICATION_REQUIRED


def _unreached_text(result: Result) -> str:
    """Clause about what keeps this machine from the proxy of a row."""
    seen = result.observation
    party, name = locate(result.job, seen)
    match party:
        case Party.THIS_MACHINE:
            return "this machine's own firewall does not let the connection out"
        case Party.ROUTE if name:
            return f"the next router {name} on the way to it does not answer"
        case Party.ROUTE:
            return "this machine has no route to it"
        case Party.ROUTER if seen.reason is Reason.TIME_EXCEEDED:
            return f"packets to it go round in a loop, which {name} saw"
        case Party.ROUTER:
            return f"{name or 'a router'} says that it has no route to it"
        case Party.PROXY if is_undelivered(seen):
            return "nobody answers for its address"
        case Party.PROXY if seen.state is State.CLOSED:
            return "it refuses the connection"
        case Party.PROXY if seen.icmp is not None:
            return "its own firewall rejects the connection"
        case Party.PROXY:
            return "it does not answer"
        case _:
            return f"{name or 'a device on the path'} rejects the connection"


def _destinations_fix(proxy: str, rows: Sequence[Result]) -> str:
    """Change of a proxy that does not connect to these destinations."""
    hosts = dict.fromkeys(result.job.target.host for result in rows)
    return f"Let the proxy {proxy} connect to {some([*hosts])}."


def _proxy_answered(result: Result) -> bool:
    return result.observation.state is State.OPEN and result.status is not Status.ERROR


def _common_fix(results: ClassifiedResults, rows: Iterable[Result]) -> str:
    """Change that all rows have in common; empty if they differ."""
    fixes = {_fix(results, result) for result in rows}
    return fixes.pop() if len(fixes) == 1 else ""


def _fix(results: ClassifiedResults, result: Result) -> str:
    change = required_change(result, results.states.of(result))
    return str(result.observation.facts.get("fix", "")) if change is None else change.text

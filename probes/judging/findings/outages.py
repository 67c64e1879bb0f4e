"""Outages: everything from this machine, to a network or to a host. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence

from probes.judging.change import allow_here, route_text, start_or_allow, undelivered_text
from probes.judging.findings.hosts import ClassifiedResults, Host, LostRow, source_of
from probes.judging.party import Party
from probes.judging.text import Port, count, joined, ports_text, some
from probes.model import NOT_SENT, Confidence, Finding, FindingKind, Observation, Reason, Status
from probes.wire.address import plain_address

MIN_GROUP = 4
"""Hosts without an answer in one network that become one finding."""
NEIGHBOUR_TIMEOUT_MS = 900.0
"""Time of a router's neighbour search, after which it reports host unreachable.

A firewall that rejects reports it sooner.
"""


def local_failures(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about what this machine itself does not let out or has no route for."""
    reported: dict[tuple[Party, str], list[tuple[Host | None, LostRow]]] = defaultdict(list)
    for host in results.hosts.values():
        for lost in host.lost:
            if lost.party in (Party.THIS_MACHINE, Party.ROUTE):
                reported[lost.party, lost.name].append((host, lost))
    for lost in results.denied_locally:
        asked = lost.result.observation.address or ""
        reported[lost.party, lost.name].append((results.hosts.get(asked), lost))
    for (party, router), pairs in reported.items():
        rows = [lost for _, lost in pairs]
        hosts = _distinct_hosts(known for known, _ in pairs if known is not None)
        where = _destinations(results, hosts, rows)
        if party is Party.ROUTE:
            yield _no_route(router, where, hosts, rows)
        else:
            yield _held_back(where, hosts, rows)


def _no_route(router: str, where: str, hosts: Sequence[Host], rows: Sequence[LostRow]) -> Finding:
    if router:
        text = f"The next router {router} does not answer: {where} cannot be reached"
        why = "this machine sends these rows through it, and it gives no ARP reply"
    else:
        text, why = f"This machine has no route to {where}", "its own system says so"
    text += _host_count(hosts)
    fix = route_text(router, where)
    return Finding(FindingKind.LOCAL, text, Confidence.CERTAIN, why, _keys(rows), fix)


def _held_back(where: str, hosts: Sequence[Host], rows: Sequence[LostRow]) -> Finding:
    ports = ports_text(lost.port for lost in rows)
    dropped = [one for one in rows if one.result.observation.facts.get(NOT_SENT)]
    told = all(one.result.observation.icmp is not None for one in rows)
    verb = "rejects" if told else "does not let out"
    text = f"This machine's own firewall {verb} {ports} towards {where}{_host_count(hosts)}"
    confidence, why = Confidence.CERTAIN, "the refusals came from its own address or system"
    if dropped:
        confidence = Confidence.LIKELY
        those = (
            "these packets"
            if len(dropped) == len(rows)
            else ports_text(one.port for one in dropped)
        )
        why = f"the kernel could not hand {those} over; a full queue of it looks the same"
    before, after = allow_here(where)
    fix = f"{before}{ports}{after}"
    return Finding(FindingKind.LOCAL, text, confidence, why, _keys(rows), fix)


def untested_locally(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about rows that this machine did not allow to be measured, by reason."""
    problems: dict[str, list[tuple[str, Port]]] = defaultdict(list)
    for result in results.refused_locally:
        problem = result.observation.facts.get("problem")
        if isinstance(problem, str) and problem:
            number = result.job.port or 0
            text = "" if result.job.check.transport == "icmp" else str(number)
            port = Port(result.job.check.transport, number, text)
            problems[problem].append((result.job.key, port))
    for problem, rows in problems.items():
        if len(rows) > 1:
            ports = ports_text(port for _, port in rows)
            keys = tuple(sorted(key for key, _ in rows))
            text = f"{count(len(rows), 'row')} could not be tested from here ({ports}): {problem}"
            yield Finding(FindingKind.LOCAL, text, Confidence.CERTAIN, "this machine says so", keys)


def unreachable_networks(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about networks to which a router reports no route."""
    reported: dict[tuple[Reason, str], list[tuple[Host, LostRow]]] = defaultdict(list)
    for host in results.hosts.values():
        for lost in host.lost:
            if lost.party is Party.ROUTER:
                reported[lost.reason, lost.name].append((host, lost))
    for (reason, router), pairs in reported.items():
        rows, hosts = [lost for _, lost in pairs], _distinct_hosts(host for host, _ in pairs)
        where, reporter = _destinations(results, hosts, rows), router or "a device on the path"
        fix = undelivered_text(reason, router, where)
        if reason is Reason.NET_UNREACH:
            text = f"{reporter} says that it has no route to {where}{_host_count(hosts)}"
            confidence = Confidence.CERTAIN
            why = "ICMP network unreachable for each row, which a firewall can be told to say too"
        else:
            text = f"A routing loop before {where}: packets expire at {reporter}"
            confidence, why = (
                Confidence.LIKELY,
                "ICMP time exceeded; a way of more than 64 hops looks the same",
            )
        yield Finding(FindingKind.NETWORK, text, confidence, why, _keys(rows), fix)


def unreachable_hosts(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about hosts without any answer, and whole networks of them."""
    networks: dict[str, list[Host]] = defaultdict(list)
    immediate = _immediate_reporters(results)
    for host in results.hosts.values():
        if host.measured:
            networks[results.subnets.network(host.address)].append(host)
    for network, hosts in networks.items():
        unanswering = [host for host in hosts if _is_unanswering(host)]
        reported: dict[str, list[Host]] = defaultdict(list)
        silent = []
        for host in unanswering:
            router = _unreachable_report(host)
            if router is None:
                silent.append(host)
            else:
                reported[router].append(host)
        has_answering = any(host.up for host in hosts)
        for router, its in reported.items():
            searched = _is_searched(router, its, immediate)
            yield from _unreachable(
                network, router, its, searched=searched, has_answering=has_answering
            )
        if network and len(silent) == len(hosts) > 1:
            yield _silent_network(network, silent)
        else:
            yield from _silent_hosts(network, [one for one in silent if len(one.lost) > 1])


def searched_in_vain(results: ClassifiedResults) -> frozenset[str]:
    """Keys of the rows of hosts that a router searched for, without a reply: no rule stops them."""
    immediate = _immediate_reporters(results)
    keys: list[str] = []
    for host in results.hosts.values():
        if _is_unanswering(host) and _is_searched(_unreachable_report(host), [host], immediate):
            keys += _keys(host.lost)
    return frozenset(keys)


def _is_searched(router: str | None, hosts: Sequence[Host], immediate: Collection[str]) -> bool:
    """True if a router searched for each of the hosts before it said that it is unreachable."""
    if not router or router in immediate:
        return False
    return all(any(_after_neighbour_timeout(one) for one in host.lost) for host in hosts)


def _is_unanswering(host: Host) -> bool:
    return bool(host.lost) and not host.up and all(map(_is_unanswered, host.lost))


def _is_unanswered(lost: LostRow) -> bool:
    if lost.party is Party.UNKNOWN:
        return lost.reason is Reason.NO_RESPONSE
    return lost.party is Party.UNDELIVERED


def _unreachable_report(host: Host) -> str | None:
    """Routers that cannot deliver to a host; empty for this machine, None for silence."""
    routers = {one.name for one in host.lost if one.party is Party.UNDELIVERED}
    return joined(sorted(routers - {""})) if routers else None


def _after_neighbour_timeout(lost: LostRow) -> bool:
    """True if a router searched for a neighbour first (RFC 4861 10, three tries)."""
    took = _told_after_ms(lost.result.observation)
    return lost.reason is Reason.HOST_UNREACH and took is not None and took >= NEIGHBOUR_TIMEOUT_MS


def _told_after_ms(seen: Observation) -> float | None:
    """Milliseconds from the first SYN to what ended a connect; a latency is from the one it met."""
    return seen.timings_ms.get("connect", seen.latency_ms)


def _immediate_reporters(results: ClassifiedResults) -> frozenset[str]:
    """Reporters of an immediate host unreachable, which may come from a rule.

    Refusals of a rule are limited to one a second, so later ones take as long as a search.
    """
    at_once: dict[tuple[str, str], bool] = {}
    for result in results.rows:
        seen = result.observation
        if seen.reason is not Reason.HOST_UNREACH or seen.icmp is None:
            continue
        is_late = (_told_after_ms(seen) or NEIGHBOUR_TIMEOUT_MS) >= NEIGHBOUR_TIMEOUT_MS
        # At an address that nobody uses a row that begins late meets the end of another's search.
        unused = result.status is Status.NO_HOST
        key = plain_address(seen.icmp.offender), (seen.address or "") if unused else result.job.key
        at_once[key] = at_once.get(key, True) and not is_late
    return frozenset(reporter for (reporter, _), is_at_once in at_once.items() if is_at_once)


def _unreachable(
    network: str, router: str, hosts: Sequence[Host], *, searched: bool, has_answering: bool
) -> Iterator[Finding]:
    rows = [one for host in hosts for one in host.lost]
    state, plural, says, confidence, why = _unreachable_words(
        router, hosts, searched=searched, has_answering=has_answering
    )
    if any(one.reason is Reason.NO_RESPONSE for one in rows):
        confidence, why = Confidence.LIKELY, f"{why}; some of its ports were only silent"
    if len(hosts) < MIN_GROUP:
        for host in hosts:
            ports = {one.port for one in host.lost}
            none = f"{_no_answer_text(ports)}, and " if len(ports) > 1 else ""
            text = f"{host.label} is {state}: {none}{says}"
            fix = undelivered_text(Reason.HOST_UNREACH, router, host.label)
            yield Finding(FindingKind.HOST, text, confidence, why, _keys(host.lost), fix)
        return
    text = f"{count(len(hosts), 'host')} in {network} are {plural}: {says} ({_host_names(hosts)})"
    them = f"these {len(hosts):,} hosts"
    fix = undelivered_text(Reason.HOST_UNREACH, router, them, several=True)
    yield Finding(FindingKind.HOST, text, confidence, why, _keys(rows), fix)


def _unreachable_words(
    router: str, hosts: Sequence[Host], *, searched: bool, has_answering: bool
) -> tuple[str, str, str, Confidence, str]:
    """State of one host and of several, who says so, confidence and grounds."""
    if router:
        if searched and has_answering:
            confidence, why = (
                Confidence.CERTAIN,
                f"{router} looked for it on its network before it said so (ICMP)",
            )
        elif searched:
            # A next router that is down takes as long, and is told in the same words.
            confidence, why = (
                Confidence.LIKELY,
                f"{router} looked for it, or for a next router on the way, and got no answer "
                "(ICMP)",
            )
        else:
            confidence, why = (
                Confidence.LIKELY,
                "the router before it says so; a firewall can say the same",
            )
        says = f"{router} says host unreachable"
        return "down or does not exist", "down or do not exist", says, confidence, why
    if any(_is_told_by_this_machine(one) for host in hosts for one in host.lost):
        protocol, reply = ("NDP", "neighbour") if ":" in hosts[0].address else ("ARP", "ARP")
        return (
            "down or its address is not in use",
            "down or their addresses not in use",
            f"nobody answers for its address ({protocol})",
            Confidence.LIKELY,
            f"no {reply} reply; a switch that keeps the two apart looks the same",
        )
    return (
        "down or there is no way to it",
        "down or there is no way to them",
        "this machine says no route to host",
        Confidence.LIKELY,
        "this system does not tell who said so",
    )


def _is_told_by_this_machine(lost: LostRow) -> bool:
    seen = lost.result.observation
    return seen.icmp is not None or bool(seen.facts.get("no_arp_reply"))


def _silent_network(network: str, hosts: Sequence[Host]) -> Finding:
    rows = [one for host in hosts for one in host.lost]
    ports = {one.port for one in rows}
    return Finding(
        FindingKind.NETWORK,
        f"Nothing in {network} answers: {count(len(hosts), 'host')} stay silent on "
        f"{ports_text(ports)}",
        Confidence.LIKELY,
        "a filter or a missing route on the way to or from that network; or all of them are down",
        _keys(rows),
        _start_text(f"these {len(hosts):,} hosts", rows, several=True),
    )


def _silent_hosts(network: str, hosts: Sequence[Host]) -> Iterator[Finding]:
    why = "from here both look the same"
    if len(hosts) < MIN_GROUP:
        for host in hosts:
            no_answer = _no_answer_text(one.port for one in host.lost)
            text = f"{host.label} is down, or everything to it is dropped: {no_answer}"
            fix = _start_text(host.label, host.lost)
            yield Finding(FindingKind.HOST, text, Confidence.LIKELY, why, _keys(host.lost), fix)
        return
    rows = [one for host in hosts for one in host.lost]
    text = (
        f"{count(len(hosts), 'host')} in {network} are down, or everything to them is dropped: no "
        f"port of them answers ({_host_names(hosts)})"
    )
    fix = _start_text(f"these {len(hosts):,} hosts", rows, several=True)
    yield Finding(FindingKind.HOST, text, Confidence.LIKELY, why, _keys(rows), fix)


def _start_text(to: str, rows: Iterable[LostRow], *, several: bool = False) -> str:
    """Change for silent hosts; each port stands with the device that may reject it, if any."""
    rows = tuple(rows)
    by_device: dict[str, list[Port]] = defaultdict(list)
    for one in rows:
        by_device[one.name].append(one.port)
    source, text = source_of(rows), ""
    for device in sorted(by_device, key=lambda name: (not name, name)):
        before, after = start_or_allow(to, source, device, several=several)
        before = f"{text.removesuffix('.')}, and " if text else before
        text = f"{before}{ports_text(by_device[device])}{after}"
    return text


def _no_answer_text(ports: Iterable[Port]) -> str:
    """Clause such as `none of its 6 ports answers`."""
    asked = set(ports)
    pinged = any(port.transport == "icmp" for port in asked)
    rest = len(asked) - pinged
    if not rest:
        return "it does not answer a ping"
    if pinged:
        its = f"any of its {rest} ports" if rest > 1 else f"its {ports_text(_without_icmp(asked))}"
        return f"neither a ping nor {its} is answered"
    return f"none of its {rest} ports answers" if rest > 1 else f"its {ports_text(asked)} is silent"


def _without_icmp(ports: Iterable[Port]) -> Iterator[Port]:
    return (port for port in ports if port.transport != "icmp")


def _destinations(
    results: ClassifiedResults, hosts: Sequence[Host], rows: Iterable[LostRow]
) -> str:
    """Networks where all of their measured hosts are meant, and hosts by name elsewhere.

    Hosts of rows that were not sent are named as the operator did.
    """
    asked: dict[str, int] = defaultdict(int)
    for host in results.hosts.values():
        asked[results.subnets.network(host.address)] += 1
    by_network: dict[str, list[Host]] = defaultdict(list)
    for host in sorted(hosts, key=lambda host: host.sort_key):
        by_network[results.subnets.network(host.address)].append(host)
    names: list[str] = []
    for network, its in by_network.items():
        whole = network and len(its) == asked[network] > 1
        names += [network] if whole else [host.label for host in its]
    known = {name for host in hosts for name in (*host.names, host.address)}
    names += sorted({one.result.job.target.host for one in rows} - known)
    return some(names)


def _host_count(hosts: Sequence[Host]) -> str:
    return f" ({count(len(hosts), 'host')})" if len(hosts) > 1 else ""


def _host_names(hosts: Sequence[Host]) -> str:
    return some([host.label for host in sorted(hosts, key=lambda host: host.sort_key)])


def _distinct_hosts(hosts: Iterable[Host]) -> list[Host]:
    return [*{host.key: host for host in hosts}.values()]


def _keys(rows: Iterable[LostRow]) -> tuple[str, ...]:
    return tuple(sorted(one.result.job.key for one in rows))

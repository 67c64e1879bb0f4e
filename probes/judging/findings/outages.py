"""Outages: everything from this machine, to a network or to a host. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from probes.judging.findings.hosts import Cause, ClassifiedResults, Host, LostRow
from probes.judging.text import Port, count, ports_text, some
from probes.model import Confidence, Finding, FindingKind, Reason

MIN_GROUP = 4
"""Hosts without an answer in one network that become one finding."""
NEIGHBOUR_TIMEOUT_MS = 900.0
"""Time of a router's neighbour search, after which it reports host unreachable.

A firewall that rejects reports it sooner.
"""

_UNANSWERED = frozenset({Cause.SILENT, Cause.HOST_UNREACHABLE, Cause.NO_NEIGHBOUR})
_START_HOST = "Start it, or correct its name or address."


def local_failures(results: ClassifiedResults) -> Iterator[Finding]:
    """Findings about what this machine itself rejects or has no route for."""
    reported: dict[tuple[Cause, str], list[tuple[Host, LostRow]]] = defaultdict(list)
    for host in results.hosts.values():
        for lost in host.lost:
            if lost.cause in (Cause.NO_ROUTE, Cause.LOCAL_FIREWALL):
                reported[lost.cause, ""].append((host, lost))
            elif lost.cause is Cause.NO_ROUTER:
                reported[lost.cause, lost.reporter].append((host, lost))
    for (cause, router), pairs in reported.items():
        rows, hosts = [lost for _, lost in pairs], _distinct_hosts(host for host, _ in pairs)
        where = _destinations(results, hosts)
        if cause is Cause.NO_ROUTE:
            text = f"This machine has no route to {where}{_host_count(hosts)}"
            why = "its own system says so"
            fix = f"Give this machine a route to {where}."
        elif cause is Cause.NO_ROUTER:
            text = f"The next router {router} does not answer: {where} cannot be reached"
            text += _host_count(hosts)
            why = "this machine sends these rows through it, and it gives no ARP reply"
            fix = f"Start {router}, or correct this machine's route to {where}."
        else:
            ports = ports_text(lost.port for lost in rows)
            text = f"This machine's own firewall rejects {ports} towards {where}"
            text += _host_count(hosts)
            why = "the refusals came from its own address"
            fix = f"Allow {ports} out of this machine towards {where}."
        yield Finding(FindingKind.LOCAL, text, Confidence.CERTAIN, why, _keys(rows), fix)


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
    reported: dict[tuple[Cause, str], list[tuple[Host, LostRow]]] = defaultdict(list)
    for host in results.hosts.values():
        for lost in host.lost:
            if lost.cause in (Cause.NETWORK_UNREACHABLE, Cause.ROUTING_LOOP):
                reported[lost.cause, lost.reporter].append((host, lost))
    for (cause, reporter), pairs in reported.items():
        rows, hosts = [lost for _, lost in pairs], _distinct_hosts(host for host, _ in pairs)
        where = _destinations(results, hosts)
        if cause is Cause.NETWORK_UNREACHABLE:
            text = f"{reporter} says that it has no route to {where}{_host_count(hosts)}"
            fix = f"Give {reporter} a route to {where}, or change the rule of it that says so."
            confidence = Confidence.CERTAIN
            why = "ICMP network unreachable for each row, which a firewall can be told to say too"
        else:
            text = f"A routing loop before {where}: packets expire at {reporter}"
            fix = f"Correct the routes to {where} on {reporter} and the routers next to it."
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
        reported: dict[tuple[Cause, str], list[Host]] = defaultdict(list)
        silent = []
        for host in unanswering:
            report = _unreachable_report(host)
            if report is None:
                silent.append(host)
            else:
                reported[report].append(host)
        for (cause, reporter), reported_hosts in reported.items():
            yield from _unreachable(
                network, cause, reporter, reported_hosts, immediate=reporter in immediate
            )
        if network and len(silent) == len(hosts) > 1:
            yield _silent_network(network, silent)
        else:
            yield from _silent_hosts(network, [one for one in silent if len(one.lost) > 1])


def _is_unanswering(host: Host) -> bool:
    return bool(host.lost) and not host.up and all(one.cause in _UNANSWERED for one in host.lost)


def _unreachable_report(host: Host) -> tuple[Cause, str] | None:
    """Cause and reporter of an unreachable host; None if all of it is silence."""
    reports = ((one.cause, one.reporter) for one in host.lost if one.cause is not Cause.SILENT)
    return min(reports, default=None)


def _after_neighbour_timeout(lost: LostRow) -> bool:
    """True if a router searched for a neighbour first (RFC 4861 10, three tries)."""
    took = lost.result.observation.latency_ms
    return (
        lost.cause is Cause.HOST_UNREACHABLE and took is not None and took >= NEIGHBOUR_TIMEOUT_MS
    )


def _immediate_reporters(results: ClassifiedResults) -> frozenset[str]:
    """Reporters of an immediate host unreachable, which may come from a rule.

    Refusals of a rule are limited to one a second, so later ones take as long as a search.
    """
    return frozenset(
        one.reporter
        for host in results.hosts.values()
        for one in host.lost
        if one.result.observation.reason is Reason.HOST_UNREACH
        and (one.result.observation.latency_ms or NEIGHBOUR_TIMEOUT_MS) < NEIGHBOUR_TIMEOUT_MS
    )


def _unreachable(
    network: str, cause: Cause, reporter: str, hosts: Sequence[Host], *, immediate: bool
) -> Iterator[Finding]:
    if cause is Cause.HOST_UNREACHABLE:
        state, says = "down or does not exist", f"{reporter} says host unreachable"
        plural = "down or do not exist"
        if not immediate and all(
            any(_after_neighbour_timeout(one) for one in host.lost) for host in hosts
        ):
            confidence, why = (
                Confidence.CERTAIN,
                f"{reporter} looked for it on its network before it said so (ICMP)",
            )
        else:
            confidence, why = (
                Confidence.LIKELY,
                "the router before it says so; a firewall can say the same",
            )
    elif reporter:
        state, says = "down or its address is not in use", "nobody answers for its address (ARP)"
        plural = "down or their addresses not in use"
        confidence, why = (
            Confidence.LIKELY,
            "no ARP reply; a switch that keeps the two apart looks the same",
        )
        if ":" in reporter:
            says, why = says.replace("ARP", "NDP"), why.replace("ARP", "neighbour")
    else:
        state, says = "down or there is no way to it", "this machine says no route to host"
        plural = "down or there is no way to them"
        confidence, why = Confidence.LIKELY, "this system does not tell who said so"
    if any(one.cause is Cause.SILENT for host in hosts for one in host.lost):
        confidence, why = Confidence.LIKELY, f"{why}; some of its ports were only silent"
    if len(hosts) < MIN_GROUP:
        for host in hosts:
            ports = {one.port for one in host.lost}
            none = f"{_no_answer_text(ports)}, and " if len(ports) > 1 else ""
            text = f"{host.label} is {state}: {none}{says}"
            yield Finding(FindingKind.HOST, text, confidence, why, _keys(host.lost), _START_HOST)
        return
    text = f"{count(len(hosts), 'host')} in {network} are {plural}: {says} ({_host_names(hosts)})"
    yield Finding(
        FindingKind.HOST, text, confidence, why, _keys(one for host in hosts for one in host.lost)
    )


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
        f"Look on the routers and firewalls on the way for what drops packets to {network}.",
    )


def _silent_hosts(network: str, hosts: Sequence[Host]) -> Iterator[Finding]:
    why = "silence only: a host that is off and a filter that drops everything look the same"
    if len(hosts) < MIN_GROUP:
        for host in hosts:
            no_answer = _no_answer_text(one.port for one in host.lost)
            text = f"{host.label} is down or dropped entirely: {no_answer}"
            yield Finding(
                FindingKind.HOST, text, Confidence.LIKELY, why, _keys(host.lost), _START_HOST
            )
        return
    rows = [one for host in hosts for one in host.lost]
    text = (
        f"{count(len(hosts), 'host')} in {network} are down or dropped entirely: no port of them "
        f"answers ({_host_names(hosts)})"
    )
    yield Finding(FindingKind.HOST, text, Confidence.LIKELY, why, _keys(rows))


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


def _destinations(results: ClassifiedResults, hosts: Sequence[Host]) -> str:
    """Networks where all of their measured hosts are meant, and hosts by name elsewhere."""
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
    return some(names)


def _host_count(hosts: Sequence[Host]) -> str:
    return f" ({count(len(hosts), 'host')})" if len(hosts) > 1 else ""


def _host_names(hosts: Sequence[Host]) -> str:
    return some([host.label for host in sorted(hosts, key=lambda host: host.sort_key)])


def _distinct_hosts(hosts: Iterable[Host]) -> list[Host]:
    return [*{host.key: host for host in hosts}.values()]


def _keys(rows: Iterable[LostRow]) -> tuple[str, ...]:
    return tuple(sorted(one.result.job.key for one in rows))

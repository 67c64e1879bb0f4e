"""What is lost whole: everything from this machine, a network, a host. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from probes.judging.findings.hosts import Cause, Host, Lost, Survey
from probes.judging.findings.text import Port, count, ports_text, some
from probes.model import Confidence, Finding, FindingKind, Reason

MANY = 4
"""Dead hosts of one network that become one finding."""
SEARCH_MS = 900.0
"""What a firewall that rejects at once does not take, and a router without an ARP reply does."""

_MUTE = frozenset({Cause.SILENT, Cause.DOWN, Cause.NO_NEIGHBOUR})
_REVIVE = "Start it, or correct its name or address."


def local(survey: Survey) -> Iterator[Finding]:
    """What this machine itself refuses or has no way for."""
    told: dict[tuple[Cause, str], list[tuple[Host, Lost]]] = defaultdict(list)
    for host in survey.hosts.values():
        for lost in host.lost:
            if lost.cause in (Cause.NO_ROUTE, Cause.LOCAL_FIREWALL):
                told[lost.cause, ""].append((host, lost))
            elif lost.cause is Cause.NO_ROUTER:
                told[lost.cause, lost.by].append((host, lost))
    for (cause, router), pairs in told.items():
        rows, hosts = [lost for _, lost in pairs], _hosts(host for host, _ in pairs)
        where = _towards(survey, hosts)
        if cause is Cause.NO_ROUTE:
            text = f"This machine has no route to {where}{_so_many(hosts)}"
            why = "its own system says so"
            fix = f"Give this machine a route to {where}."
        elif cause is Cause.NO_ROUTER:
            text = f"The next router {router} does not answer: {where} cannot be reached"
            text += _so_many(hosts)
            why = "this machine sends these rows through it, and it gives no ARP reply"
            fix = f"Start {router}, or correct this machine's route to {where}."
        else:
            ports = ports_text(lost.port for lost in rows)
            text = f"This machine's own firewall rejects {ports} towards {where}"
            text += _so_many(hosts)
            why = "the refusals came from its own address"
            fix = f"Allow {ports} out of this machine towards {where}."
        yield Finding(FindingKind.LOCAL, text, Confidence.CERTAIN, why, _keys(rows), fix)


def untested(survey: Survey) -> Iterator[Finding]:
    """Rows that this machine did not let be asked, by what stood in the way."""
    problems: dict[str, list[tuple[str, Port]]] = defaultdict(list)
    for result in survey.refused_here:
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


def cut_off(survey: Survey) -> Iterator[Finding]:
    """Networks that a router says it has no way to."""
    told: dict[tuple[Cause, str], list[tuple[Host, Lost]]] = defaultdict(list)
    for host in survey.hosts.values():
        for lost in host.lost:
            if lost.cause in (Cause.CUT_OFF, Cause.LOOP):
                told[lost.cause, lost.by].append((host, lost))
    for (cause, by), pairs in told.items():
        rows, hosts = [lost for _, lost in pairs], _hosts(host for host, _ in pairs)
        where = _towards(survey, hosts)
        if cause is Cause.CUT_OFF:
            text = f"{by} says that it has no route to {where}{_so_many(hosts)}"
            fix = f"Give {by} a route to {where}, or change the rule of it that says so."
            sure = Confidence.CERTAIN
            why = "ICMP network unreachable for each row, which a firewall can be told to say too"
        else:
            text = f"A routing loop before {where}: packets expire at {by}"
            fix = f"Correct the routes to {where} on {by} and the routers next to it."
            sure, why = (
                Confidence.LIKELY,
                "ICMP time exceeded; a way of more than 64 hops looks the same",
            )
        yield Finding(FindingKind.NETWORK, text, sure, why, _keys(rows), fix)


def dead(survey: Survey) -> Iterator[Finding]:
    """Hosts of which nothing answers, and whole networks of them."""
    networks: dict[str, list[Host]] = defaultdict(list)
    hasty = _hasty(survey)
    for host in survey.hosts.values():
        if host.asked:
            networks[survey.places.network(host.address)].append(host)
    for network, hosts in networks.items():
        mute = [host for host in hosts if _is_mute(host)]
        told: dict[tuple[Cause, str], list[Host]] = defaultdict(list)
        silent = []
        for host in mute:
            who = _told(host)
            if who is None:
                silent.append(host)
            else:
                told[who].append(host)
        for (cause, by), some_hosts in told.items():
            yield from _unreachable(network, cause, by, some_hosts, hasty=by in hasty)
        if network and len(silent) == len(hosts) > 1:
            yield _silent_network(network, silent)
        else:
            yield from _dropped(network, [one for one in silent if len(one.lost) > 1])


def _is_mute(host: Host) -> bool:
    return bool(host.lost) and not host.up and all(one.cause in _MUTE for one in host.lost)


def _told(host: Host) -> tuple[Cause, str] | None:
    """Who says that this host cannot be reached, if anybody does."""
    told = ((one.cause, one.by) for one in host.lost if one.cause is not Cause.SILENT)
    return min(told, default=None)


def _searched(lost: Lost) -> bool:
    """Whether a router took the time of its search for a neighbour (RFC 4861 10, three tries)."""
    took = lost.result.observation.latency_ms
    return lost.cause is Cause.DOWN and took is not None and took >= SEARCH_MS


def _hasty(survey: Survey) -> frozenset[str]:
    """Who said host unreachable at once, if only for one row: it may be a rule that says so.

    Of a rule's refusals one a second is sent, so others of them come as late as after a search.
    """
    return frozenset(
        one.by
        for host in survey.hosts.values()
        for one in host.lost
        if one.result.observation.reason is Reason.HOST_UNREACH
        and (one.result.observation.latency_ms or SEARCH_MS) < SEARCH_MS
    )


def _unreachable(
    network: str, cause: Cause, by: str, hosts: Sequence[Host], *, hasty: bool
) -> Iterator[Finding]:
    if cause is Cause.DOWN:
        state, says = "down or does not exist", f"{by} says host unreachable"
        many = "down or do not exist"
        if not hasty and all(any(_searched(one) for one in host.lost) for host in hosts):
            sure, why = (
                Confidence.CERTAIN,
                f"{by} looked for it on its network before it said so (ICMP)",
            )
        else:
            sure, why = (
                Confidence.LIKELY,
                "the router before it says so; a firewall can say the same",
            )
    elif by:
        state, says = "down or its address is not in use", "nobody answers for its address (ARP)"
        many = "down or their addresses not in use"
        sure, why = (
            Confidence.LIKELY,
            "no ARP reply; a switch that keeps the two apart looks the same",
        )
        if ":" in by:
            says, why = says.replace("ARP", "NDP"), why.replace("ARP", "neighbour")
    else:
        state, says = "down or there is no way to it", "this machine says no route to host"
        many = "down or there is no way to them"
        sure, why = Confidence.LIKELY, "this system does not tell who said so"
    if any(one.cause is Cause.SILENT for host in hosts for one in host.lost):
        sure, why = Confidence.LIKELY, f"{why}; some of its ports were only silent"
    if len(hosts) < MANY:
        for host in hosts:
            ports = {one.port for one in host.lost}
            none = f"{_none(ports)}, and " if len(ports) > 1 else ""
            text = f"{host.label} is {state}: {none}{says}"
            yield Finding(FindingKind.HOST, text, sure, why, _keys(host.lost), _REVIVE)
        return
    text = f"{count(len(hosts), 'host')} in {network} are {many}: {says} ({_named(hosts)})"
    yield Finding(
        FindingKind.HOST, text, sure, why, _keys(one for host in hosts for one in host.lost)
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


def _dropped(network: str, hosts: Sequence[Host]) -> Iterator[Finding]:
    why = "silence only: a host that is off and a filter that drops everything look the same"
    if len(hosts) < MANY:
        for host in hosts:
            text = (
                f"{host.label} is down or dropped entirely: {_none(one.port for one in host.lost)}"
            )
            yield Finding(FindingKind.HOST, text, Confidence.LIKELY, why, _keys(host.lost), _REVIVE)
        return
    rows = [one for host in hosts for one in host.lost]
    text = (
        f"{count(len(hosts), 'host')} in {network} are down or dropped entirely: no port of them "
        f"answers ({_named(hosts)})"
    )
    yield Finding(FindingKind.HOST, text, Confidence.LIKELY, why, _keys(rows))


def _none(ports: Iterable[Port]) -> str:
    """`none of its 6 ports answers`."""
    asked = set(ports)
    pinged = any(port.transport == "icmp" for port in asked)
    rest = len(asked) - pinged
    if not rest:
        return "it does not answer a ping"
    if pinged:
        its = f"any of its {rest} ports" if rest > 1 else f"its {ports_text(_numbered(asked))}"
        return f"neither a ping nor {its} is answered"
    return f"none of its {rest} ports answers" if rest > 1 else f"its {ports_text(asked)} is silent"


def _numbered(ports: Iterable[Port]) -> Iterator[Port]:
    return (port for port in ports if port.transport != "icmp")


def _towards(survey: Survey, hosts: Sequence[Host]) -> str:
    """Networks where all of their hosts that were asked are meant, and hosts by name elsewhere."""
    asked: dict[str, int] = defaultdict(int)
    for host in survey.hosts.values():
        asked[survey.places.network(host.address)] += 1
    meant: dict[str, list[Host]] = defaultdict(list)
    for host in sorted(hosts, key=lambda host: host.place):
        meant[survey.places.network(host.address)].append(host)
    names: list[str] = []
    for network, its in meant.items():
        whole = network and len(its) == asked[network] > 1
        names += [network] if whole else [host.label for host in its]
    return some(names)


def _so_many(hosts: Sequence[Host]) -> str:
    return f" ({count(len(hosts), 'host')})" if len(hosts) > 1 else ""


def _named(hosts: Sequence[Host]) -> str:
    return some([host.label for host in sorted(hosts, key=lambda host: host.place)])


def _hosts(hosts: Iterable[Host]) -> list[Host]:
    return [*{host.key: host for host in hosts}.values()]


def _keys(rows: Iterable[Lost]) -> tuple[str, ...]:
    return tuple(sorted(one.result.job.key for one in rows))

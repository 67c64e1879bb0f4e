"""Ports lost on hosts, grouped by the party that has to change something, and network. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from probes.judging.change import (
    allow_flows_on_device,
    allow_in_own_firewall,
    required_change,
    start_or_allow,
)
from probes.judging.findings.hosts import ClassifiedResults, Host, LostRow, source_of
from probes.judging.party import Party
from probes.judging.text import Port, count, count_of, joined, ports_text, some
from probes.model import Confidence, Finding, FindingKind, Reason

_PARTIES = (Party.UNKNOWN, Party.HOST_FIREWALL, Party.HOST)
_OWN_FIREWALL, _OWN_FIREWALLS = "the host's own firewall", "the hosts' own firewalls"
_SILENCE = "silence only: a filter that drops and a service that ignores look the same"
_MAX_PARTS = 3
"""Parts of what a device rejects that are told; more are counted."""


@dataclass(frozen=True, slots=True)
class _Group:
    """The same ports lost for want of the same party's change, on hosts of one network."""

    party: Party
    device: str
    """Device that rejects other rows of these silent hosts."""
    network: str
    up: bool
    """The hosts answer on other ports."""
    ports: tuple[Port, ...]
    hosts: tuple[Host, ...]
    rows: tuple[LostRow, ...]
    measured: int
    """Number of hosts of the network that were measured on these ports."""
    answering: int
    """Number of hosts of the network that answered on one of them."""
    rejected: bool = False
    """Something rejects them, and this system does not tell what."""

    @property
    def is_whole_network(self) -> bool:
        """True for all measured hosts of the network, if more than one."""
        return 1 < len(self.hosts) >= self.measured

    @property
    def location(self) -> str:
        """The host, or the network with the number of its hosts."""
        if len(self.hosts) == 1:
            return self.hosts[0].label
        if self.is_whole_network:
            return f"{self.network} ({count(len(self.hosts), 'host')})"
        return self.share

    @property
    def share(self) -> str:
        """Number of the network's hosts, and some of their names."""
        if self.is_whole_network:
            return f"{count(len(self.hosts), 'host')} in {self.network}"
        number = count_of(len(self.hosts), self.measured, "host")
        return f"{number} in {self.network} ({self.host_names})"

    @property
    def destinations(self) -> str:
        """The hosts, as the end of a rule."""
        if self.is_whole_network:
            return f"{count(len(self.hosts), 'host')} in {self.network}"
        return self.host_names

    @property
    def host_names(self) -> str:
        """Some of the hosts by name."""
        return some([host.label for host in self.hosts], 3)


def lost_ports(results: ClassifiedResults, claimed: Collection[str]) -> Iterator[Finding]:
    """Findings about ports, from rows that are not `claimed` by another finding."""
    by_device = _rejected_rows(results, claimed)
    yield from _rejecting_devices(results, by_device)
    told = {one.result.job.key for rows in by_device.values() for one in rows}
    for group in _groups(results, told.union(claimed)):
        several = len(group.hosts) > 1 or len(group.ports) > 1
        shown = _answering_clause(group) and group.party is Party.UNKNOWN
        if several or shown or group.rejected or group.party is Party.HOST_FIREWALL:
            yield _finding(group)


def _rejected_rows(
    results: ClassifiedResults, claimed: Collection[str]
) -> dict[str, list[LostRow]]:
    """Rows that a device rejects, and those it is likely to: silent beside the others.

    A device sends few ICMP errors (icmp_ratelimit, icmp(7)), and what is beyond is silence. Not
    where the probe has words of its own about a silent service.
    """
    by_device: dict[str, list[LostRow]] = {}
    silent: list[LostRow] = []
    for host in results.hosts.values():
        for one in host.lost:
            if one.party is Party.DEVICE:
                by_device.setdefault(one.name, []).append(one)
            elif _may_be_rejected(host, one) and one.result.job.key not in claimed:
                silent.append(one)
    for one in silent:
        if one.name in by_device:
            by_device[one.name].append(one)
    return by_device


def _may_be_rejected(host: Host, one: LostRow) -> bool:
    """True for silence beside a device's rejections, where the host itself rejects nothing."""
    if one.party is not Party.UNKNOWN or one.reason is not Reason.NO_RESPONSE or not one.name:
        return False
    facts = one.result.observation.facts
    return not (host.state.own_firewall or facts.get("fix") or facts.get("hint"))


def _rejecting_devices(
    results: ClassifiedResults, by_device: Mapping[str, Sequence[LostRow]]
) -> Iterator[Finding]:
    """One finding for all that a device rejects, whatever host, port or ICMP code."""
    keys_of = {one.result.job.key: host.key for host in results.hosts.values() for one in host.lost}
    lost: dict[str, dict[Port, dict[str, list[LostRow]]]] = {}
    for device, its in by_device.items():
        for one in its:
            by_host = lost.setdefault(device, {}).setdefault(one.port, {})
            by_host.setdefault(keys_of[one.result.job.key], []).append(one)
    measured: dict[tuple[str, Port], int] = defaultdict(int)
    for host in results.hosts.values() if lost else ():
        for port in host.measured:
            measured[results.subnets.network(host.address) or host.key, port] += 1
    for device, by_port in lost.items():
        rows = by_device[device]
        sent = [one for one in rows if one.reason is not Reason.NO_RESPONSE]
        told, told_hosts = {one.port for one in sent}, {keys_of[one.result.job.key] for one in sent}
        alike: dict[tuple[bool, frozenset[str]], list[Port]] = defaultdict(list)
        for port, hosts in by_port.items():
            # The device said nothing about a host that is only silent: it is no more than likely.
            for likely, keys in ((False, told_hosts & {*hosts}), (True, {*hosts} - told_hosts)):
                if keys:
                    alike[likely, frozenset(keys)].append(port)
        parts = [
            _rejected_part(
                results,
                measured,
                [results.hosts[key] for key in keys],
                ports,
                frozenset() if likely else told,
            )
            for (likely, keys), ports in alike.items()
        ]
        yield _rejected_finding(device, parts, rows)


@dataclass(frozen=True, slots=True)
class _RejectedPart:
    """Ports that a device rejects towards the same hosts."""

    sort_key: tuple[bool, int, tuple[int, int, str], tuple[int, int, str]]
    ports: str
    rejected: str
    """The ports, and of which of them it is no more than likely."""
    location: str
    to: str
    answering: str
    """Clause about what else of its only host answers."""


def _rejected_part(
    results: ClassifiedResults,
    measured: Mapping[tuple[str, Port], int],
    hosts: list[Host],
    ports: list[Port],
    told: Collection[Port],
) -> _RejectedPart:
    hosts.sort(key=lambda host: host.sort_key)
    ports.sort(key=lambda port: port.sort_key)
    by_network: dict[str, list[Host]] = defaultdict(list)
    for host in hosts:
        by_network[results.subnets.network(host.address) or host.key].append(host)
    groups = [
        _Group(
            Party.DEVICE,
            "",
            network,
            all(host.up for host in its),
            tuple(ports),
            tuple(its),
            (),
            max(measured[network, port] for port in ports),
            0,
        )
        for network, its in by_network.items()
    ]
    first = (not told, -len(hosts), hosts[0].sort_key, ports[0].sort_key)
    texts = ports_text(ports), _rejected_text(ports, told)
    if len(groups) == 1:
        clause = _answering_clause(groups[0])
        return _RejectedPart(first, *texts, groups[0].location, groups[0].destinations, clause)
    if all(group.is_whole_network for group in groups):
        networks = some([group.network for group in groups])
        number = count(len(hosts), "host")
        return _RejectedPart(first, *texts, f"{networks} ({number})", f"{number} in {networks}", "")
    names = some([host.label for host in hosts])
    return _RejectedPart(first, *texts, names, names, "")


def _rejected_finding(device: str, parts: list[_RejectedPart], rows: Sequence[LostRow]) -> Finding:
    parts.sort(key=lambda part: part.sort_key)
    told, rest = parts[:_MAX_PARTS], len(parts) - _MAX_PARTS
    towards = [f"{part.rejected} towards {part.location}" for part in told]
    flows = [f"{part.ports} from {source_of(rows)} to {part.to}" for part in told]
    if rest > 0:
        towards.append(f"other ports of {count(rest, 'more group', 'more groups')} of hosts")
        flows.append("the flows of the other rows")
    text = f"{device or 'A device on the path'} rejects {joined(towards)}"
    if len(parts) == 1:
        text += parts[0].answering
    fix = allow_flows_on_device(device, flows)
    keys = tuple(sorted(one.result.job.key for one in rows))
    silent = sum(one.reason is Reason.NO_RESPONSE for one in rows)
    if not silent:
        why = f"{device or 'it'} sent the ICMP error of each row"
        return Finding(FindingKind.FILTER, text, Confidence.CERTAIN, why, keys, fix)
    why = (
        f"{device} sent the ICMP errors of {count(len(rows) - silent, 'row')}; nothing came for "
        f"{count(silent, 'row')}, as such errors are limited in number, "
        "or as another firewall drops them or a host is down"
    )
    fix += f" Then retest the {count(silent, 'silent row')}."
    return Finding(FindingKind.FILTER, text, Confidence.LIKELY, why, keys, fix)


def _rejected_text(ports: Sequence[Port], told: Collection[Port]) -> str:
    """The ports that are rejected, those of which nobody said so as likely."""
    silent = [port for port in ports if port not in told]
    if not silent:
        return ports_text(ports)
    known = ports_text(port for port in ports if port in told)
    return f"{known}{known and ', and '}likely {ports_text(silent)}"


def _groups(results: ClassifiedResults, claimed: Collection[str]) -> Iterator[_Group]:
    lost: dict[tuple[Party, str, str, bool, bool], dict[Port, dict[str, list[LostRow]]]] = {}
    measured: dict[tuple[str, Port], int] = defaultdict(int)
    answered: dict[tuple[str, Port], int] = defaultdict(int)
    for host in results.hosts.values():
        network = results.subnets.network(host.address) or host.key
        rows = [one for one in host.lost if one.result.job.key not in claimed]
        if rows or host.up:
            for port in host.measured:
                measured[network, port] += 1
        for port in host.answering:
            answered[network, port] += 1
        for one in rows:
            if one.party in _PARTIES:
                rejected = one.party is Party.UNKNOWN and one.reason is not Reason.NO_RESPONSE
                kind = one.party, one.name, network, host.up, rejected
                by_port = lost.setdefault(kind, {})
                by_port.setdefault(one.port, {}).setdefault(host.key, []).append(one)
    for (party, name, network, up, rejected), by_port in lost.items():
        alike: dict[frozenset[str], list[Port]] = defaultdict(list)
        for port, by_host in by_port.items():
            alike[frozenset(by_host)].append(port)
        for keys, ports in alike.items():
            ports.sort(key=lambda port: port.sort_key)
            hosts = [results.hosts[key] for key in keys]
            hosts.sort(key=lambda host: host.sort_key)
            yield _Group(
                party,
                name,
                network,
                up,
                tuple(ports),
                tuple(hosts),
                tuple(one for port in ports for key in keys for one in by_port[port][key]),
                max(measured[network, port] for port in ports),
                max(answered[network, port] for port in ports),
                rejected,
            )


def _finding(group: _Group) -> Finding:
    match group.party:
        case Party.HOST_FIREWALL:
            text, confidence, why, fix = _own_firewall_text(group)
        case Party.HOST:
            text, confidence, why, fix = _refused_text(group)
        case _ if group.up or group.rejected:
            text, confidence, why, fix = _silent_text(group)
        case _:
            text, confidence, why, fix = _unheard_text(group)
    kind = FindingKind.SERVICE if group.party is Party.HOST else FindingKind.FILTER
    keys = tuple(sorted(one.result.job.key for one in group.rows))
    return Finding(kind, text, confidence, why, keys, fix)


def _own_firewall_text(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    told = {row.port for row in group.rows if row.reason is not Reason.NO_RESPONSE}
    silent = ports_text(port for port in group.ports if port not in told)
    rejected = _rejected_text(group.ports, told)
    if len(group.hosts) == 1:
        text = f"The own firewall of {group.location} rejects {rejected}{_answering_clause(group)}"
    else:
        text = f"Their own firewalls reject {rejected} on {group.share}"
    sender = "the hosts' own addresses" if len(group.hosts) > 1 else "the host's own address"
    why = f"the ICMP errors came from {sender}, which a device on the path can use"
    if silent:
        why += f"; nothing came for {silent}, as such errors are limited in number"
    before, after = allow_in_own_firewall(
        source_of(group.rows), group.destinations, several=len(group.hosts) > 1
    )
    return text, Confidence.LIKELY, why, f"{before}{ports}{after}"


def _refused_text(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    if len(group.hosts) == 1:
        text = f"{group.location} refuses {ports}: nothing listens there"
    elif len(group.hosts) >= group.measured:
        text = f"Nothing listens on {ports} on any of {group.measured:,} hosts in {group.network}"
    else:
        text = f"Nothing listens on {ports} on {group.location}"
    why = "a firewall that refuses for a host looks the same"
    changes = {required_change(one.result, to=group.destinations) for one in group.rows}
    texts = {change.text for change in changes if change is not None}
    if len(texts) == 1:
        return text, Confidence.LIKELY, why, texts.pop()
    fix = f"Start what has to listen on {ports} on {group.destinations}, or correct the ports."
    return text, Confidence.LIKELY, why, fix


def _unheard_text(group: _Group) -> tuple[str, Confidence, str, str]:
    """Silence of hosts of which nothing else answers."""
    ports, get = ports_text(group.ports), "get" if len(group.ports) > 1 else "gets"
    several = len(group.hosts) > 1
    source = source_of(group.rows)
    before, after = start_or_allow(group.destinations, source, group.device, several=several)
    why, fix = _SILENCE, f"{before}{ports}{after}"
    if group.device:
        # A device sends about one refusal a second; further rejects look like silence.
        why += f"; {group.device} rejects other rows, and such errors are limited in number"
    if not several:
        return f"{ports} of {group.location} {get} no answer", Confidence.LIKELY, why, fix
    text = f"{ports} {get} no answer from {_whose(group)}, and nothing else of them answers"
    return text, Confidence.LIKELY, f"{why}; they may be down or not exist", fix


def _silent_text(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    fix = f"Allow {_flow_text(group)} on the firewalls on the way and on the host."
    if group.rejected:
        text = f"Something rejects {ports} towards {group.location}{_answering_clause(group)}"
        why = "this system does not tell who rejects; it may be the host"
        return text, Confidence.LIKELY, why, fix
    hint = _common_hint(group.rows)
    why = f"silence only; or {hint}" if hint else _SILENCE
    rejecting, rest = _rejecting_party(group)
    if rejecting:
        # A device sends about one refusal a second; further rejects look like silence.
        why = (
            f"silence only; but other rows are rejected by {rejecting}, and such "
            "errors are limited in number: these may have been rejected too"
        )
        fix = f"Allow {rest}, then on any other firewall on the way."
    if len(group.hosts) == 1:
        host = group.hosts[0]
        only = "only " if len(host.lost) == len(group.rows) else ""
        are = "are" if len(group.ports) > 1 else "is"
        text = f"{host.label}: {only}{ports} {are} filtered{_answering_clause(group, '; ')}"
        return text, Confidence.LIKELY, why, fix
    get = "get" if len(group.ports) > 1 else "gets"
    text = f"{ports} {get} no answer from {_whose(group)}, while their other ports answer"
    if group.is_whole_network:
        text += ": a filter before that network is likely"
        if not rejecting:
            fix = f"Allow {_flow_text(group)} on the firewall before that network and on the hosts."
    elif group.answering and not rejecting:
        others = count(group.answering, "host answers", "hosts answer")
        text += f" and {others} on it there: filters on these hosts are likely"
    return text, Confidence.LIKELY, why, fix


def _rejecting_party(group: _Group) -> tuple[str, str]:
    """Party that rejects other rows of silent hosts, and the flow to allow there; empty without."""
    if group.device:
        return group.device, f"{_flow_text(group)} on {group.device}"
    if all(host.state.own_firewall for host in group.hosts):
        flow = f"{ports_text(group.ports)} from {source_of(group.rows)}"
        firewall, own = (
            ("firewall", "itself") if len(group.hosts) == 1 else ("firewalls", "themselves")
        )
        where = f"{flow} in the {firewall} of {group.destinations} {own}"
        return (_OWN_FIREWALL if len(group.hosts) == 1 else _OWN_FIREWALLS), where
    return "", ""


def _whose(group: _Group) -> str:
    if group.is_whole_network:
        return f"any of {group.measured:,} hosts in {group.network}"
    return group.share


def _answering_clause(group: _Group, separator: str = ", while ") -> str:
    """Clause `, while its TCP 445 answers`, which shows that the host is up."""
    answering = [host.best_answering_port(group.ports) for host in group.hosts]
    if not all(answering):
        return ""
    if len(answering) == 1:
        port = ports_text(port for port in answering if port)
        opened = any(group.hosts[0].answering[port] for port in answering if port)
        return f"{separator}{f'its {port} answers' if opened else f'it refuses {port} itself'}"
    return ", while their other ports answer"


def _flow_text(group: _Group) -> str:
    """Flow to allow: `TCP 5985 from 10.0.0.9 to 14 hosts in 10.2.0.0/24`."""
    return f"{ports_text(group.ports)} from {source_of(group.rows)} to {group.destinations}"


def _common_hint(rows: Sequence[LostRow]) -> str:
    """Hint of the probe about the silence, where it is the same for all rows."""
    hints: Iterable[object] = {str(one.result.observation.facts.get("hint", "")) for one in rows}
    distinct = [*hints]
    return str(distinct[0]) if len(distinct) == 1 else ""

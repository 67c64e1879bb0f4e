"""Ports lost on hosts that are up, grouped by cause and network. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from probes.judging.findings.hosts import Cause, ClassifiedResults, Host, LostRow
from probes.judging.text import Port, count, count_of, ports_text, some
from probes.model import Confidence, Finding, FindingKind

_OWN_FIREWALL, _OWN_FIREWALLS = "the host's own firewall", "the hosts' own firewalls"
_CAUSES = frozenset({Cause.SILENT, Cause.REJECTED, Cause.OWN_FIREWALL, Cause.REFUSED})


@dataclass(frozen=True, slots=True)
class _Group:
    """The same ports lost by the same cause, on hosts of one network or of whole networks."""

    cause: Cause
    reporter: str
    networks: tuple[str, ...]
    up: bool
    """The hosts answer on other ports."""
    ports: tuple[Port, ...]
    hosts: tuple[Host, ...]
    rows: tuple[LostRow, ...]
    measured: int
    """Number of hosts of the network that were measured on these ports."""
    answering: int
    """Number of hosts of the network that answered on one of them."""
    rejecting_device: str = ""
    """Device that rejects other rows of these silent hosts, or of their network."""

    @property
    def is_whole_network(self) -> bool:
        """True for all measured hosts of the network, if more than one."""
        return 1 < len(self.hosts) >= self.measured

    @property
    def network(self) -> str:
        """The network, or some of the networks."""
        return some(self.networks)

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
    def host_names(self) -> str:
        """Some of the hosts by name."""
        return some([host.label for host in self.hosts], 3)


def lost_ports(results: ClassifiedResults, claimed: Collection[str]) -> Iterator[Finding]:
    """Findings about ports, from rows that are not `claimed` by another finding."""
    for group in _merge_networks(_groups(results, claimed)):
        several = len(group.hosts) > 1 or len(group.ports) > 1
        if several or (_answering_clause(group) and group.cause is not Cause.REFUSED):
            yield _finding(group)


def _groups(results: ClassifiedResults, claimed: Collection[str]) -> Iterator[_Group]:
    lost: dict[tuple[Cause, str, str, bool], dict[Port, dict[str, list[LostRow]]]] = {}
    measured: dict[tuple[str, Port], int] = defaultdict(int)
    answered: dict[tuple[str, Port], int] = defaultdict(int)
    rejecting: dict[str, str] = {}
    for host in results.hosts.values():
        network = results.subnets.network(host.address) or host.key
        rows = [one for one in host.lost if one.result.job.key not in claimed]
        if rows or host.up:
            for port in host.measured:
                measured[network, port] += 1
        for port in host.answering:
            answered[network, port] += 1
        for one in rows:
            if one.cause is Cause.REJECTED and one.reporter:
                rejecting[network] = min(one.reporter, rejecting.get(network, one.reporter))
            if one.cause in _CAUSES:
                # The host's own firewall is another one on every host.
                reporter = "" if one.cause is Cause.OWN_FIREWALL else one.reporter
                kind = one.cause, reporter, network, host.up
                by_port = lost.setdefault(kind, {})
                by_port.setdefault(one.port, {}).setdefault(host.key, []).append(one)
    for (cause, reporter, network, up), by_port in lost.items():
        alike: dict[frozenset[str], list[Port]] = defaultdict(list)
        for port, by_host in by_port.items():
            alike[frozenset(by_host)].append(port)
        for keys, ports in alike.items():
            ports.sort(key=lambda port: port.sort_key)
            hosts = [results.hosts[key] for key in keys]
            hosts.sort(key=lambda host: host.sort_key)
            yield _Group(
                cause,
                reporter,
                (network,),
                up,
                tuple(ports),
                tuple(hosts),
                tuple(one for port in ports for key in keys for one in by_port[port][key]),
                max(measured[network, port] for port in ports),
                max(answered[network, port] for port in ports),
                _rejecting_device(hosts, rejecting.get(network, ""))
                if cause is Cause.SILENT
                else "",
            )


def _rejecting_device(hosts: Sequence[Host], device: str) -> str:
    if all(any(one.cause is Cause.OWN_FIREWALL for one in host.lost) for host in hosts):
        return _OWN_FIREWALL if len(hosts) == 1 else _OWN_FIREWALLS
    return device


def _merge_networks(groups: Iterable[_Group]) -> Iterator[_Group]:
    """Merge groups of whole networks that lose the same ports by the same device."""
    alike: dict[tuple[str, tuple[Port, ...], bool], list[_Group]] = defaultdict(list)
    for group in groups:
        if group.cause is Cause.REJECTED and group.is_whole_network:
            alike[group.reporter, group.ports, group.up].append(group)
        else:
            yield group
    for merged in alike.values():
        merged.sort(key=lambda group: group.hosts[0].sort_key)
        yield replace(
            merged[0],
            networks=tuple(network for group in merged for network in group.networks),
            hosts=tuple(host for group in merged for host in group.hosts),
            rows=tuple(row for group in merged for row in group.rows),
            measured=sum(group.measured for group in merged),
            answering=sum(group.answering for group in merged),
        )


def _finding(group: _Group) -> Finding:
    match group.cause:
        case Cause.REJECTED:
            text, confidence, why, fix = _rejected_text(group)
        case Cause.OWN_FIREWALL:
            text, confidence, why, fix = _own_firewall_text(group)
        case Cause.REFUSED:
            text, confidence, why, fix = _refused_text(group)
        case _:
            text, confidence, why, fix = _silent_text(group)
    kind = FindingKind.SERVICE if group.cause is Cause.REFUSED else FindingKind.FILTER
    keys = tuple(sorted(one.result.job.key for one in group.rows))
    return Finding(kind, text, confidence, why, keys, fix)


def _rejected_text(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    text = f"{group.reporter or 'A device on the path'} rejects {ports} towards {group.location}"
    text += _answering_clause(group)
    fix = f"Allow {_flow_text(group)}{f' on {group.reporter}' if group.reporter else ''}."
    if not group.reporter:
        return (
            text,
            Confidence.LIKELY,
            "this system does not tell who rejects; it may be the host",
            fix,
        )
    return text, Confidence.CERTAIN, f"{group.reporter} said so itself for each row (ICMP)", fix


def _own_firewall_text(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    if len(group.hosts) == 1:
        text = f"The own firewall of {group.location} rejects {ports}{_answering_clause(group)}"
    else:
        text = f"Their own firewalls reject {ports} on {group.share}"
    why = "the ICMP errors came from the hosts' own addresses, which a device on the path can use"
    return (
        text,
        Confidence.LIKELY,
        why,
        f"Allow {_flow_text(group)} in the firewall of the host itself.",
    )


def _refused_text(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    if len(group.hosts) == 1:
        text = f"{group.location} refuses {ports}: nothing listens there"
    elif len(group.hosts) >= group.measured:
        text = f"Nothing listens on {ports} on any of {group.measured:,} hosts in {group.network}"
    else:
        text = f"Nothing listens on {ports} on {group.location}"
    why = "the refusals came in the hosts' own names; a firewall can answer in these as well"
    fixes = {one.result.job.check.fix for one in group.rows}
    return text, Confidence.LIKELY, why, fixes.pop() if len(fixes) == 1 else ""


def _silent_text(group: _Group) -> tuple[str, Confidence, str, str]:
    ports, several = ports_text(group.ports), len(group.ports) > 1
    get = "get" if several else "gets"
    why = "silence only: a filter that drops and a service that ignores look the same"
    hint = _common_hint(group.rows)
    if hint:
        why = f"silence only; or {hint}"
    fix = f"Allow {_flow_text(group)} on the firewalls on the way and on the host."
    if group.rejecting_device:
        # A device sends about one refusal a second; further rejects look like silence.
        why = (
            f"silence only; but other rows are rejected by {group.rejecting_device}, and such "
            "errors are limited in number: these may have been rejected too"
        )
        flow = _flow_text(group)
        fix = f"Allow {flow} on {group.rejecting_device}, then on what else is on the way."
    if len(group.hosts) == 1 and group.up:
        host = group.hosts[0]
        only = " only" if len(host.lost) == len(group.rows) else ""
        text = f"{host.label}: a filter on {ports}{only}{_answering_clause(group, ': ')}"
        return text, Confidence.LIKELY, why, fix
    if len(group.hosts) == 1:
        text = f"{ports} of {group.location} {get} no answer"
        return text, Confidence.LIKELY, why, fix
    hosts = (
        f"any of {group.measured:,} hosts in {group.network}"
        if group.is_whole_network
        else group.share
    )
    text = f"{ports} {get} no answer from {hosts}"
    if not group.up:
        text += ", and nothing else of them answers"
        why += "; they may be down or not exist"
        return text, Confidence.LIKELY, why, ""
    text += ", while their other ports answer"
    if group.is_whole_network:
        text += ": a filter before that network is likely"
        if not group.rejecting_device:
            fix = f"Allow {_flow_text(group)} on the firewall before that network."
    elif group.answering and not group.rejecting_device:
        others = count(group.answering, "host answers", "hosts answer")
        text += f" and {others} on it there: filters on these hosts are likely"
    return text, Confidence.LIKELY, why, fix


def _answering_clause(group: _Group, separator: str = ", while ") -> str:
    """Clause `, while its TCP 445 answers`, which shows that the host is up."""
    answering = [host.best_answering_port(group.ports) for host in group.hosts]
    if not all(answering):
        return ""
    if len(answering) == 1:
        return f"{separator}its {ports_text(port for port in answering if port)} answers"
    return ", while their other ports answer"


def _flow_text(group: _Group) -> str:
    """Flow to allow: `TCP 5985 from 10.0.0.9 to 14 hosts in 10.2.0.0/24`."""
    sources = {one.result.observation.source or "" for one in group.rows}
    source = next(iter(sources)) if len(sources) == 1 else ""
    to = (
        f"{count(len(group.hosts), 'host')} in {group.network}"
        if group.is_whole_network
        else group.host_names
    )
    return f"{ports_text(group.ports)} from {source or 'this machine'} to {to}"


def _common_hint(rows: Sequence[LostRow]) -> str:
    """Hint of the probe about the silence, where it is the same for all rows."""
    hints: Iterable[object] = {str(one.result.observation.facts.get("hint", "")) for one in rows}
    distinct = [*hints]
    return str(distinct[0]) if len(distinct) == 1 else ""

"""Ports that are lost on hosts which are there: the same by the same hand is said once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from probes.judging.findings.hosts import Cause, Host, Lost, Survey
from probes.judging.findings.text import Port, count, of, ports_text, some
from probes.model import Confidence, Finding, FindingKind

_OWN, _OWNS = "the host's own firewall", "the hosts' own firewalls"
_CAUSES = frozenset({Cause.SILENT, Cause.REJECTED, Cause.OWN_FIREWALL, Cause.REFUSED})


@dataclass(frozen=True, slots=True)
class _Group:
    """The same ports lost through the same cause, by hosts of one network or by whole networks."""

    cause: Cause
    by: str
    networks: tuple[str, ...]
    up: bool
    """The hosts answer on other ports."""
    ports: tuple[Port, ...]
    hosts: tuple[Host, ...]
    rows: tuple[Lost, ...]
    asked: int
    """Hosts of the network that were asked on these ports."""
    open: int
    """Hosts of the network that answered on one of them."""
    rejecter: str = ""
    """Who rejects other rows of these hosts, or of their network, where these are silent."""

    @property
    def whole(self) -> bool:
        """Every host there that was asked, and more than one."""
        return 1 < len(self.hosts) >= self.asked

    @property
    def network(self) -> str:
        """The network, or some of the networks."""
        return some(self.networks)

    @property
    def where(self) -> str:
        """The host, or the network with how many of its hosts."""
        if len(self.hosts) == 1:
            return self.hosts[0].label
        if self.whole:
            return f"{self.network} ({count(len(self.hosts), 'host')})"
        return self.part

    @property
    def part(self) -> str:
        """How many of the network's hosts, and which."""
        if self.whole:
            return f"{count(len(self.hosts), 'host')} in {self.network}"
        return f"{of(len(self.hosts), self.asked, 'host')} in {self.network} ({self.named})"

    @property
    def named(self) -> str:
        """Some of the hosts by name."""
        return some([host.label for host in self.hosts], 3)


def ports(survey: Survey, claimed: Collection[str]) -> Iterator[Finding]:
    """Findings about ports; rows that are `claimed` have one already."""
    for group in _merged(_groups(survey, claimed)):
        worth = len(group.hosts) > 1 or len(group.ports) > 1
        if worth or (_contrast(group) and group.cause is not Cause.REFUSED):
            yield _told(group)


def _groups(survey: Survey, claimed: Collection[str]) -> Iterator[_Group]:
    lost: dict[tuple[Cause, str, str, bool], dict[Port, dict[str, list[Lost]]]] = {}
    asked: dict[tuple[str, Port], int] = defaultdict(int)
    answered: dict[tuple[str, Port], int] = defaultdict(int)
    rejecting: dict[str, str] = {}
    for host in survey.hosts.values():
        network = survey.places.network(host.address) or host.key
        rows = [one for one in host.lost if one.result.job.key not in claimed]
        if rows or host.up:
            for port in host.asked:
                asked[network, port] += 1
        for port in host.answering:
            answered[network, port] += 1
        for one in rows:
            if one.cause is Cause.REJECTED and one.by:
                rejecting[network] = min(one.by, rejecting.get(network, one.by))
            if one.cause in _CAUSES:
                # The host's own firewall is another one on every host.
                by = "" if one.cause is Cause.OWN_FIREWALL else one.by
                kind = one.cause, by, network, host.up
                by_port = lost.setdefault(kind, {})
                by_port.setdefault(one.port, {}).setdefault(host.key, []).append(one)
    for (cause, by, network, up), by_port in lost.items():
        alike: dict[frozenset[str], list[Port]] = defaultdict(list)
        for port, by_host in by_port.items():
            alike[frozenset(by_host)].append(port)
        for keys, same in alike.items():
            same.sort(key=lambda port: port.place)
            hosts = [survey.hosts[key] for key in keys]
            hosts.sort(key=lambda host: host.place)
            yield _Group(
                cause,
                by,
                (network,),
                up,
                tuple(same),
                tuple(hosts),
                tuple(one for port in same for key in keys for one in by_port[port][key]),
                max(asked[network, port] for port in same),
                max(answered[network, port] for port in same),
                _rejecter(hosts, rejecting.get(network, "")) if cause is Cause.SILENT else "",
            )


def _rejecter(hosts: Sequence[Host], device: str) -> str:
    if all(any(one.cause is Cause.OWN_FIREWALL for one in host.lost) for host in hosts):
        return _OWN if len(hosts) == 1 else _OWNS
    return device


def _merged(groups: Iterable[_Group]) -> Iterator[_Group]:
    """Whole networks that lose the same ports by the same hand are one group."""
    alike: dict[tuple[str, tuple[Port, ...], bool], list[_Group]] = defaultdict(list)
    for group in groups:
        if group.cause is Cause.REJECTED and group.whole:
            alike[group.by, group.ports, group.up].append(group)
        else:
            yield group
    for same in alike.values():
        same.sort(key=lambda group: group.hosts[0].place)
        yield replace(
            same[0],
            networks=tuple(network for group in same for network in group.networks),
            hosts=tuple(host for group in same for host in group.hosts),
            rows=tuple(row for group in same for row in group.rows),
            asked=sum(group.asked for group in same),
            open=sum(group.open for group in same),
        )


def _told(group: _Group) -> Finding:
    match group.cause:
        case Cause.REJECTED:
            text, sure, why, fix = _rejected(group)
        case Cause.OWN_FIREWALL:
            text, sure, why, fix = _own(group)
        case Cause.REFUSED:
            text, sure, why, fix = _refused(group)
        case _:
            text, sure, why, fix = _silent(group)
    kind = FindingKind.SERVICE if group.cause is Cause.REFUSED else FindingKind.FILTER
    keys = tuple(sorted(one.result.job.key for one in group.rows))
    return Finding(kind, text, sure, why, keys, fix)


def _rejected(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    text = f"{group.by or 'A device on the path'} rejects {ports} towards {group.where}"
    text += _contrast(group)
    fix = f"Allow {_flow(group)}{f' on {group.by}' if group.by else ''}."
    if not group.by:
        return (
            text,
            Confidence.LIKELY,
            "this system does not tell who rejects; it may be the host",
            fix,
        )
    return text, Confidence.CERTAIN, f"{group.by} said so itself for each row (ICMP)", fix


def _own(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    if len(group.hosts) == 1:
        text = f"The own firewall of {group.where} rejects {ports}{_contrast(group)}"
    else:
        text = f"Their own firewalls reject {ports} on {group.part}"
    why = "the ICMP errors came from the hosts' own addresses, which a device on the path can use"
    return text, Confidence.LIKELY, why, f"Allow {_flow(group)} in the firewall of the host itself."


def _refused(group: _Group) -> tuple[str, Confidence, str, str]:
    ports = ports_text(group.ports)
    if len(group.hosts) == 1:
        text = f"{group.where} refuses {ports}: nothing listens there"
    elif len(group.hosts) >= group.asked:
        text = f"Nothing listens on {ports} on any of {group.asked:,} hosts in {group.network}"
    else:
        text = f"Nothing listens on {ports} on {group.where}"
    why = "the refusals came in the hosts' own names; a firewall can answer in these as well"
    fixes = {one.result.job.check.fix for one in group.rows}
    return text, Confidence.LIKELY, why, fixes.pop() if len(fixes) == 1 else ""


def _silent(group: _Group) -> tuple[str, Confidence, str, str]:
    ports, several = ports_text(group.ports), len(group.ports) > 1
    get = "get" if several else "gets"
    why = "silence only: a filter that drops and a service that ignores look the same"
    hint = _hint(group.rows)
    if hint:
        why = f"silence only; or {hint}"
    fix = f"Allow {_flow(group)} on the firewalls on the way and on the host."
    if group.rejecter:
        # Of a device's refusals about one a second is sent: what is beyond looks like silence.
        why = (
            f"silence only; but other rows are rejected by {group.rejecter}, and such errors are "
            "limited in number: these may have been rejected too"
        )
        fix = f"Allow {_flow(group)} on {group.rejecter}, then on what else is on the way."
    if len(group.hosts) == 1 and group.up:
        host = group.hosts[0]
        only = " only" if len(host.lost) == len(group.rows) else ""
        text = f"{host.label}: a filter on {ports}{only}{_contrast(group, ': ')}"
        return text, Confidence.LIKELY, why, fix
    if len(group.hosts) == 1:
        text = f"{ports} of {group.where} {get} no answer"
        return text, Confidence.LIKELY, why, fix
    whole = f"any of {group.asked:,} hosts in {group.network}" if group.whole else group.part
    text = f"{ports} {get} no answer from {whole}"
    if not group.up:
        text += ", and nothing else of them answers"
        why += "; they may be down or not exist"
        return text, Confidence.LIKELY, why, ""
    text += ", while their other ports answer"
    if group.whole:
        text += ": a filter before that network is likely"
        if not group.rejecter:
            fix = f"Allow {_flow(group)} on the firewall before that network."
    elif group.open and not group.rejecter:
        others = count(group.open, "host answers", "hosts answer")
        text += f" and {others} on it there: filters on these hosts are likely"
    return text, Confidence.LIKELY, why, fix


def _contrast(group: _Group, between: str = ", while ") -> str:
    """`, while its TCP 445 answers`: what shows that it is the port and not the host."""
    shown = [host.contrast(group.ports) for host in group.hosts]
    if not all(shown):
        return ""
    if len(shown) == 1:
        return f"{between}its {ports_text(port for port in shown if port)} answers"
    return ", while their other ports answer"


def _flow(group: _Group) -> str:
    """`TCP 5985 from 10.0.0.9 to 14 hosts in 10.2.0.0/24`: no more than was asked about."""
    sources = {one.result.observation.source or "" for one in group.rows}
    source = next(iter(sources)) if len(sources) == 1 else ""
    to = f"{count(len(group.hosts), 'host')} in {group.network}" if group.whole else group.named
    return f"{ports_text(group.ports)} from {source or 'this machine'} to {to}"


def _hint(rows: Sequence[Lost]) -> str:
    """What the probe says the silence may also mean, where it says the same of all."""
    hints: Iterable[object] = {str(one.result.observation.facts.get("hint", "")) for one in rows}
    said = [*hints]
    return str(said[0]) if len(said) == 1 else ""

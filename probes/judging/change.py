"""Change that a row needs: the party that has to make it, and the sentence about it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from probes.judging.party import UNHEARD, HostState, Party, is_undelivered, locate, proxy_of
from probes.judging.text import Port, joined, ports_text
from probes.model import TO_CHANGE, Job, Observation, Reason, Result, Service, State, Status
from probes.registry import probe_of
from probes.wire.address import plain_address
from probes.wire.text import printable
from profiles.recognition import AUTO

THE_HOST = "the host"
_MAX_TEXT = 600
_TOLD_BY_THE_PROBE = frozenset(
    {
        *(Party.NAME, Party.DNS_SERVER, Party.NOT_TESTED, Party.PROXY, Party.INTERCEPTOR),
        *(Party.HOST, Party.SERVICE, Party.UNKNOWN),
    }
)
"""Parties where the probe's own words are better: elsewhere the network has named who it is."""

LET_PAST = "Let the proxy reach the host, or let the Audit Service host bypass the proxy."

_NAMED: Mapping[Party, str] = {
    Party.NAME: "the name {}",
    Party.ROUTE: "the next router {}, or this machine's routes",
    Party.PROXY: "the proxy {}",
    Party.INTERCEPTOR: "the proxy {} on the path",
    Party.DEVICE: "{}",
    Party.ROUTER: "{}",
    Party.UNDELIVERED: "the host or {}, the router before it",
    Party.UNKNOWN: "{}, then the host or any other firewall before it",
}
"""Words for a party of which the address or name is known."""


@dataclass(frozen=True, slots=True)
class Change:
    """Change to make, in a sentence that names the ports between `before` and `after`.

    It names no host unless it was asked to, so that targets with the same rows share a verdict.
    """

    party: Party
    name: str
    """Address or name of the party; empty where the row's host or nobody is meant."""
    before: str
    after: str = ""
    """Empty where `before` is the whole sentence."""
    port: Port | None = None

    @property
    def who(self) -> str:
        """The party in a few words."""
        text = _NAMED[self.party].format(self.name) if self.name and self.party in _NAMED else ""
        return printable(text or self.party)

    @property
    def text(self) -> str:
        """The sentence for the port of one row."""
        return self.sentence([] if self.port is None else [self.port])

    def sentence(self, ports: Iterable[Port]) -> str:
        """The sentence for these ports."""
        text = f"{self.before}{ports_text(ports)}{self.after}" if self.after else self.before
        return printable(text, _MAX_TEXT)


def required_change(result: Result, host: HostState = UNHEARD, to: str = THE_HOST) -> Change | None:
    """Change for a row of a host in this state; None for a row that needs none.

    A warning needs one where its probe says which.
    `to` is what the sentence calls the host.
    """
    job, seen = result.job, result.observation
    if result.status is Status.WARNING and (told := seen.facts.get("fix")):
        return Change(*locate(job, seen, host), printable(str(told), _MAX_TEXT))
    if result.status not in TO_CHANGE:
        return None
    if job.check.role == AUTO and (role := seen.facts.get("fix")):
        # Whoever refused what: nothing of that is required while the role is not known.
        return Change(Party.NOT_TESTED, "", printable(str(role), _MAX_TEXT))
    party, named = locate(job, seen, host)
    told = seen.facts.get("fix") if party in _TOLD_BY_THE_PROBE else None
    if told and not (party is Party.UNKNOWN and named):
        return Change(party, named, printable(str(told), _MAX_TEXT))
    proxy = proxy_of(job, seen)
    row = _Row(job, seen, host, named, f"the proxy {proxy}" if proxy else to)
    before, after = _SENTENCES[party](row)
    return Change(party, named, before, after, port_of(job))


def merged_texts(changes: Iterable[Change]) -> tuple[str, ...]:
    """Sentences of changes, one for those that differ in the port only, in their order."""
    ports: dict[tuple[Party, str, str, str], list[Port]] = {}
    for one in changes:
        same = ports.setdefault((one.party, one.name, one.before, one.after), [])
        if one.port is not None:
            same.append(one.port)
    texts = (Change(*words).sentence(of) for words, of in ports.items())
    return tuple(dict.fromkeys(texts))


def port_of(job: Job) -> Port:
    """Port that a row asks for, for a sentence; the proxy's where it goes through one."""
    check = job.check
    if check.transport == "icmp":
        return Port("icmp", 0, "")
    number = job.endpoint[1] or check.port or 0
    behind = check.ports if job.via is None else ""
    return Port(check.transport, number, behind or str(number))


def allow_on_device(device: str, source: str, to: str) -> tuple[str, str]:
    """Sentence around the ports to allow on a device on the path."""
    return "Allow ", f" from {source} to {to}{_on(device)}"


def allow_flows_on_device(device: str, flows: Sequence[str]) -> str:
    """Sentence about several flows, each as `TCP 22 from 10.0.0.9 to pc7`, on one device."""
    return f"Allow {joined(flows)}{_on(device)}"


def _on(device: str) -> str:
    return f" on {device or 'the device that rejects it'}."


def allow_in_own_firewall(source: str, to: str, *, several: bool = False) -> tuple[str, str]:
    """Sentence around the ports to allow in the own firewall of a host, or of several."""
    firewall, own = ("firewalls", "themselves") if several else ("firewall", "itself")
    return "Allow ", f" from {source} in the {firewall} of {to} {own}."


def allow_here(to: str) -> tuple[str, str]:
    """Sentence around the ports to allow in this machine's own firewall."""
    return "Allow ", f" to {to} in the firewall of this machine."


def start_or_allow(
    to: str, source: str, device: str = "", *, several: bool = False
) -> tuple[str, str]:
    """Sentence around the ports of a host, or of several, that answers nothing at all.

    `device` rejects other rows there.
    """
    them = "them" if several else "it"
    where = f"the firewalls before {them}"
    if device:
        where = f"{device}, which rejects other rows, then on any other firewall before {them}"
    return f"{_start_text(to, several)}, or allow ", f" from {source} on {where}."


def route_text(router: str, to: str) -> str:
    """Sentence about this machine's routes, or about a next router that does not answer."""
    if router:
        return f"Start {router}, the next router, or give this machine another route to {to}."
    return f"Give this machine a route to {to}."


def undelivered_text(reason: Reason, router: str, to: str, *, several: bool = False) -> str:
    """Sentence about a host, or several, to which a router or this machine cannot deliver."""
    says_so = router or "the router that reports it"
    match reason:
        case Reason.TIME_EXCEEDED:
            return f"Fix the routing loop on the way to {to}, which {says_so} reported."
        case Reason.NET_UNREACH:
            return (
                f"Give {says_so} a route to {to}, or change the rule on it that sends this error."
            )
        case _ if router:
            up, them = ("they are", "them") if several else ("it is", "it")
            return (
                f"{_start_text(to, several)}; if {up} up, check {router} for a rule or a route "
                f"that stops {them}."
            )
        case _:
            return f"{_start_text(to, several)}: nobody answers for {'them' if several else 'it'}."


def _start_text(to: str, several: bool) -> str:
    return f"Start {to} or correct {'their addresses' if several else 'its address'}"


@dataclass(frozen=True, slots=True)
class _Row:
    """Parts of a sentence."""

    job: Job
    seen: Observation
    host: HostState
    named: str
    to: str

    @property
    def source(self) -> str:
        return plain_address(self.seen.source or "") or "this machine"

    @property
    def where(self) -> str:
        """Port as the sentences about a service have it."""
        return ports_text([port_of(self.job)])


_Words = tuple[str, str]


def _of_name(row: _Row) -> _Words:
    called = row.named or "the name"
    return f"Correct the name, or make {called} resolve here: by DNS or the hosts file.", ""


def _of_not_tested(row: _Row) -> _Words:
    match row.seen.reason:
        case Reason.DEPENDENCY:
            return "Fix the check it depends on, then retest.", ""
        case Reason.PERMISSION_DENIED:
            return "Permit it on this machine, then retest.", ""
        case Reason.NOT_OFFERED:
            return "Test it from a machine that can.", ""
        case _:
            return "Fix what failed on this machine, then retest.", ""


def _of_proxy(row: _Row) -> _Words:
    if row.seen.state is State.OPEN:
        return f"Check on {row.to} why it opens no tunnel.", ""
    if row.seen.state is State.CLOSED:
        return f"Start {row.to} or correct its port, or allow this machine to connect to it.", ""
    if is_undelivered(row.seen):
        return undelivered_text(row.seen.reason, "", row.to), ""
    return f"Allow this machine to connect to {row.to}.", ""


def _of_host(row: _Row) -> _Words:
    check = row.job.check
    listens = f"nothing listens on {row.where}, or a firewall refuses it."
    if not check.answers:
        return f"Start what listens on {row.where} there, or check the host's firewall.", ""
    if probe_of(check).one_client:
        return (
            "Retest, as it may serve one client at a time; if it is refused again, make "
            f"{check.title} listen on {row.where}, or check its firewall."
        ), ""
    if check.ports:
        return f"Make {check.title} on {row.to} listen again: {listens}", ""
    if probe_of(check).opens_port:
        return f"{check.fix.removesuffix('.')}: {listens}", ""
    return f"Start {check.title} on {row.to} or correct the port: {listens}", ""


def _of_service(row: _Row) -> _Words:
    check, seen = row.job.check, row.seen
    if sender := seen.facts.get("answered_from"):
        return (
            f"Have {check.title} answer from the address that is asked, or name {sender} instead."
        ), ""
    if check.ports:
        return check.fix, ""
    if seen.service is Service.CONFIRMED:
        return f"Check on {row.to} why {check.title} falls short on {row.where}: it answers.", ""
    if "unproven" in seen.facts:
        return (
            f"{row.where} accepts the connection, but {check.title} does not work: check it on "
            f"{row.to}, or the load balancer or NAT before it."
        ), ""
    if seen.service is Service.UNEXPECTED and not check.answers:
        return (
            f"Another service answers on {row.where} of {row.to}: find the program, or the device "
            "on the way, that does."
        ), ""
    if seen.service is Service.UNEXPECTED:
        return (
            f"Another service answers on {row.where}: check the address, or move that service and "
            f"start {check.title}."
        ), ""
    return (
        f"{row.where} accepts the connection, but no usable {check.title} answer follows: check it "
        f"on {row.to}, or the load balancer or NAT before it."
    ), ""


def _of_unknown(row: _Row) -> _Words:
    check, silent = row.job.check, row.seen.reason is Reason.NO_RESPONSE
    rest = ", which rejects other rows, then on any other firewall on the way."
    if row.named and row.host.heard:
        before, after = allow_on_device(row.named, row.source, row.to)
        return before, after.removesuffix(".") + rest
    # A port behind another one shows that the host is up; a public service is not ours to start.
    known = row.host.heard or check.ports or check.issuers
    if not row.named and (known or not silent):
        rule = "If it is, a firewall on the way drops it."
        return f"{check.fix} {rule}", ""
    return start_or_allow(row.to, row.source, row.named)


_SENTENCES: Mapping[Party, Callable[[_Row], _Words]] = {
    Party.NAME: _of_name,
    Party.NOT_TESTED: _of_not_tested,
    Party.THIS_MACHINE: lambda row: allow_here(row.to),
    Party.ROUTE: lambda row: (route_text(row.named, row.to), ""),
    Party.PROXY: _of_proxy,
    Party.INTERCEPTOR: lambda row: (LET_PAST, ""),
    Party.DEVICE: lambda row: allow_on_device(row.named, row.source, row.to),
    Party.ROUTER: lambda row: (undelivered_text(row.seen.reason, row.named, row.to), ""),
    Party.UNDELIVERED: lambda row: (undelivered_text(row.seen.reason, row.named, row.to), ""),
    Party.HOST_FIREWALL: lambda row: allow_in_own_firewall(row.source, row.to),
    Party.HOST: _of_host,
    Party.SERVICE: _of_service,
    Party.UNKNOWN: _of_unknown,
}

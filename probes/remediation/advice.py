"""Advice for a row: the change that makes it pass, and who has to make it."""

from __future__ import annotations

from enum import Enum, auto

from probes.judging.messages import closed_port_fix, unanswered_neighbour, wrong_service_fix
from probes.model import TO_CHANGE, Job, Observation, Reason, Result, State
from probes.registry import probe_of
from probes.registry.shell import Paste, address, name, powershell
from probes.remediation import firewall_rules, service_commands
from probes.remediation.model import HOST, Flow, Remedy, flow_of
from probes.remediation.platforms import PLATFORMS, platform
from probes.wire.address import same_address
from probes.wire.text import printable


class Refusal(Enum):
    """Where the change has to be made."""

    NAME = auto()
    """The name does not resolve."""
    UNTESTED = auto()
    """Nothing was sent, for a reason of this machine's or another row's."""
    HERE = auto()
    """This machine's own firewall."""
    NO_ROUTE = auto()
    """This machine's routes."""
    PROXY = auto()
    """The way to the proxy, or the proxy."""
    PATH = auto()
    """A device on the path, which is named."""
    UNDELIVERED = auto()
    """A router, or nobody at all, finds no such host."""
    FIREWALL = auto()
    """The host's own firewall."""
    HOST = auto()
    """The host: the path is open, and nothing listens."""
    SERVICE = auto()
    """The service behind an open port: the wrong one, or one that is silent."""
    UNKNOWN = auto()
    """The host or any firewall before it."""


def refusal(job: Job, seen: Observation) -> Refusal:
    """Who has to act for a row that is not well."""
    if seen.reason is Reason.NAME_NOT_RESOLVED:
        return Refusal.NAME
    if seen.state in (State.ERROR, State.NOT_RUN):
        return Refusal.UNTESTED
    if job.proxy and seen.facts.get("unproven") == "proxy":
        return Refusal.PROXY
    if seen.state is State.OPEN:
        return Refusal.SERVICE
    if seen.state is State.CLOSED:
        return Refusal.HOST
    return _by_icmp(seen) if seen.icmp is not None else _untold(seen)


def _by_icmp(seen: Observation) -> Refusal:
    offender = seen.icmp.offender if seen.icmp else ""
    rejected = seen.state is State.FILTERED
    if same_address(offender, seen.address):
        return Refusal.FIREWALL
    if same_address(offender, seen.source):
        silent = unanswered_neighbour(seen)
        if rejected or silent == "":
            return Refusal.HERE
        away = silent is not None and not same_address(silent, seen.address)
        if away or seen.reason is not Reason.HOST_UNREACH:
            return Refusal.NO_ROUTE
        return Refusal.UNDELIVERED
    return Refusal.PATH if rejected else Refusal.UNDELIVERED


def _untold(seen: Observation) -> Refusal:
    return Refusal.NO_ROUTE if seen.state is State.UNREACHABLE else Refusal.UNKNOWN


_LONG = 600
_ADDRESS = "ADDRESS"


def remedy(result: Result) -> Remedy | None:
    """The change in words and ready to paste; None for a row that needs none.

    A probe that knows better than the profile has said so in the fact `fix`.
    """
    if result.status not in TO_CHANGE:
        return None
    job, seen = result.job, result.observation
    who, flow = refusal(job, seen), flow_of(job, seen)
    own = printable(str(seen.facts.get("fix", "")), _LONG)
    return Remedy(own or _words(job, seen, who, flow), _pastes(job, seen, who, flow))


def _words(job: Job, seen: Observation, who: Refusal, flow: Flow) -> str:
    check = job.check
    to = flow.destination
    match who:
        case Refusal.NAME:
            called = name(job.endpoint[0]) or "the name"
            return f"Correct the name, or make {called} resolve here: by DNS or the hosts file."
        case Refusal.UNTESTED:
            return _untested(seen)
        case Refusal.HERE:
            return f"Allow {flow.port_text} to {to} in the firewall of this machine."
        case Refusal.NO_ROUTE:
            router = address(unanswered_neighbour(seen))
            start = f"Start {router}, the next router, or give" if router else "Give"
            return f"{start} this machine a{'nother' if router else ''} route to {to}."
        case Refusal.PATH:
            offender = _offender(seen)
            return f"Allow {flow.port_text} from {flow.source} to {to} on {offender}."
        case Refusal.UNDELIVERED:
            return _undelivered(seen, to)
        case Refusal.HOST if not check.answers:
            return f"Have something listen on {flow.port_text} there, or look into its firewall."
        case Refusal.HOST if words := closed_port_fix(job):
            return words
        case Refusal.SERVICE if words := wrong_service_fix(job, seen):
            return words
        case _:
            return check.fix


def _elsewhere(job: Job, seen: Observation) -> bool:
    """Whether another protocol answers: not the right one with a fault, nor a port behind it."""
    return not job.check.ports and "unproven" not in seen.facts


def _untested(seen: Observation) -> str:
    match seen.reason:
        case Reason.DEPENDENCY:
            return "Mend the row it depends on, then measure this one again."
        case Reason.PERMISSION_DENIED:
            return "Permit it on this machine, then measure it again."
        case Reason.NOT_OFFERED:
            return "Measure it from a place that can ask it."
        case _:
            return "Mend what failed on this machine, then measure it again."


def _undelivered(seen: Observation, to: str) -> str:
    match seen.reason:
        case Reason.HOST_UNREACH:
            return f"Start the host or correct its address: nobody answers for {to}."
        case Reason.TIME_EXCEEDED:
            return f"Mend the routing loop on the way to {to}; {_offender(seen)} saw it."
        case Reason.NET_UNREACH:
            return f"Give {_offender(seen)} a route to {to}, or correct the address."
        case _:
            return f"Let {_offender(seen)} deliver to {to}, or correct the address."


def _pastes(job: Job, seen: Observation, who: Refusal, flow: Flow) -> tuple[Paste, ...]:
    kind, probe = platform(job), probe_of(job.check)
    info = PLATFORMS[kind]
    where = flow.called or (flow.destination if flow.destination != HOST else "the host")
    match who:
        case Refusal.NAME:
            return _name(job)
        case Refusal.HERE:
            return (
                firewall_rules.nft(flow, "this machine", outbound=True),
                firewall_rules.iptables(flow, "this machine", outbound=True),
            )
        case Refusal.PATH:
            return (firewall_rules.request(flow, _offender(seen)),)
        case Refusal.UNKNOWN if job.via:
            return (firewall_rules.request(flow, ""),)
        case Refusal.FIREWALL if not job.via:
            return info.rules(flow, job.check.title, probe, where)
        case Refusal.UNKNOWN:
            return (
                *info.rules(flow, job.check.title, probe, where),
                *service_commands.access(job, flow, where),
                firewall_rules.request(flow, ""),
            )
        case Refusal.HOST if not job.via and not job.check.ports:
            return service_commands.start(job, flow, kind, where)
        case Refusal.SERVICE if _elsewhere(job, seen) and not job.via:
            if not flow.ports.isdigit():
                return ()
            return tuple(listeners(flow, where) for listeners in info.listeners)
        case _:
            return ()


def _name(job: Job) -> tuple[Paste, ...]:
    """A line for this machine's hosts file and a record for a Windows DNS server."""
    called = name(job.endpoint[0])
    if not called or address(called):
        return ()
    line = f"{_ADDRESS} {called}"
    lines = [Paste(f"hosts file of this machine, with the host's {_ADDRESS}", (line,))]
    host, dot, zone = called.rstrip(".").partition(".")
    if dot and zone:
        record = (
            f"Add-DnsServerResourceRecordA -ZoneName {powershell(zone)} "
            f"-Name {powershell(host)} -IPv4Address {_ADDRESS}"
        )
        lines.append(Paste(f"or PowerShell on the DNS server of {zone}", (record,)))
    return tuple(lines)


def _offender(seen: Observation) -> str:
    known = address(seen.icmp.offender) if seen.icmp is not None else ""
    return known or "a device on the path"

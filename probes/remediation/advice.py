"""Advice for a row: the change that makes it pass, and who has to make it."""

from __future__ import annotations

from enum import Enum, auto

from probes.judging.messages import closed_port_fix, unanswered_neighbour, wrong_service_fix
from probes.model import TO_CHANGE, Job, Observation, Reason, Result, State
from probes.registry import probe_of
from probes.registry.shell import Snippet, address, name, powershell
from probes.remediation import firewall_rules, service_commands
from probes.remediation.model import HOST, Flow, Remedy, flow_of
from probes.remediation.platforms import PLATFORMS, platform
from probes.wire.address import same_address
from probes.wire.text import printable

_MAX_FIX = 600
_ADDRESS_PLACEHOLDER = "ADDRESS"


def remedy(result: Result) -> Remedy | None:
    """The change in words and ready to paste; None for a row that needs none.

    The fact `fix` of a probe takes precedence over the profile's.
    """
    if result.status not in TO_CHANGE:
        return None
    job, seen = result.job, result.observation
    location, flow = locate_failure(job, seen), flow_of(job, seen)
    fix = printable(str(seen.facts.get("fix", "")), _MAX_FIX)
    return Remedy(
        fix or _change_text(job, seen, location, flow), _snippets(job, seen, location, flow)
    )


def locate_failure(job: Job, seen: Observation) -> FailureLocation:
    """Locate the failure of a row, by its reason, its state and its ICMP error."""
    if seen.reason is Reason.NAME_NOT_RESOLVED:
        return FailureLocation.NAME
    if seen.state in (State.ERROR, State.NOT_RUN):
        return FailureLocation.NOT_TESTED
    if job.proxy and seen.facts.get("unproven") == "proxy":
        return FailureLocation.PROXY
    if seen.state is State.OPEN:
        return FailureLocation.SERVICE
    if seen.state is State.CLOSED:
        return FailureLocation.HOST
    return _locate_by_icmp(seen) if seen.icmp is not None else _locate_without_icmp(seen)


class FailureLocation(Enum):
    """Location of a failure: the place where the change has to be made."""

    NAME = auto()
    """The name does not resolve."""
    NOT_TESTED = auto()
    """Nothing was sent, because of this machine or of another row."""
    THIS_MACHINE = auto()
    """This machine's own firewall."""
    NO_ROUTE = auto()
    """This machine's routes."""
    PROXY = auto()
    """The path to the proxy, or the proxy."""
    PATH = auto()
    """A device on the path, which is named."""
    UNREACHABLE = auto()
    """A router, or this machine, cannot deliver to the host."""
    FIREWALL = auto()
    """The host's own firewall."""
    HOST = auto()
    """The host: the path is open, and nothing listens."""
    SERVICE = auto()
    """The service behind an open port: the wrong one, or one that is silent."""
    UNKNOWN = auto()
    """The host or any firewall before it."""


def _locate_by_icmp(seen: Observation) -> FailureLocation:
    offender = seen.icmp.offender if seen.icmp else ""
    rejected = seen.state is State.FILTERED
    if same_address(offender, seen.address):
        return FailureLocation.FIREWALL
    if same_address(offender, seen.source):
        next_hop = unanswered_neighbour(seen)
        if rejected or next_hop == "":
            return FailureLocation.THIS_MACHINE
        is_router = next_hop is not None and not same_address(next_hop, seen.address)
        if is_router or seen.reason is not Reason.HOST_UNREACH:
            return FailureLocation.NO_ROUTE
        return FailureLocation.UNREACHABLE
    return FailureLocation.PATH if rejected else FailureLocation.UNREACHABLE


def _locate_without_icmp(seen: Observation) -> FailureLocation:
    return FailureLocation.NO_ROUTE if seen.state is State.UNREACHABLE else FailureLocation.UNKNOWN


def _change_text(job: Job, seen: Observation, location: FailureLocation, flow: Flow) -> str:
    check = job.check
    destination = flow.destination
    match location:
        case FailureLocation.NAME:
            called = name(job.endpoint[0]) or "the name"
            return f"Correct the name, or make {called} resolve here: by DNS or the hosts file."
        case FailureLocation.NOT_TESTED:
            return _not_tested_text(seen)
        case FailureLocation.THIS_MACHINE:
            return f"Allow {flow.port_text} to {destination} in the firewall of this machine."
        case FailureLocation.NO_ROUTE:
            router = address(unanswered_neighbour(seen))
            start = f"Start {router}, the next router, or give" if router else "Give"
            return f"{start} this machine a{'nother' if router else ''} route to {destination}."
        case FailureLocation.PATH:
            offender = _offender(seen)
            return f"Allow {flow.port_text} from {flow.source} to {destination} on {offender}."
        case FailureLocation.UNREACHABLE:
            return _unreachable_text(seen, destination)
        case FailureLocation.HOST if not check.answers:
            return f"Have something listen on {flow.port_text} there, or look into its firewall."
        case FailureLocation.HOST if text := closed_port_fix(job):
            return text
        case FailureLocation.SERVICE if text := wrong_service_fix(job, seen):
            return text
        case _:
            return check.fix


def _is_other_protocol(job: Job, seen: Observation) -> bool:
    """True if another protocol answers: not the right one with a fault, nor a port behind it."""
    return not job.check.ports and "unproven" not in seen.facts


def _not_tested_text(seen: Observation) -> str:
    match seen.reason:
        case Reason.DEPENDENCY:
            return "Mend the row it depends on, then measure this one again."
        case Reason.PERMISSION_DENIED:
            return "Permit it on this machine, then measure it again."
        case Reason.NOT_OFFERED:
            return "Measure it from a place that can ask it."
        case _:
            return "Mend what failed on this machine, then measure it again."


def _unreachable_text(seen: Observation, destination: str) -> str:
    match seen.reason:
        case Reason.HOST_UNREACH:
            return f"Start the host or correct its address: nobody answers for {destination}."
        case Reason.TIME_EXCEEDED:
            return f"Mend the routing loop on the way to {destination}; {_offender(seen)} saw it."
        case Reason.NET_UNREACH:
            return f"Give {_offender(seen)} a route to {destination}, or correct the address."
        case _:
            return f"Let {_offender(seen)} deliver to {destination}, or correct the address."


def _snippets(
    job: Job, seen: Observation, location: FailureLocation, flow: Flow
) -> tuple[Snippet, ...]:
    kind, probe = platform(job), probe_of(job.check)
    info = PLATFORMS[kind]
    where = flow.name or (flow.destination if flow.destination != HOST else "the host")
    match location:
        case FailureLocation.NAME:
            return _name_snippets(job)
        case FailureLocation.THIS_MACHINE:
            return (
                firewall_rules.nft(flow, "this machine", outbound=True),
                firewall_rules.iptables(flow, "this machine", outbound=True),
            )
        case FailureLocation.PATH:
            return (firewall_rules.request(flow, _offender(seen)),)
        case FailureLocation.UNKNOWN if job.via:
            return (firewall_rules.request(flow, ""),)
        case FailureLocation.FIREWALL if not job.via:
            return info.rules(flow, job.check.title, probe, where)
        case FailureLocation.UNKNOWN:
            return (
                *info.rules(flow, job.check.title, probe, where),
                *service_commands.access_snippets(job, flow, where),
                firewall_rules.request(flow, ""),
            )
        case FailureLocation.HOST if not job.via and not job.check.ports:
            return service_commands.start_snippets(job, flow, kind, where)
        case FailureLocation.SERVICE if _is_other_protocol(job, seen) and not job.via:
            if not flow.ports.isdigit():
                return ()
            return tuple(listeners(flow, where) for listeners in info.listeners)
        case _:
            return ()


def _name_snippets(job: Job) -> tuple[Snippet, ...]:
    """A line for this machine's hosts file and a record for a Windows DNS server."""
    host_name = name(job.endpoint[0])
    if not host_name or address(host_name):
        return ()
    line = f"{_ADDRESS_PLACEHOLDER} {host_name}"
    lines = [
        Snippet(f"hosts file of this machine, with the host's {_ADDRESS_PLACEHOLDER}", (line,))
    ]
    host, dot, zone = host_name.rstrip(".").partition(".")
    if dot and zone:
        record = (
            f"Add-DnsServerResourceRecordA -ZoneName {powershell(zone)} "
            f"-Name {powershell(host)} -IPv4Address {_ADDRESS_PLACEHOLDER}"
        )
        lines.append(Snippet(f"or PowerShell on the DNS server of {zone}", (record,)))
    return tuple(lines)


def _offender(seen: Observation) -> str:
    known = address(seen.icmp.offender) if seen.icmp is not None else ""
    return known or "a device on the path"

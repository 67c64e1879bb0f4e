"""Party that has to change something for a row, decided by its observation. Pure."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from enum import StrEnum

from probes.model import NOT_SENT, Job, Observation, Reason, State
from probes.wire.address import plain_address, plain_name, same_address


class Party(StrEnum):
    """Party that has to make a change, in the words of a report."""

    NAME = "the name"
    """The name does not resolve."""
    DNS_SERVER = "the DNS server or the way to it"
    """DNS has not answered, so it is not known what the name leads to."""
    NOT_TESTED = "what kept it from being tested"
    """Nothing was sent, because of this machine or of another row."""
    THIS_MACHINE = "this machine's own firewall"
    ROUTE = "this machine's routes"
    """This machine's routes, or the next router, which is named."""
    PROXY = "the proxy"
    """The path to the proxy, or the proxy."""
    INTERCEPTOR = "a proxy or filter on the path"
    """It answered in the place of the host or re-signed its TLS; named if known."""
    DEVICE = "a device on the path"
    """A device on the path that rejects, which is named."""
    ROUTER = "a router on the way"
    """A router, which is named, has no route to the host, or saw a routing loop."""
    UNDELIVERED = "the host or its address"
    """A router, which is named, or this machine found nobody at the host's address."""
    HOST_FIREWALL = "the host's own firewall"
    HOST = "the host"
    """The path is open, and nothing listens."""
    SERVICE = "the service"
    """The service behind an open port: the wrong one, or one that is silent."""
    UNKNOWN = "the host or any firewall before it"


@dataclass(frozen=True, slots=True)
class HostState:
    """State of a host, as far as all of its rows tell."""

    heard: bool = False
    """Something came from the host itself, if only from its firewall."""
    own_firewall: bool = False
    """Rows of it are rejected in its own name."""
    rejecting: str = ""
    """Device on the path that rejects rows of it."""
    undelivered: str | None = None
    """Router that cannot deliver to it; empty where nobody answers for its address."""


UNHEARD = HostState()
"""State of a host of which nothing is known but the row itself."""


def locate(job: Job, seen: Observation, host: HostState = UNHEARD) -> tuple[Party, str]:
    """Party that has to change something for a row, and its address or name where it has one."""
    if seen.reason is Reason.NAME_NOT_RESOLVED:
        if seen.facts.get("fix"):
            return Party.DNS_SERVER, ""
        proxy_host = proxy_of(job, seen).rpartition(":")[0]
        return Party.NAME, plain_name(proxy_host or job.endpoint[0])
    if seen.state in (State.ERROR, State.NOT_RUN):
        return (Party.THIS_MACHINE if is_denied_locally(seen) else Party.NOT_TESTED), ""
    party, named = _locate_by_transport(job, seen, host)
    proxy = proxy_of(job, seen)
    # A router that cannot deliver to it is named, and so stays the party.
    nobody = party is Party.UNDELIVERED and not named
    if proxy and (nobody or party in (Party.HOST, Party.HOST_FIREWALL, Party.UNKNOWN)):
        return Party.PROXY, proxy
    return party, named


def proxy_of(job: Job, seen: Observation) -> str:
    """Proxy of a row; empty where it goes straight."""
    if job.via is not None:
        return job.proxy
    proxy = seen.facts.get("proxy")
    return proxy if isinstance(proxy, str) else ""


def is_denied_locally(seen: Observation) -> bool:
    """True if this machine's own firewall refused to send (EPERM, sendto(2))."""
    return seen.reason is Reason.PERMISSION_DENIED and any(
        one.errno == errno.EPERM for one in seen.evidence
    )


def is_undelivered(seen: Observation) -> bool:
    """True if nobody was found at the address, by this machine or a router."""
    return seen.state is State.UNREACHABLE or bool(seen.facts.get("no_arp_reply"))


def unanswered_neighbour(seen: Observation) -> str | None:
    """Neighbour that gave no ARP reply to this machine; see Vantage.unresolved_neighbour."""
    silent = seen.facts.get("unanswered")
    return silent if isinstance(silent, str) else None


def _locate_by_transport(job: Job, seen: Observation, host: HostState) -> tuple[Party, str]:
    proxy = proxy_of(job, seen)
    if proxy and seen.facts.get("unproven") == "proxy":
        return Party.PROXY, proxy
    if seen.state is State.OPEN and _is_intercepted(seen):
        answered_by = seen.facts.get("answered_by")
        return Party.INTERCEPTOR, answered_by if isinstance(answered_by, str) else ""
    if seen.state is State.OPEN or seen.facts.get("answered_from"):
        # What answers from another address than was asked is let through, and up.
        return Party.SERVICE, ""
    if seen.state is State.CLOSED:
        return Party.HOST, ""
    return _locate_without_icmp(seen, host) if seen.icmp is None else _locate_by_icmp(seen, host)


def _is_intercepted(seen: Observation) -> bool:
    return seen.facts.get("http_problem") == "proxy" or seen.facts.get("interception") is True


def _locate_by_icmp(seen: Observation, host: HostState) -> tuple[Party, str]:
    offender = seen.icmp.offender if seen.icmp else ""
    rejected = seen.state is State.FILTERED
    if same_address(offender, seen.address):
        return Party.HOST_FIREWALL, ""
    if same_address(offender, seen.source):
        return _locate_here(seen, rejected=rejected)
    device = plain_address(offender)
    # A router that delivers to the host, or rejects other rows of it, has a rule that says so.
    if rejected or host.heard or (device and device == host.rejecting):
        return Party.DEVICE, device
    return (Party.UNDELIVERED if seen.reason is Reason.HOST_UNREACH else Party.ROUTER), device


def _locate_here(seen: Observation, *, rejected: bool) -> tuple[Party, str]:
    """Party of an ICMP error that this machine itself sent."""
    next_hop = unanswered_neighbour(seen)
    if rejected or next_hop == "":
        return Party.THIS_MACHINE, ""
    if next_hop is not None and not same_address(next_hop, seen.address):
        return Party.ROUTE, plain_address(next_hop)
    return (Party.UNDELIVERED if seen.reason is Reason.HOST_UNREACH else Party.ROUTE), ""


def _locate_without_icmp(seen: Observation, host: HostState) -> tuple[Party, str]:
    if seen.state is State.UNREACHABLE:
        # Without a source it failed in this machine's own routes (ip-route(8), unreachable).
        is_host = seen.reason is Reason.HOST_UNREACH and seen.source is not None
        return (Party.UNDELIVERED if is_host else Party.ROUTE), ""
    if seen.reason is not Reason.NO_RESPONSE:
        return Party.UNKNOWN, ""
    if seen.facts.get(NOT_SENT):
        return Party.THIS_MACHINE, ""
    if host.own_firewall and not (host.rejecting or seen.facts.get("fix")):
        # Its errors are limited in number (icmp_ratelimit, icmp(7)): what is beyond is silence.
        return Party.HOST_FIREWALL, ""
    if host.heard or host.rejecting:
        return Party.UNKNOWN, host.rejecting
    if seen.facts.get("no_arp_reply"):
        return Party.UNDELIVERED, ""
    # Routers send few errors: what they cannot deliver is silence as well.
    return (
        (Party.UNKNOWN, "") if host.undelivered is None else (Party.UNDELIVERED, host.undelivered)
    )

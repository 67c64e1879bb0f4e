"""Presence of a host at an address: the sign that one row gives of it. Pure."""

from __future__ import annotations

from enum import Enum, auto

from probes.judging.party import unanswered_neighbour
from probes.model import (
    ACCEPTS_EVERYTHING,
    NOT_SENT,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
)
from probes.wire.address import same_address

_SAY_NOBODY_IS_THERE = {(4, 3, 1), (4, 3, 7), (6, 1, 3)}
"""IP version, type and code of the ICMP errors by which a router says that there is no such host.

Host unreachable and host unknown (RFC 1122 3.2.2.1), address unreachable (RFC 4443 3.1). No other
code says so. Network unreachable (3/0, 3/6, 3/11), no route (1/0), beyond scope (1/2) and time
exceeded are faults of routing. Administratively prohibited (3/9, 3/10, 3/13 to 3/15, 1/1, 1/5,
1/6) and protocol or port unreachable of another than the host (3/2, 3/3, 1/4) are refusals.
Host unreachable for a type of service (3/12) is about the service, and 3/5 and 3/8 are of source
routes.
"""
_FROM_HOST = (State.OPEN, State.CLOSED)


class Sign(Enum):
    """Sign that a row gives of the host at its address."""

    LIFE = auto()
    """Something came from the host itself."""
    NEIGHBOUR = auto()
    """Silence, but an ARP reply: of the host, or of a device that answers for many (RFC 1027)."""
    ABSENCE = auto()
    """Silence, or the segment or a router says that nobody is there."""
    REFUSAL = auto()
    """A device on the way, or a fault of routing, keeps the host from being asked."""
    NOTHING = auto()
    """The row was not tested."""


def sign_of(job: Job, seen: Observation) -> Sign:
    """Sign of the host that an observation gives."""
    if seen.state in (State.ERROR, State.NOT_RUN):
        return Sign.NOTHING
    if job.via is not None:
        # It is the proxy that answered or was not reached.
        return Sign.REFUSAL
    if seen.facts.get(ACCEPTS_EVERYTHING) and seen.service is not Service.CONFIRMED:
        return Sign.REFUSAL
    if _came_from_host(seen):
        return Sign.LIFE
    if not _says_nobody_is_there(seen):
        return Sign.REFUSAL
    return Sign.NEIGHBOUR if mac_of(seen) else Sign.ABSENCE


def shows_host(result: Result) -> bool:
    """True if a result shows that there is a host at its address."""
    sign = sign_of(result.job, result.observation)
    return sign is Sign.LIFE or (sign is Sign.NEIGHBOUR and result.status is not Status.NO_HOST)


def mac_of(seen: Observation) -> str:
    """MAC address that the neighbour search found for a silent address; empty without one."""
    mac = seen.facts.get("mac")
    return mac if seen.reason is Reason.NO_RESPONSE and isinstance(mac, str) else ""


def _came_from_host(seen: Observation) -> bool:
    if seen.state in _FROM_HOST:
        return True
    if seen.icmp is not None and same_address(seen.icmp.offender, seen.address):
        return True
    # The row may be about a port behind its own, which answered.
    return any(
        exchange.state in _FROM_HOST and exchange.address == seen.address
        for exchange in seen.evidence
    )


def _says_nobody_is_there(seen: Observation) -> bool:
    if seen.reason is Reason.NO_RESPONSE:
        return not seen.facts.get(NOT_SENT)
    if seen.icmp is None:
        # Without an error queue the system tells only that nobody could be reached; without a
        # source it did not look for anybody (ip-route(8), type unreachable).
        return seen.reason is Reason.HOST_UNREACH and seen.source is not None
    if same_address(seen.icmp.offender, seen.source):
        return seen.reason is Reason.HOST_UNREACH and _has_no_neighbour(seen)
    return _key(seen.icmp) in _SAY_NOBODY_IS_THERE


def _has_no_neighbour(seen: Observation) -> bool:
    """True if it is the host that gave no ARP reply: not the next router, and no rule of ours."""
    neighbour = unanswered_neighbour(seen)
    return neighbour is None or same_address(neighbour, seen.address)


def _key(icmp: Icmp) -> tuple[int, int, int]:
    return icmp.version, icmp.type, icmp.code

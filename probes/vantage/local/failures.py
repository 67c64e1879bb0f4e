"""Outcomes of attempts that this machine's own system ended with an errno."""

from __future__ import annotations

import errno
import socket

from probes.model import Icmp, Reason, State
from probes.vantage import Outcome, error_mapping
from probes.vantage.local.receive import canonical_address, socket_address

_OF_BROADCAST = frozenset({errno.EACCES, errno.ENETUNREACH})
"""Errnos with which Linux ends what is sent to a broadcast address, and much else (ip(7))."""


def unsent_outcome(address: str, number: int) -> Outcome:
    """Outcome of an attempt that never left this machine, without an ICMP error."""
    if number in _OF_BROADCAST and is_broadcast(address):
        problem = f"{address} is the broadcast address of a network of this machine, not of a host"
        return Outcome(State.ERROR, Reason.LOCAL_ERROR, address, errno=number, problem=problem)
    state, reason = error_mapping.of_errno(number)
    problem = error_mapping.errno_text(number) if state is State.ERROR else ""
    return Outcome(state, reason, address, errno=number or None, problem=problem)


def unusable_outcome(address: str, problem: str) -> Outcome:
    """Outcome for an address that nothing can be sent to; `problem` is a clause."""
    return Outcome(State.ERROR, Reason.LOCAL_ERROR, address, problem=problem)


def datagram_outcome(address: str, icmp: Icmp | None, number: int) -> Outcome:
    """Outcome of a datagram that ended with an ICMP error or an errno."""
    if icmp is None and number not in (errno.ECONNREFUSED, errno.ECONNRESET):
        return unsent_outcome(address, number)
    from_host = icmp is not None and canonical_address(icmp.offender) == canonical_address(address)
    state, reason = error_mapping.of_datagram(number, icmp, from_host=from_host)
    return Outcome(state, reason, address, icmp=icmp, errno=number or None)


def is_broadcast(address: str) -> bool:
    """True for the broadcast address of a network of this machine; sends nothing.

    A socket that did not ask for it (SO_BROADCAST) is refused the route to one, and no other.
    """
    try:
        family, destination = socket_address(address, 9)
        if family != socket.AF_INET:
            return False
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            if sock.connect_ex(destination) != errno.EACCES:
                return False
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
            return not sock.connect_ex(destination)
    except (OSError, ValueError):
        return False

"""Mapping of an errno or an ICMP error to state, reason and text; pure, for every vantage."""

from __future__ import annotations

import errno
import os

from probes.model import Icmp, Reason, State

FD_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE})
"""The errnos of a process or a system without a free descriptor."""
RESET = frozenset({errno.ECONNRESET, errno.EPIPE, errno.ECONNABORTED})
"""The errnos of a handshake that completed and was reset afterwards."""
_REFUSED = frozenset({errno.ECONNREFUSED, errno.ECONNRESET})
_V4_UNREACHABLE = {
    0: (State.UNREACHABLE, Reason.NET_UNREACH),
    1: (State.UNREACHABLE, Reason.HOST_UNREACH),
    2: (State.FILTERED, Reason.PROTO_UNREACH),
    3: (State.FILTERED, Reason.PORT_UNREACH),
    6: (State.UNREACHABLE, Reason.NET_UNREACH),
    7: (State.UNREACHABLE, Reason.HOST_UNREACH),
    9: (State.FILTERED, Reason.ADMIN_PROHIBITED),
    10: (State.FILTERED, Reason.ADMIN_PROHIBITED),
    11: (State.UNREACHABLE, Reason.NET_UNREACH),
    12: (State.UNREACHABLE, Reason.HOST_UNREACH),
    13: (State.FILTERED, Reason.ADMIN_PROHIBITED),
    14: (State.FILTERED, Reason.ADMIN_PROHIBITED),
    15: (State.FILTERED, Reason.ADMIN_PROHIBITED),
}
_V6_UNREACHABLE = {
    0: (State.UNREACHABLE, Reason.NET_UNREACH),
    1: (State.FILTERED, Reason.ADMIN_PROHIBITED),
    2: (State.UNREACHABLE, Reason.NET_UNREACH),
    3: (State.UNREACHABLE, Reason.HOST_UNREACH),
    4: (State.FILTERED, Reason.PORT_UNREACH),
    5: (State.FILTERED, Reason.ADMIN_PROHIBITED),
    6: (State.FILTERED, Reason.ADMIN_PROHIBITED),
}
_ERRNO = {
    errno.EHOSTUNREACH: (State.UNREACHABLE, Reason.HOST_UNREACH),
    errno.EHOSTDOWN: (State.UNREACHABLE, Reason.HOST_UNREACH),
    errno.ENETUNREACH: (State.UNREACHABLE, Reason.NET_UNREACH),
    errno.ENETDOWN: (State.UNREACHABLE, Reason.NET_UNREACH),
    errno.ETIMEDOUT: (State.FILTERED, Reason.NO_RESPONSE),
    errno.EACCES: (State.ERROR, Reason.PERMISSION_DENIED),
    errno.EPERM: (State.ERROR, Reason.PERMISSION_DENIED),
}


def of_icmp(icmp: Icmp) -> tuple[State, Reason]:
    """State and reason of an ICMP error for TCP and echo (RFC 792, RFC 1812 5.2.7, RFC 4443)."""
    unknown = (State.UNREACHABLE, Reason.HOST_UNREACH)
    if icmp.version == 6:
        if icmp.type == 3:
            return State.UNREACHABLE, Reason.TIME_EXCEEDED
        return _V6_UNREACHABLE.get(icmp.code, unknown) if icmp.type == 1 else unknown
    if icmp.type == 11:
        return State.UNREACHABLE, Reason.TIME_EXCEEDED
    return _V4_UNREACHABLE.get(icmp.code, unknown) if icmp.type == 3 else unknown


def of_errno(number: int) -> tuple[State, Reason]:
    """State and reason of a socket error that no ICMP explains, for any transport."""
    return _ERRNO.get(number, (State.ERROR, Reason.LOCAL_ERROR))


def of_connect(number: int, icmp: Icmp | None) -> tuple[State, Reason]:
    """State and reason of a TCP connect that ended with an errno, by the ICMP error that came."""
    if number in RESET:
        return State.OPEN, Reason.SYN_ACK
    if icmp is not None:
        return of_icmp(icmp)
    if number == errno.ECONNREFUSED:
        return State.CLOSED, Reason.CONN_REFUSED
    return of_errno(number)


def of_datagram(number: int, icmp: Icmp | None, *, from_host: bool) -> tuple[State, Reason]:
    """State and reason of a datagram that ended with an errno or an ICMP error.

    Port unreachable is a closed port where the host itself sends it (RFC 1122 3.2.2.1), and else
    a filter's answer.
    """
    if icmp is not None:
        state, reason = of_icmp(icmp)
        closed = from_host and reason is Reason.PORT_UNREACH
        return (State.CLOSED, reason) if closed else (state, reason)
    if number in _REFUSED:
        # Without an error queue nobody says who sent it; nearly always the host itself.
        return State.CLOSED, Reason.PORT_UNREACH
    return of_errno(number)


def errno_text(number: int) -> str:
    """The operating system's text for an errno, and its cause where that is known."""
    text = os.strerror(number)
    if number == errno.EPERM:
        return f"this machine's own firewall does not let it out ({text})"
    return text

"""Mapping of an errno or an ICMP error to state, reason and text; pure, for every vantage."""

from __future__ import annotations

import errno

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
_NO_ROUTE = "there is no route to it from this machine"
_NO_SENDER = "this machine has no address or no free port to send it from"
_TEXT = {
    errno.EPERM: "this machine's own firewall does not let it out",
    errno.EACCES: "a route or the security policy of this machine prohibits it",
    errno.EINVAL: "this machine cannot send to that address, as with a blackhole route",
    errno.EADDRNOTAVAIL: _NO_SENDER,
    errno.EADDRINUSE: _NO_SENDER,
    errno.EAFNOSUPPORT: "this machine does not speak that version of IP",
    errno.EPROTONOSUPPORT: "this machine does not speak that protocol",
    errno.ENETUNREACH: _NO_ROUTE,
    errno.EHOSTUNREACH: _NO_ROUTE,
    errno.ENETDOWN: "the interface of this machine that leads to it is down",
    errno.EHOSTDOWN: "the host is down",
    errno.ENODEV: "this machine has no such interface",
    errno.ENXIO: "this machine has no such interface",
    errno.EMSGSIZE: "the datagram is larger than the way to it takes",
    errno.ENOBUFS: "this machine has no room left for it in its network buffers",
    errno.ENOMEM: "this machine has no memory left for it",
    errno.EAGAIN: "this machine has no room left for it in its network buffers",
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "this machine has too many files open",
    errno.ETIMEDOUT: "no answer came",
    errno.ECONNREFUSED: "it refuses the connection",
    errno.ECONNRESET: "it resets the connection",
    errno.ECONNABORTED: "the connection was broken off",
    errno.EPIPE: "it closes the connection",
}
_FILE_TEXT = {
    errno.ENOENT: "no such file or directory",
    errno.ENOTDIR: "no such file or directory",
    errno.EISDIR: "is a directory",
    errno.EACCES: "this user may not read it",
    errno.EPERM: "this user may not read it",
    errno.ELOOP: "its links lead in a circle",
    errno.ENAMETOOLONG: "its name is too long",
    errno.EIO: "the disk fails",
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "this machine has too many files open",
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


def broken_text(number: int) -> str:
    """Clause about a connection that was open and that an errno ended."""
    if number in RESET:
        return "it reset the connection"
    if _ERRNO.get(number, (None,))[0] is State.UNREACHABLE:
        return "it became unreachable"
    return f"the connection broke: {errno_text(number)}"


def errno_text(number: int) -> str:
    """Clause about an errno that ended an attempt on this machine; never the system's own words."""
    return _TEXT.get(number) or f"this machine's system refuses it ({_name(number)})"


def file_text(number: int | None) -> str:
    """Clause about an errno of a file that was to be read; never the system's own words."""
    return _FILE_TEXT.get(number or 0) or f"this machine's system refuses it ({_name(number or 0)})"


def _name(number: int) -> str:
    return errno.errorcode.get(number, "without a reason")

"""Who said no: ICMP errors from a socket's error queue, without privileges (Linux ip(7))."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
import sys

from probes.engine.model import Icmp, Reason, State

AVAILABLE = sys.platform == "linux"
"""Whether this kernel tells unprivileged sockets who sent an ICMP error."""

IP_RECVERR = 11
IPV6_RECVERR = 25
_MSG_ERRQUEUE = 0x2000
_ORIGIN_ICMP = 2
_ORIGIN_ICMP6 = 3
_EXTENDED = struct.Struct("=IBBBBII")

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


def enable(sock: socket.socket, family: int) -> None:
    """Ask the kernel to queue ICMP errors on this socket; does nothing elsewhere than Linux."""
    if not AVAILABLE:
        return
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def next_error(sock: socket.socket) -> tuple[Icmp | None, int, tuple[object, ...], bytes] | None:
    """Take one entry from the error queue, or None when it is empty.

    Returns the ICMP error (None where this machine itself is the origin), its errno, the
    destination it is about (as a socket address) and the start of the datagram that caused it.
    """
    if not AVAILABLE:
        return None
    try:
        data, ancillary, _, destination = sock.recvmsg(128, 512, _MSG_ERRQUEUE)
    except OSError:
        return None
    for level, kind, value in ancillary:
        v4 = level == socket.IPPROTO_IP and kind == IP_RECVERR
        v6 = level == socket.IPPROTO_IPV6 and kind == IPV6_RECVERR
        if not (v4 or v6) or len(value) < _EXTENDED.size:
            continue
        number, origin, type_, code, *_ = _EXTENDED.unpack_from(value)
        if origin not in (_ORIGIN_ICMP, _ORIGIN_ICMP6):
            return None, number, destination or (), data
        offender = _offender(value[_EXTENDED.size :])
        version = 6 if origin == _ORIGIN_ICMP6 else 4
        return Icmp(type_, code, offender, version), number, destination or (), data
    return None, 0, destination or (), data


def drain(sock: socket.socket) -> Icmp | None:
    """Empty the error queue of a connected socket and return the last ICMP error in it.

    Left undrained, the queue makes an event loop spin.
    """
    icmp: Icmp | None = None
    for _ in range(64):
        entry = next_error(sock)
        if entry is None:
            break
        icmp = entry[0] or icmp
    return icmp


def _offender(address: bytes) -> str:
    with contextlib.suppress(ValueError, struct.error):
        (family,) = struct.unpack_from("=H", address)
        if family == socket.AF_INET:
            return socket.inet_ntop(socket.AF_INET, address[4:8])
        if family == socket.AF_INET6:
            return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return ""


def meaning(icmp: Icmp) -> tuple[State, Reason]:
    """State and reason of an ICMP error for TCP and echo (RFC 792, RFC 1812 5.2.7, RFC 4443)."""
    unknown = (State.UNREACHABLE, Reason.HOST_UNREACH)
    if icmp.version == 6:
        if icmp.type == 3:
            return State.UNREACHABLE, Reason.TIME_EXCEEDED
        return _V6_UNREACHABLE.get(icmp.code, unknown) if icmp.type == 1 else unknown
    if icmp.type == 11:
        return State.UNREACHABLE, Reason.TIME_EXCEEDED
    return _V4_UNREACHABLE.get(icmp.code, unknown) if icmp.type == 3 else unknown


def meaning_of_errno(number: int) -> tuple[State, Reason]:
    """State and reason of a socket error that no ICMP explains, for any transport."""
    return _ERRNO.get(number, (State.ERROR, Reason.LOCAL_ERROR))


def sentence(number: int) -> str:
    """The operating system's words for an errno, and whose doing it is where that is known."""
    words = os.strerror(number)
    if number == errno.EPERM:
        return f"this machine's own firewall does not let it out ({words})"
    return words

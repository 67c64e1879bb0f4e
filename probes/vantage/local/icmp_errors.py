"""ICMP errors with their sender, from a socket's error queue, unprivileged (Linux ip(7))."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys

from probes.model import Icmp

AVAILABLE = sys.platform == "linux"
"""True if this kernel tells unprivileged sockets the sender of an ICMP error."""

IP_RECVERR = 11
IPV6_RECVERR = 25
_MSG_ERRQUEUE = 0x2000
_ORIGIN_ICMP = 2
_ORIGIN_ICMP6 = 3
_EXTENDED = struct.Struct("=IBBBBII")


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

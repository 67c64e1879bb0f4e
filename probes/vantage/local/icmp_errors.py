"""ICMP errors with their sender, from a socket's error queue, unprivileged (Linux ip(7))."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from typing import NamedTuple

from probes.model import Icmp
from probes.vantage.local import kernel_time

AVAILABLE = sys.platform == "linux"
"""True if this kernel tells unprivileged sockets the sender of an ICMP error."""

IP_RECVERR = 11
IPV6_RECVERR = 25
_MSG_ERRQUEUE = 0x2000
_ORIGIN_ICMP = 2
_ORIGIN_ICMP6 = 3
_EXTENDED = struct.Struct("=IBBBBII")


class QueuedError(NamedTuple):
    """An entry of an error queue."""

    icmp: Icmp | None
    """None where this machine itself is the origin."""
    errno: int
    destination: tuple[object, ...]
    """The destination it is about, as a socket address."""
    data: bytes
    """The start of the datagram that caused it."""
    kernel_time: float | None
    """Seconds of the wall clock at which the kernel got it, on a socket with time stamps."""


def enable(sock: socket.socket, family: int) -> None:
    """Ask the kernel to queue ICMP errors on this socket; does nothing elsewhere than Linux."""
    if not AVAILABLE:
        return
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
    else:
        sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def next_error(sock: socket.socket) -> QueuedError | None:
    """Take one entry from the error queue, or None when it is empty."""
    if not AVAILABLE:
        return None
    before = time.time()
    try:
        data, ancillary, _, destination = sock.recvmsg(128, 512, _MSG_ERRQUEUE)
    except OSError:
        return None
    when = kernel_time.of_message(ancillary, before)
    for level, kind, value in ancillary:
        v4 = level == socket.IPPROTO_IP and kind == IP_RECVERR
        v6 = level == socket.IPPROTO_IPV6 and kind == IPV6_RECVERR
        if not (v4 or v6) or len(value) < _EXTENDED.size:
            continue
        number, origin, type_, code, *_ = _EXTENDED.unpack_from(value)
        if origin not in (_ORIGIN_ICMP, _ORIGIN_ICMP6):
            return QueuedError(None, number, destination or (), data, when)
        offender = _offender(value[_EXTENDED.size :])
        version = 6 if origin == _ORIGIN_ICMP6 else 4
        icmp = Icmp(type_, code, offender, version)
        return QueuedError(icmp, number, destination or (), data, when)
    return QueuedError(None, 0, destination or (), data, when)


def drain(sock: socket.socket) -> Icmp | None:
    """Empty the error queue of a connected socket and return the last ICMP error in it.

    Left undrained, the queue makes an event loop spin.
    """
    icmp: Icmp | None = None
    for _ in range(64):
        entry = next_error(sock)
        if entry is None:
            break
        icmp = entry.icmp or icmp
    return icmp


def _offender(address: bytes) -> str:
    with contextlib.suppress(ValueError, struct.error):
        (family,) = struct.unpack_from("=H", address)
        if family == socket.AF_INET:
            return socket.inet_ntop(socket.AF_INET, address[4:8])
        if family == socket.AF_INET6:
            return socket.inet_ntop(socket.AF_INET6, address[8:24])
    return ""

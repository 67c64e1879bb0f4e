"""Received datagrams: payload, kernel time stamp, interface and addresses."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import sys
import time
from dataclasses import dataclass
from typing import Any

from probes.vantage.local import kernel_time
from probes.vantage.local.latency import Latency, own_latency
from probes.wire.address import unusable_address

SocketAddress = tuple[Any, ...]
"""(host, port) for IPv4, (host, port, flow, scope id) for IPv6."""

MAX_DATAGRAM = 65_535
"""Bytes of the largest datagram."""

_LINUX = sys.platform == "linux"
_IP_PKTINFO = 8
_IPV6_RECVPKTINFO = 49
_IPV6_PKTINFO = 50
_ANCILLARY_SIZE = 256
_FIRST_MULTICAST = 224
_CLOCK_TOLERANCE = 0.01
"""Milliseconds by which two readings of one clock may seem to run backwards."""


@dataclass(frozen=True, slots=True)
class ReceivedDatagram:
    """A received datagram."""

    data: bytes
    sender: SocketAddress
    kernel_time: float | None
    """Seconds of the wall clock at which the kernel took it from the network (SO_TIMESTAMPNS)."""
    source: str | None
    """Our own address it was sent to, where the kernel was asked for it."""
    read_time: float
    """Seconds of the monotonic clock at which this process read it."""


@dataclass(frozen=True, slots=True)
class SendTime:
    """Both clocks, in seconds, right before a datagram was sent."""

    wall: float
    monotonic: float

    @classmethod
    def now(cls) -> SendTime:
        """This moment."""
        return cls(time.time(), time.monotonic())


def receive(sock: socket.socket) -> ReceivedDatagram:
    """Take one datagram from a non-blocking socket; raises OSError as recv does."""
    if not hasattr(sock, "recvmsg"):
        data, sender = sock.recvfrom(MAX_DATAGRAM)
        return ReceivedDatagram(data, sender, None, None, time.monotonic())
    before = time.time()
    data, ancillary, _, sender = sock.recvmsg(MAX_DATAGRAM, _ANCILLARY_SIZE)
    read_time = time.monotonic()
    source = None
    for level, kind, value in ancillary:
        if level == socket.IPPROTO_IP and kind == _IP_PKTINFO and len(value) >= 12:
            source = socket.inet_ntop(socket.AF_INET, value[8:12])
        elif level == socket.IPPROTO_IPV6 and kind == _IPV6_PKTINFO and len(value) >= 16:
            source = socket.inet_ntop(socket.AF_INET6, value[:16])
    when = kernel_time.of_message(ancillary, before)
    return ReceivedDatagram(data, sender or (), when, source, read_time)


def latency(sent: SendTime, came: float | None, read_time: float) -> Latency:
    """Latency from sending to arrival at the kernel, `came`, or else to reading.

    The wall clock may have been set in between, so a kernel time that does not lie between
    sending and reading is not believed.
    """
    read = (read_time - sent.monotonic) * 1000
    if came is not None:
        kernel = (came - sent.wall) * 1000
        if -_CLOCK_TOLERANCE <= kernel <= read + 1:
            return Latency(max(kernel, 0.0), "kernel-timestamp")
    return own_latency(read)


def enable_packet_info(sock: socket.socket, family: int) -> None:
    """Ask the kernel which of our addresses a datagram was sent to (ip(7), RFC 3542 6)."""
    if not _LINUX:
        return
    with contextlib.suppress(OSError):
        if family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, _IPV6_RECVPKTINFO, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, _IP_PKTINFO, 1)


def socket_address(address: str, port: int) -> tuple[int, SocketAddress]:
    """The family and socket address of a numeric address, which may carry a %scope.

    Never looks a name up. Raises ValueError with a clause if it is no address of this machine's
    families and interfaces, or that of no single host.
    """
    try:
        # Not by getaddrinfo, which takes "10.1" for an address: a typing error is none.
        packed = socket.inet_pton(socket.AF_INET, address)
    except (OSError, ValueError):
        return _ipv6_address(address, port)
    if not packed[0] or packed[0] >= _FIRST_MULTICAST:
        _refuse_unusable(address)
    return int(socket.AF_INET), (socket.inet_ntop(socket.AF_INET, packed), port)


def _ipv6_address(address: str, port: int) -> tuple[int, SocketAddress]:
    _refuse_unusable(address)
    try:
        parsed = ipaddress.ip_address(_unmapped(address))
    except ValueError:
        raise ValueError(f"{address!r} is not an address this machine can use") from None
    if parsed.version == 4:
        return int(socket.AF_INET), (str(parsed), port)
    scope = address.partition("%")[2]
    if scope and not _is_interface(scope):
        raise ValueError(
            f"{address!r} is not an address this machine can use: it has no interface {scope!r}"
        )
    try:
        found = socket.getaddrinfo(
            str(parsed), port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )
    except OSError:
        raise ValueError(f"{address!r} is not an address this machine can use") from None
    return int(found[0][0]), found[0][4]


def _refuse_unusable(address: str) -> None:
    if problem := unusable_address(address):
        raise ValueError(problem)


def _is_interface(scope: str) -> bool:
    """True if a scope is the name or the number of an interface here (RFC 4007 11.2)."""
    try:
        if scope.isascii() and scope.isdigit():
            socket.if_indextoname(int(scope))
        else:
            socket.if_nametoindex(scope)
    except (OSError, ValueError, OverflowError):
        return False
    return True


def canonical_address(address: str) -> str:
    """An address in its canonical text without %scope, IPv4-mapped IPv6 as IPv4, to compare."""
    try:
        return _unmapped(str(ipaddress.ip_address(address.partition("%")[0])))
    except ValueError:
        return address


def source_towards(family: int, destination: SocketAddress) -> str | None:
    """The local address the routing table would use towards a destination; sends nothing.

    None where there is no route or no descriptor left.
    """
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as sock:
            sock.connect((destination[0], destination[1] or 9, *destination[2:]))
            return str(sock.getsockname()[0])
    except OSError:
        return None


def _unmapped(address: str) -> str:
    if not address.lower().startswith("::ffff:"):
        return address
    try:
        mapped = ipaddress.IPv6Address(address).ipv4_mapped
    except ValueError:
        return address
    return str(mapped) if mapped is not None else address

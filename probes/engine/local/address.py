"""Numeric addresses as the socket calls take them, and as they can be compared."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

SocketAddress = tuple[Any, ...]
"""(host, port) for IPv4, (host, port, flow, scope id) for IPv6."""


def endpoint(address: str, port: int) -> tuple[int, SocketAddress]:
    """The family and socket address of a numeric address, which may carry a %scope.

    Never looks a name up. Raises ValueError with a sentence if it is no address of this machine's
    families and interfaces.
    """
    try:
        # Not by getaddrinfo, which takes "10.1" for an address: a typing error is none.
        packed = socket.inet_pton(socket.AF_INET, address)
        return int(socket.AF_INET), (socket.inet_ntop(socket.AF_INET, packed), port)
    except (OSError, ValueError):
        pass
    try:
        parsed = ipaddress.ip_address(_unmapped(address))
        if parsed.version == 4:
            return int(socket.AF_INET), (str(parsed), port)
        found = socket.getaddrinfo(
            str(parsed), port, type=socket.SOCK_DGRAM, flags=socket.AI_NUMERICHOST
        )
    except (ValueError, OSError):
        raise ValueError(f"{address!r} is not an address this machine can use") from None
    return int(found[0][0]), found[0][4]


def plain(address: str) -> str:
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

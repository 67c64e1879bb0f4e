"""Interfaces, next hops and neighbours of this machine, from the kernel (rtnetlink(7))."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
import struct
import sys
from collections.abc import Iterator
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from probes.vantage.local.receive import canonical_address

if TYPE_CHECKING:
    from collections.abc import Mapping

# linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h
ROUTE = 0
"""The protocol of a socket that asks for these."""
MESSAGE = struct.Struct("=IHHII")
"""Head of a message: its length, kind, flags, sequence number and port."""
ATTRIBUTE = struct.Struct("=HH")
"""Head of an attribute: its length and kind."""
_DONE, _NEW_ADDRESS, _GET_ADDRESS = 3, 20, 22
_REQUEST_DUMP = 0x301
_ADDRESS, _LOCAL = 1, 2
_IFADDR = struct.Struct("=BBBBI")
_FAMILIES = {socket.AF_INET: 4, socket.AF_INET6: 16}

_MAX_MESSAGES = 1024
"""Datagrams of one dump; each holds dozens of addresses."""
_INTERFACES_TIMEOUT = 1.0
_NEW_ROUTE, _GET_ROUTE = 24, 26
_REQUEST = 1
_DESTINATION, _GATEWAY, _VIA = 1, 5, 18
_ROUTE_MESSAGE = struct.Struct("=BBBBBBBBI")
_FAMILY = struct.Struct("=H")
_NEXT_HOP_TIMEOUT = 0.2

ARP = Path("/proc/net/arp")
_MAX_ARP_BYTES = 4 * 1024 * 1024
_GC_THRESHOLD = 128
"""Entries from which on the kernel may drop some (arp(7), gc_thresh1)."""
_COMPLETE, _PUBLISHED = 0x2, 0x8
_ETHERNET = "0x1"
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_ZERO_MAC = "00:00:00:00:00:00"


def interfaces() -> Mapping[str, str]:
    """The interface of each address, without %scope; never raises.

    Empty where the system does not tell. An address that several interfaces have is left out, as
    the address of a link often is: nothing tells which of them was used.
    """
    found: dict[str, set[str]] = {}
    if sys.platform == "linux":
        with contextlib.suppress(OSError, struct.error):
            for address, index in _dump_addresses():
                found.setdefault(address, set()).add(socket.if_indextoname(index))
    return MappingProxyType(
        {address: next(iter(names)) for address, names in found.items() if len(names) == 1}
    )


def interface_of(source: str, known: Mapping[str, str]) -> str | None:
    """The interface of a source address, which its %scope names if it has one."""
    _, _, scope = source.partition("%")
    return scope or known.get(canonical_address(source))


def _dump_addresses() -> Iterator[tuple[str, int]]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, ROUTE) as sock:
        sock.settimeout(_INTERFACES_TIMEOUT)
        body = _IFADDR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        head = MESSAGE.pack(MESSAGE.size + len(body), _GET_ADDRESS, _REQUEST_DUMP, 1, 0)
        sock.sendto(head + body, (0, 0))
        for _ in range(_MAX_MESSAGES):
            data, sender = sock.recvfrom(65536)
            if sender[0] != 0:
                # Only messages of the kernel count.
                continue
            for kind, message in messages(data):
                if kind == _NEW_ADDRESS:
                    yield from _address(message)
                else:
                    return


def _address(message: bytes) -> Iterator[tuple[str, int]]:
    family, _, _, _, index = _IFADDR.unpack_from(message)
    size = _FAMILIES.get(family)
    found = dict(attributes(message[_IFADDR.size :]))
    # Of a point-to-point link ADDRESS is the other end.
    packed = found.get(_LOCAL) or found.get(_ADDRESS)
    if size is not None and packed is not None and len(packed) == size:
        yield canonical_address(socket.inet_ntop(family, packed)), index


def next_hop(address: str) -> str | None:
    """The next router; empty for an address on a segment of ours, None where it is not known.

    Sends no packet and never raises; `address` is numeric and may carry a %scope.
    """
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError, ValueError, struct.error):
        return _query_route(ipaddress.ip_address(address.partition("%")[0]))
    return None


def _query_route(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
    family = socket.AF_INET6 if address.version == 6 else socket.AF_INET
    packed = address.packed
    body = _ROUTE_MESSAGE.pack(family, len(packed) * 8, 0, 0, 0, 0, 0, 0, 0)
    body += ATTRIBUTE.pack(ATTRIBUTE.size + len(packed), _DESTINATION) + packed
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, ROUTE) as sock:
        sock.settimeout(_NEXT_HOP_TIMEOUT)
        head = MESSAGE.pack(MESSAGE.size + len(body), _GET_ROUTE, _REQUEST, 1, 0)
        sock.sendto(head + body, (0, 0))
        data, sender = sock.recvfrom(65536)
    if sender[0] != 0:
        return None
    for kind, message in messages(data):
        if kind == _NEW_ROUTE:
            found = dict(attributes(message[_ROUTE_MESSAGE.size :]))
            if via := found.get(_VIA):
                (family,) = _FAMILY.unpack_from(via)
                return socket.inet_ntop(family, via[_FAMILY.size :])
            return socket.inet_ntop(family, found[_GATEWAY]) if _GATEWAY in found else ""
    return None


class NeighbourCache:
    """The kernel's ARP cache, read at most once in a turn of the loop; sends no packet.

    Where there is no such file no host has a MAC address.
    """

    def __init__(self, path: Path = ARP) -> None:
        self._path = path
        self._text: str | None = None

    def mac(self, address: str) -> str:
        """The MAC address an IPv4 host on an Ethernet segment of ours has just answered from.

        Empty for a host behind a router, for an entry that is not complete, and where two
        interfaces disagree.
        """
        found = {_mac_of(line) for line in self._entries(address)} - {""}
        return found.pop() if len(found) == 1 else ""

    def has_no_reply(self, address: str) -> bool:
        """True if an IPv4 host is on a segment of ours and has not answered ARP so far."""
        lines = self._entries(address)
        return bool(lines) and all(_flags(line) == 0 for line in lines)

    def unresolved(self, address: str, router: str | None) -> str | None:
        """The hop without an ARP reply on the way to an IPv4 address: itself, or the next `router`.

        Empty where neither is so, None where that cannot be told.
        """
        hop = router or address
        if router is None or ":" in hop:
            return None
        if self.has_no_reply(hop):
            return hop
        # A full cache drops the entries of those that have just been asked in vain.
        known = (self._text or "").count("\n")
        return "" if 0 < known < _GC_THRESHOLD else None

    def _entries(self, address: str) -> list[str]:
        if self._text is None:
            self._text = self._read()
            # What is answered in this turn is in the cache already; later answers may not be.
            asyncio.get_running_loop().call_soon(self._invalidate)
        begin = f"\n{address} "
        return [part.partition("\n")[0] for part in self._text.split(begin)[1:]]

    def _invalidate(self) -> None:
        self._text = None

    def _read(self) -> str:
        try:
            with self._path.open("rb") as file:
                return file.read(_MAX_ARP_BYTES).decode("ascii", "replace")
        except OSError:
            return ""


def _flags(line: str) -> int | None:
    words = line.split()
    try:
        return int(words[1], 16)
    except (IndexError, ValueError):
        return None


def _mac_of(line: str) -> str:
    """The MAC address in a line after its IP address; empty if it is none to rely on."""
    kind, _, mac = (*line.split(), "", "", "")[:3]
    known = _flags(line) or 0
    usable = known & _COMPLETE and not known & _PUBLISHED and kind == _ETHERNET
    return mac if usable and mac != _ZERO_MAC and _MAC.fullmatch(mac) else ""


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each message in a datagram; what is cut off is left out."""
    while len(data) >= MESSAGE.size:
        length, kind, *_ = MESSAGE.unpack_from(data)
        if length < MESSAGE.size:
            return
        yield kind, data[MESSAGE.size : length]
        data = data[_aligned(length) :]


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and value of each attribute behind the head of a message."""
    while len(data) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(data)
        if length < ATTRIBUTE.size:
            return
        yield kind, data[ATTRIBUTE.size : length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3

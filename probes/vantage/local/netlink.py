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

from probes.vantage.local.receive import plain

if TYPE_CHECKING:
    from collections.abc import Mapping


# linux/netlink.h, linux/rtnetlink.h
ROUTE = 0
"""The protocol of a socket that asks for these."""
MESSAGE = struct.Struct("=IHHII")
"""Head of a message: its length, kind, flags, sequence number and port."""
ATTRIBUTE = struct.Struct("=HH")
"""Head of an attribute: its length and kind."""


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


# linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h
_DONE, _NEW_ADDRESS, _GET_ADDRESS = 3, 20, 22
_REQUEST_DUMP = 0x301
_ADDRESS, _LOCAL = 1, 2
_IFADDR = struct.Struct("=BBBBI")
_FAMILIES = {socket.AF_INET: 4, socket.AF_INET6: 16}

_MOST_MESSAGES = 1024
"""Datagrams of one dump; each holds dozens of addresses."""
_INTERFACES_TIMEOUT = 1.0


def interfaces() -> Mapping[str, str]:
    """The interface of each address, without %scope; never raises.

    Empty where the system does not tell. An address that several interfaces have is left out, as
    the address of a link often is: nothing tells which of them was used.
    """
    found: dict[str, set[str]] = {}
    if sys.platform == "linux":
        with contextlib.suppress(OSError, struct.error):
            for address, index in _dump():
                found.setdefault(address, set()).add(socket.if_indextoname(index))
    return MappingProxyType(
        {address: next(iter(names)) for address, names in found.items() if len(names) == 1}
    )


def interface_of(source: str, known: Mapping[str, str]) -> str | None:
    """The interface of a source address, which its %scope names if it has one."""
    _, _, scope = source.partition("%")
    return scope or known.get(plain(source))


def _dump() -> Iterator[tuple[str, int]]:
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, ROUTE) as sock:
        sock.settimeout(_INTERFACES_TIMEOUT)
        body = _IFADDR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        head = MESSAGE.pack(MESSAGE.size + len(body), _GET_ADDRESS, _REQUEST_DUMP, 1, 0)
        sock.sendto(head + body, (0, 0))
        for _ in range(_MOST_MESSAGES):
            data, sender = sock.recvfrom(65536)
            if sender[0] != 0:
                # Only the kernel is believed.
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
        yield plain(socket.inet_ntop(family, packed)), index


# linux/rtnetlink.h, linux/netlink.h
_NEW_ROUTE, _GET_ROUTE = 24, 26
_REQUEST = 1
_DESTINATION, _GATEWAY, _VIA = 1, 5, 18
_ROUTE_MESSAGE = struct.Struct("=BBBBBBBBI")
_FAMILY = struct.Struct("=H")
_NEXT_HOP_TIMEOUT = 0.2


def next_hop(address: str) -> str | None:
    """The next router; empty where the address is on a segment of ours, None where nobody tells.

    Sends no packet and never raises; `address` is numeric and may carry a %scope.
    """
    if sys.platform != "linux":
        return None
    with contextlib.suppress(OSError, ValueError, struct.error):
        return _asked(ipaddress.ip_address(address.partition("%")[0]))
    return None


def _asked(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> str | None:
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


ARP = Path("/proc/net/arp")
_MOST_ARP_BYTES = 4 * 1024 * 1024
_FORGETS = 128
"""Entries from which on the kernel may drop some (arp(7), gc_thresh1)."""
_COMPLETE, _PUBLISHED = 0x2, 0x8
_ETHERNET = "0x1"
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_NONE = "00:00:00:00:00:00"


class Neighbours:
    """Looks neighbours up; costs no packet, and one reading of the cache for each turn of a loop.

    Where there is no such file nobody has a MAC address.
    """

    def __init__(self, path: Path = ARP) -> None:
        self._path = path
        self._text: str | None = None

    def mac(self, address: str) -> str:
        """The MAC address an IPv4 host on an Ethernet segment of ours has just answered from.

        Empty for a host behind a router, for an entry that is not complete, and where two
        interfaces disagree.
        """
        found = {_complete(line) for line in self._lines(address)} - {""}
        return found.pop() if len(found) == 1 else ""

    def missing(self, address: str) -> bool:
        """Whether an IPv4 host would be on a segment of ours and has not answered ARP so far."""
        lines = self._lines(address)
        return bool(lines) and all(_flags(line) == 0 for line in lines)

    def unanswered(self, address: str, router: str | None) -> str | None:
        """Who does not answer ARP on the way to an IPv4 address: itself, or the next `router`.

        Empty where neither is so, None where that cannot be told.
        """
        hop = router or address
        if router is None or ":" in hop:
            return None
        if self.missing(hop):
            return hop
        # A full cache forgets whom it has just asked in vain.
        known = (self._text or "").count("\n")
        return "" if 0 < known < _FORGETS else None

    def _lines(self, address: str) -> list[str]:
        if self._text is None:
            self._text = self._read()
            # What is answered in this turn is in the cache already; later answers may not be.
            asyncio.get_running_loop().call_soon(self._forget)
        begin = f"\n{address} "
        return [part.partition("\n")[0] for part in self._text.split(begin)[1:]]

    def _forget(self) -> None:
        self._text = None

    def _read(self) -> str:
        try:
            with self._path.open("rb") as file:
                return file.read(_MOST_ARP_BYTES).decode("ascii", "replace")
        except OSError:
            return ""


def _flags(line: str) -> int | None:
    words = line.split()
    try:
        return int(words[1], 16)
    except (IndexError, ValueError):
        return None


def _complete(line: str) -> str:
    """The MAC address in a line after its IP address; empty if it is none to rely on."""
    kind, _, mac = (*line.split(), "", "", "")[:3]
    known = _flags(line) or 0
    usable = known & _COMPLETE and not known & _PUBLISHED and kind == _ETHERNET
    return mac if usable and mac != _NONE and _MAC.fullmatch(mac) else ""

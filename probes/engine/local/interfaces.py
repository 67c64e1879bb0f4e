"""Which interface has which address of this machine: a netlink dump (rtnetlink(7)), Linux only."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
from collections.abc import Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING

from probes.engine.local.address import plain
from probes.engine.local.netlink import MESSAGE, ROUTE, attributes, messages

if TYPE_CHECKING:
    from collections.abc import Mapping

# linux/netlink.h, linux/rtnetlink.h, linux/if_addr.h
_DONE, _NEW_ADDRESS, _GET_ADDRESS = 3, 20, 22
_REQUEST_DUMP = 0x301
_ADDRESS, _LOCAL = 1, 2
_IFADDR = struct.Struct("=BBBBI")
_FAMILIES = {socket.AF_INET: 4, socket.AF_INET6: 16}

_MOST = 1024
"""Datagrams of one dump; each holds dozens of addresses."""
_PATIENCE = 1.0


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
        sock.settimeout(_PATIENCE)
        body = _IFADDR.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
        head = MESSAGE.pack(MESSAGE.size + len(body), _GET_ADDRESS, _REQUEST_DUMP, 1, 0)
        sock.sendto(head + body, (0, 0))
        for _ in range(_MOST):
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

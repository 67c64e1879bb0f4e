"""The router this machine sends through to reach an address, as its kernel says (rtnetlink(7))."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys

from probes.engine.local.netlink import ATTRIBUTE, MESSAGE, ROUTE, attributes, messages

# linux/rtnetlink.h, linux/netlink.h
_NEW_ROUTE, _GET_ROUTE = 24, 26
_REQUEST = 1
_DESTINATION, _GATEWAY, _VIA = 1, 5, 18
_ROUTE_MESSAGE = struct.Struct("=BBBBBBBBI")
_FAMILY = struct.Struct("=H")
_PATIENCE = 0.2


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
        sock.settimeout(_PATIENCE)
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

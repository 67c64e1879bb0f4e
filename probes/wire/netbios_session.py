"""NetBIOS over TCP: the session request and its answer (RFC 1002 4.3)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from probes.wire.netbios import SERVER, WORKSTATION, encoded

CALLED = b"*SMBSERVER"
"""The name every server of files answers to, whatever its own is."""
CALLING = b"AUDITREACH"

_REQUEST, _POSITIVE, _NEGATIVE, _RETARGET, _KEEP_ALIVE = 0x81, 0x82, 0x83, 0x84, 0x85
_SIZES = {_POSITIVE: 0, _NEGATIVE: 1, _RETARGET: 6, _KEEP_ALIVE: 0}
_REFUSALS = {
    0x80: "nobody listens on the name *SMBSERVER",
    0x81: "it does not listen to this caller",
    0x82: "the name *SMBSERVER is not present",
    0x83: "it is out of resources",
    0x8F: "for no reason it names",
}


class Malformed(Exception):
    """The bytes are no answer to a session request; the text says why."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a session request: taken when both fields are empty."""

    refused: str = ""
    """Why not, in words."""
    retarget: str = ""
    """ADDRESS:PORT where the name is to be called instead."""


def session_request() -> bytes:
    """Call a server's file service, 72 bytes (RFC 1002 4.3.2)."""
    names = encoded(CALLED, SERVER) + encoded(CALLING, WORKSTATION)
    return struct.pack(">BBH", _REQUEST, 0, len(names)) + names


def reply(data: bytes) -> tuple[Reply, int] | None:
    """The answer at the start of `data` and where it ends; None while more is needed.

    Keep-alives before it are passed over. Raises Malformed as soon as the bytes are none.
    """
    at = 0
    while at < len(data):
        kind = data[at]
        if kind not in _SIZES:
            raise Malformed("no packet of the session service")
        head = data[at : at + 4]
        if len(head) < 4:
            return None
        size = _SIZES[kind]
        if head[1:] != bytes((0, 0, size)):
            raise Malformed("a packet of another length than its kind has")
        body = data[at + 4 : at + 4 + size]
        if len(body) < size:
            return None
        at += 4 + size
        if kind != _KEEP_ALIVE:
            return _reply(kind, body), at
    return None


def _reply(kind: int, body: bytes) -> Reply:
    if kind == _NEGATIVE:
        return Reply(refused=_REFUSALS.get(body[0], f"with the code 0x{body[0]:02x}"))
    if kind == _RETARGET:
        address, port = struct.unpack(">4sH", body)
        return Reply(retarget=f"{ipaddress.IPv4Address(address)}:{port}")
    return Reply()

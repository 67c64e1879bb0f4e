"""Connectionless DCE/RPC: the head of a datagram from a server (C706 12.5)."""

from __future__ import annotations

import struct

from probes.wire.dcerpc import Malformed

VERSION = 4
KINDS = {
    2: "response",
    3: "fault",
    4: "working",
    5: "nocall",
    6: "reject",
    9: "fack",
    10: "cancel_ack",
}
"""Kinds of PDU that servers send (C706 12.1)."""

_HEAD = struct.Struct("BBBB3sB16s16s16s")
_REST = struct.Struct("IIIHHHHHBB")
_SIZE = 80
_KIND_BITS = 0x1F
_LAST_FLOAT = 3


def kind_of(data: bytes) -> str:
    """Name of the kind of PDU in a datagram from a server; raises Malformed for what is none."""
    if len(data) < _SIZE:
        raise Malformed("shorter than the head of a PDU")
    version, kind, _, _, drep, _, _, _, activity = _HEAD.unpack_from(data)
    if version != VERSION or kind & _KIND_BITS not in KINDS:
        raise Malformed(f"version {version} and kind {kind & _KIND_BITS}")
    if drep[0] & 0xEE or drep[1] > _LAST_FLOAT or drep[2]:
        raise Malformed("a data representation that does not exist")
    order = "<" if drep[0] & 0xF0 else ">"
    *_, size, _, authentication, _ = struct.unpack_from(order + _REST.format, data, _HEAD.size)
    if not any(activity):
        raise Malformed("no activity that it belongs to")
    if size > len(data) - _SIZE or (size < len(data) - _SIZE and not authentication):
        raise Malformed("another length than announced")
    return KINDS[kind & _KIND_BITS]

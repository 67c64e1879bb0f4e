"""Connection-oriented DCE/RPC: the few PDUs a client needs (C706 chapter 12, MS-RPCE 2.2.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

VERSION = 5
REQUEST, RESPONSE, FAULT, BIND, BIND_ACK, BIND_NAK = 0, 2, 3, 11, 12, 13
"""Kinds of PDU (C706 12.6.4)."""
FIRST, LAST = 0x01, 0x02
"""Flags of a fragment."""
ACCESS_DENIED = 5
"""Fault status of a server that wants a login first."""
MAX_FRAGMENT = 5840
"""Bytes of a fragment we offer to receive, what Windows offers."""

_HEADER = struct.Struct("<BBBB4sHHI")
_LITTLE_ENDIAN = bytes((0x10, 0, 0, 0))
_FROM_SERVER = frozenset({RESPONSE, FAULT, BIND_ACK, BIND_NAK, 15, 17})
_AUTH_TRAILER = 8


class Malformed(Exception):
    """The bytes are not DCE/RPC; the text says why."""


@dataclass(frozen=True, slots=True)
class Interface:
    """An interface or a transfer syntax: its UUID and version."""

    uuid: UUID
    major: int
    minor: int = 0


NDR = Interface(UUID("8a885d04-1ceb-11c9-9fe8-08002b104860"), 2)


@dataclass(frozen=True, slots=True)
class Pdu:
    """One fragment without its header and its authentication trailer.

    `order` is the sender's byte order in the form `struct` wants, `<` or `>`.
    """

    kind: int
    flags: int
    order: str
    call: int
    body: bytes


def bind(call: int, interface: Interface) -> bytes:
    """Ask to speak one interface over this connection, without a login (C706 12.6.4.3)."""
    context = struct.pack("<HBB", 0, 1, 0) + _syntax(interface) + _syntax(NDR)
    head = struct.pack("<HHIB3x", MAX_FRAGMENT, MAX_FRAGMENT, 0, 1)
    return _pdu(BIND, call, head + context)


def request(call: int, opnum: int, stub: bytes) -> bytes:
    """Call one operation of the interface that was bound (C706 12.6.4.9)."""
    return _pdu(REQUEST, call, struct.pack("<IHH", len(stub), 0, opnum) + stub)


def pdu(data: bytes) -> tuple[Pdu, int] | None:
    """The fragment at the start of `data` and its size in bytes; None while more is needed.

    Raises Malformed as soon as the bytes cannot become one.
    """
    if data[:1] not in (b"", b"\x05"):
        raise Malformed("not version 5 of DCE/RPC")
    if len(data) < _HEADER.size:
        return None
    _, minor, kind, flags, drep, *_ = _HEADER.unpack_from(data)
    if minor > 1 or kind not in _FROM_SERVER:
        raise Malformed(f"a PDU of version 5.{minor} and kind {kind}")
    order = "<" if drep[0] & 0xF0 else ">"
    size, auth, call = struct.unpack_from(order + "HHI", data, 8)
    end = size - (auth + _AUTH_TRAILER if auth else 0)
    if end < _HEADER.size:
        raise Malformed("shorter than its own header")
    if len(data) < size:
        return None
    return Pdu(kind, flags, order, call, data[_HEADER.size : end]), size


def is_accepted(ack: Pdu) -> bool:
    """True if a bind_ack accepts the requested interface (C706 12.6.4.4)."""
    (size,) = _unpack(ack.order + "H", ack.body, 8)
    at = 10 + size
    at += -at % 4
    count, result = _unpack(ack.order + "B3xH", ack.body, at)
    return bool(count) and result == 0


def fault_status(fault: Pdu) -> int:
    """Status of a failed call, an NTSTATUS or an nca status (C706 12.6.4.7)."""
    (status,) = _unpack(fault.order + "I", fault.body, 8)
    return status


def stub(response: Pdu) -> bytes:
    """The part of an operation's results in this fragment (C706 12.6.4.10)."""
    _unpack("8x", response.body, 0)
    return response.body[8:]


def _pdu(kind: int, call: int, body: bytes) -> bytes:
    size = _HEADER.size + len(body)
    return _HEADER.pack(VERSION, 0, kind, FIRST | LAST, _LITTLE_ENDIAN, size, 0, call) + body


def _syntax(interface: Interface) -> bytes:
    return interface.uuid.bytes_le + struct.pack("<HH", interface.major, interface.minor)


def _unpack(form: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except struct.error:
        raise Malformed("cut off in a PDU") from None

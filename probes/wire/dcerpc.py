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
MIN_FRAGMENT = 1432
"""Bytes of a fragment that everybody must be able to receive (C706 12.6.3.1)."""

_HEADER = struct.Struct("<BBBB4sHHI")
_LITTLE_ENDIAN = bytes((0x10, 0, 0, 0))
_FROM_SERVER = frozenset({RESPONSE, FAULT, BIND_ACK, BIND_NAK, 15, 17})
_AUTH_TRAILER = 8
_LAST_FLOAT = 3
"""The last representation of floating point numbers (C706 14.2)."""
_RESULT_SIZE = 24
_BARE_NAK = 5
_ACCEPTED = 0
_REFUSED_BY = {1: "the interface's own program", 2: "the RPC server"}
_NO_INTERFACE = 1
_REFUSALS = {
    0: "no reason given",
    _NO_INTERFACE: "the interface is not served",
    2: "the transfer syntax is not supported",
    3: "a local limit is exceeded",
}
"""Reasons for rejecting a context (C706 12.6.3.1)."""
_NAK_REASONS = {
    0: "no reason given",
    1: "temporary congestion",
    2: "a local limit is exceeded",
    3: "the called address is not known",
    4: "the protocol version is not supported",
    5: "the default context is not supported",
    6: "the user data is not readable",
    7: "no address is available",
    8: "the authentication type is not recognized",
    9: "the checksum is not valid",
}
"""Reasons of a bind_nak (C706 12.6.3.1, MS-RPCE 2.2.2.5)."""


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


@dataclass(frozen=True, slots=True)
class BindAnswer:
    """The answer to a bind; without a refusal the interface may be called."""

    refusal: str = ""
    """The reason for refusing it, as the end of a sentence."""
    no_interface: bool = False
    """The server speaks RPC and does not serve this interface."""


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
    if drep[0] & 0xEE or drep[1] > _LAST_FLOAT or any(drep[2:]):
        raise Malformed("a data representation that does not exist")
    order = "<" if drep[0] & 0xF0 else ">"
    size, auth, call = struct.unpack_from(order + "HHI", data, 8)
    end = size - (auth + _AUTH_TRAILER if auth else 0)
    if end < _HEADER.size:
        raise Malformed("shorter than its own header")
    if len(data) < size:
        return None
    return Pdu(kind, flags, order, call, data[_HEADER.size : end]), size


def bind_answer(answer: Pdu) -> BindAnswer:
    """The answer to a bind of one interface with NDR; raises Malformed for what is none.

    A bind_ack (C706 12.6.4.4), a bind_nak (12.6.4.5, MS-RPCE 2.2.2.9), or a fault in place of them.
    """
    if answer.flags & (FIRST | LAST) != FIRST | LAST:
        raise Malformed("an answer to a bind in more than one fragment")
    if answer.kind == BIND_ACK:
        return _bind_ack(answer)
    if answer.kind == BIND_NAK:
        return BindAnswer(_nak_reason(answer))
    if answer.kind == FAULT:
        status = fault_status(answer)
        if status == ACCESS_DENIED:
            return BindAnswer("access is denied without a login")
        return BindAnswer(f"a fault with status 0x{status:08x}")
    raise Malformed(f"a PDU of kind {answer.kind}")


def _bind_ack(ack: Pdu) -> BindAnswer:
    """The result of the first context; the sizes and the list of results must be as announced."""
    most_sent, most_received, _, size = _unpack(ack.order + "HHIH", ack.body, 0)
    if min(most_sent, most_received) < MIN_FRAGMENT:
        raise Malformed("fragments smaller than RPC allows")
    address = ack.body[10 : 10 + size].removesuffix(b"\0")
    if not address.isascii() or not address.decode("ascii").isprintable():
        raise Malformed("a secondary address that is no text")
    at = 10 + size
    at += -at % 4
    (count,) = _unpack(ack.order + "B3x", ack.body, at)
    results = ack.body[at + 4 :]
    if not count or len(results) != count * _RESULT_SIZE:
        raise Malformed("another number of results than announced")
    result, reason = _unpack(ack.order + "HH", results, 0)
    if result == _ACCEPTED:
        if results[4:_RESULT_SIZE] != _syntax(NDR, ack.order):
            raise Malformed("a transfer syntax that was not proposed")
        return BindAnswer()
    if result not in _REFUSED_BY or reason not in _REFUSALS:
        raise Malformed(f"the result {result} with the reason {reason}")
    return BindAnswer(f"{_REFUSALS[reason]} ({_REFUSED_BY[result]})", reason == _NO_INTERFACE)


def _nak_reason(nak: Pdu) -> str:
    (reason,) = _unpack(nak.order + "H", nak.body, 0)
    if reason not in _NAK_REASONS:
        raise Malformed(f"a refusal of a bind with the reason {reason}")
    count = nak.body[2] if len(nak.body) > 2 else 0
    versions = nak.body[3 : 3 + 2 * count]
    if count and (len(versions) < 2 * count or VERSION not in versions[::2]):
        raise Malformed("a refusal of a bind without this version of RPC")
    if not count and (len(nak.body) > _BARE_NAK or any(nak.body[2:])):
        # Some servers leave the list out; what then follows can only be padding.
        raise Malformed("a refusal of a bind without versions")
    return _NAK_REASONS[reason]


def fault_status(fault: Pdu) -> int:
    """Status of a failed call, an NTSTATUS or an nca status (C706 12.6.4.7)."""
    (status,) = _unpack(fault.order + "I", fault.body, 8)
    if not status:
        raise Malformed("a fault without a status")
    return status


def stub(response: Pdu) -> bytes:
    """The part of an operation's results in this fragment (C706 12.6.4.10)."""
    _unpack("8x", response.body, 0)
    return response.body[8:]


def _pdu(kind: int, call: int, body: bytes) -> bytes:
    size = _HEADER.size + len(body)
    return _HEADER.pack(VERSION, 0, kind, FIRST | LAST, _LITTLE_ENDIAN, size, 0, call) + body


def _syntax(interface: Interface, order: str = "<") -> bytes:
    uuid = interface.uuid.bytes_le if order == "<" else interface.uuid.bytes
    return uuid + struct.pack(order + "I", interface.minor << 16 | interface.major)


def _unpack(form: str, data: bytes, at: int) -> tuple[int, ...]:
    try:
        return struct.unpack_from(form, data, at)
    except struct.error:
        raise Malformed("cut off in a PDU") from None

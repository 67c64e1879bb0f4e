"""NetBIOS over TCP/IP: name, datagram and session service (RFC 1001, RFC 1002)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

from probes.wire.text import printable

NBSTAT = 0x0021
INTERNET = 0x0001
_RESPONSE = 0x8000
_OPCODE = 0x7800
_RCODE = 0x000F
_GROUP = 0x8000
_ACTIVE = 0x0400
_NAME = struct.Struct(">15sBH")
_HEADER = struct.Struct(">6H")
_RECORD = struct.Struct(">HHIH")
_MAX_LABELS = 16
_DATAGRAM_QUERY = 0x14
_FIRST_B_NODE = 0x02
_DATAGRAM = struct.Struct(">BBH4sH")
_DATAGRAM_RESERVED = 0xF0
_DIRECT = frozenset({0x10, 0x11, 0x12})
_DATAGRAM_ERROR = 0x13
_QUERY_RESPONSES = {
    0x15: "it knows the name *SMBSERVER",
    0x16: "it does not know the name *SMBSERVER",
}
_DATAGRAM_ERRORS = {
    0x82: "destination name not present",
    0x83: "invalid source name format",
    0x84: "invalid destination name format",
}
"""Codes of a datagram error (RFC 1002 4.4.4)."""

WORKSTATION = 0x00
CONTROLLERS = 0x1C
SERVER = 0x20

CALLED_NAME = b"*SMBSERVER"
"""The name every server of files answers to, whatever its own is."""
CALLING_NAME = b"AUDITREACH"

_REQUEST, _POSITIVE, _NEGATIVE, _RETARGET, _KEEP_ALIVE = 0x81, 0x82, 0x83, 0x84, 0x85
_SIZES = {_POSITIVE: 0, _NEGATIVE: 1, _RETARGET: 6, _KEEP_ALIVE: 0}
_REFUSALS = {
    0x80: "not listening on called name",
    0x81: "not listening for calling name",
    0x82: "called name not present",
    0x83: "called name present, but insufficient resources",
    0x8F: "unspecified error",
}
"""Codes of a negative session response (RFC 1002 4.3.4)."""
KEEP_ALIVE = b"\x85\0\0\0"
"""A packet that may stand between any two others (RFC 1002 4.3.7)."""


class Malformed(Exception):
    """The datagram is not an answer to what was asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Name:
    """One name a node has claimed (RFC 1002 4.2.18); `suffix` is the 16th byte, the service."""

    text: str
    suffix: int
    group: bool
    active: bool


@dataclass(frozen=True, slots=True)
class NodeStatus:
    """The name table of a node and its unit id; `mac` is empty where the node reports zeros."""

    names: tuple[Name, ...]
    mac: str

    @property
    def computer(self) -> str:
        """The node's own name, from its workstation or server service; empty if it has none."""
        for suffix in (WORKSTATION, SERVER):
            for name in self.names:
                if name.suffix == suffix and not name.group:
                    return name.text
        return ""

    @property
    def workgroup(self) -> str:
        """The workgroup or domain, from the group names; empty if there is none."""
        for suffix in (WORKSTATION, CONTROLLERS):
            for name in self.names:
                if name.suffix == suffix and name.group:
                    return name.text
        return ""


def encode_name(name: bytes, suffix: int, pad: bytes = b" ") -> bytes:
    """A name in first-level encoding with its length and root bytes: 34 bytes (RFC 1001 14.1).

    Raises ValueError for a name of more than 15 bytes.
    """
    if len(name) > 15:
        raise ValueError("a NetBIOS name has at most 15 bytes")
    whole = name + pad * (15 - len(name)) + bytes([suffix])
    halves = bytes(half + 0x41 for byte in whole for half in (byte >> 4, byte & 15))
    return bytes([len(halves)]) + halves + b"\0"


WILDCARD = encode_name(b"*", 0, b"\0")


def node_status_request(id: int) -> bytes:
    """Ask a node for its name table, 50 bytes (RFC 1002 4.2.17)."""
    return _HEADER.pack(id, 0, 1, 0, 0, 0) + WILDCARD + struct.pack(">HH", NBSTAT, INTERNET)


def node_status(data: bytes, id: int) -> NodeStatus:
    """The name table in a node status response (RFC 1002 4.2.18); raises Malformed."""
    if len(data) < _HEADER.size:
        raise Malformed("shorter than a header")
    got, flags, questions, answers, _, _ = _HEADER.unpack_from(data)
    if got != id:
        raise Malformed("the answer to another question")
    if not flags & _RESPONSE or flags & _OPCODE or flags & _RCODE:
        raise Malformed("not a positive response to a query")
    if questions or answers != 1:
        raise Malformed("not exactly one record")
    at = _skip_name(data, _HEADER.size)
    if len(data) < at + _RECORD.size:
        raise Malformed("cut off in the record")
    kind, network, _, length = _RECORD.unpack_from(data, at)
    if (kind, network) != (NBSTAT, INTERNET):
        raise Malformed("a record of another type")
    at += _RECORD.size
    rdata = data[at : at + length]
    if len(rdata) < length or not rdata:
        raise Malformed("cut off in the name table")
    table, rest = rdata[1 : 1 + rdata[0] * _NAME.size], rdata[1 + rdata[0] * _NAME.size :]
    if len(table) != rdata[0] * _NAME.size:
        raise Malformed("fewer names than announced")
    names = tuple(
        Name(_text(raw), suffix, bool(bits & _GROUP), bool(bits & _ACTIVE))
        for raw, suffix, bits in _NAME.iter_unpack(table)
    )
    unit = rest[:6]
    mac = unit.hex(":") if len(unit) == 6 and any(unit) else ""
    return NodeStatus(names, mac)


def datagram_query(id: int, source: str, port: int, name: bytes = b"*SMBSERVER") -> bytes:
    """A datagram query request, 44 bytes: asks whether a name is known and carries no user data.

    An end node that is no distribution server drops it (RFC 1002 4.4.3, 5.3.3). Raises
    ValueError if `source` is no IPv4 address.
    """
    address = ipaddress.IPv4Address(source).packed
    head = _DATAGRAM.pack(_DATAGRAM_QUERY, _FIRST_B_NODE, id, address, port)
    return head + encode_name(name, SERVER)


def datagram_reply(data: bytes, id: int, address: str, name: bytes = b"*SMBSERVER") -> str:
    """The answer to a datagram query in words, or that `address` has sent a datagram by itself.

    A query response repeats the id and the name (RFC 1002 4.4.3), an error the id (4.4.4); a
    datagram names its node and ends as its head says (4.4.1). Raises Malformed for anything else.
    """
    if len(data) < _DATAGRAM.size:
        raise Malformed("shorter than the head of a datagram")
    kind, flags, got, source, _ = _DATAGRAM.unpack_from(data)
    rest = data[_DATAGRAM.size :]
    if flags & _DATAGRAM_RESERVED:
        raise Malformed("flags that do not exist")
    if kind in _DIRECT:
        return _direct_datagram(rest, source, address)
    if kind not in (_DATAGRAM_ERROR, *_QUERY_RESPONSES):
        raise Malformed(f"a datagram of kind 0x{kind:02x}")
    if got != id:
        raise Malformed("the answer to another question")
    if kind == _DATAGRAM_ERROR:
        if len(rest) != 1 or rest[0] not in _DATAGRAM_ERRORS:
            raise Malformed("an error that does not exist")
        return f"it answers with the error {_DATAGRAM_ERRORS[rest[0]]} (0x{rest[0]:02x})"
    if rest != encode_name(name, SERVER):
        raise Malformed("a response about another name")
    return _QUERY_RESPONSES[kind]


def _direct_datagram(rest: bytes, source: bytes, address: str) -> str:
    """A unique, group or broadcast datagram, of which `rest` follows the source port."""
    length, offset, at = int.from_bytes(rest[:2], "big"), rest[2:4], 4
    for _ in range(2):
        at = _skip_name(rest, at)
    if length != len(rest) - 4 or any(offset):
        raise Malformed("another length than announced")
    if not _is_source(address, source):
        raise Malformed("a datagram of another node")
    return "it sends datagrams"


def _is_source(address: str, packed: bytes) -> bool:
    """True if a packed IPv4 address is that of the host that was asked."""
    asked = ipaddress.ip_address(address.partition("%")[0])
    mapped = asked.ipv4_mapped if isinstance(asked, ipaddress.IPv6Address) else asked
    return mapped is not None and mapped.packed == packed


def _skip_name(data: bytes, at: int) -> int:
    """The offset after a name: labels up to the root byte, or a pointer (RFC 1002 4.1)."""
    for _ in range(_MAX_LABELS):
        if at >= len(data):
            raise Malformed("cut off in the name")
        size = data[at]
        if size == 0:
            return at + 1
        if size & 0xC0 == 0xC0:
            return at + 2
        if size & 0xC0:
            raise Malformed("a label of an unknown kind")
        at += 1 + size
    raise Malformed("a name of too many labels")


def _text(raw: bytes) -> str:
    return printable(raw.rstrip(b"\0 ").decode("cp437"), 32)


class MalformedSession(Exception):
    """The bytes are no answer to a session request; the text says why."""


@dataclass(frozen=True, slots=True)
class SessionReply:
    """The answer to a session request: taken when both fields are empty."""

    refused: str = ""
    """The reason of a refusal in the words of RFC 1002, with its code."""
    retarget: str = ""
    """ADDRESS:PORT where the name is to be called instead."""


def session_request() -> bytes:
    """Call a server's file service, 72 bytes (RFC 1002 4.3.2)."""
    names = encode_name(CALLED_NAME, SERVER) + encode_name(CALLING_NAME, WORKSTATION)
    return struct.pack(">BBH", _REQUEST, 0, len(names)) + names


def session_reply(data: bytes) -> tuple[SessionReply, int] | None:
    """The answer at the start of `data` and where it ends; None while more is needed.

    Keep-alives before it are passed over. Raises Malformed as soon as the bytes are none.
    """
    at = 0
    while at < len(data):
        kind = data[at]
        if kind not in _SIZES:
            raise MalformedSession("no packet of the session service")
        head = data[at : at + 4]
        if len(head) < 4:
            return None
        size = _SIZES[kind]
        if head[1:] != bytes((0, 0, size)):
            raise MalformedSession("a packet of another length than its kind has")
        body = data[at + 4 : at + 4 + size]
        if len(body) < size:
            return None
        at += 4 + size
        if kind != _KEEP_ALIVE:
            return _reply(kind, body), at
    return None


def _reply(kind: int, body: bytes) -> SessionReply:
    if kind == _NEGATIVE:
        if body[0] not in _REFUSALS:
            raise MalformedSession("a refusal with a code that does not exist")
        return SessionReply(refused=f"{_REFUSALS[body[0]]} (0x{body[0]:02x})")
    if kind == _RETARGET:
        address, port = struct.unpack(">4sH", body)
        if not any(address) or not port:
            raise MalformedSession("a retarget to nowhere")
        return SessionReply(retarget=f"{ipaddress.IPv4Address(address)}:{port}")
    return SessionReply()

"""ICMP echo and the errors it meets: packets to and from dataclasses (RFC 792, RFC 4443)."""

from __future__ import annotations

import ipaddress
import struct
from dataclasses import dataclass

ECHO_REQUEST = {4: 8, 6: 128}
"""Type of an echo request, by IP version."""
ECHO_REPLY = {4: 0, 6: 129}
"""Type of an echo reply, by IP version."""
ERRORS = {4: (3, 11, 12), 6: (1, 2, 3, 4)}
"""Types of errors that quote the packet they are about, by IP version."""

_HEADER = struct.Struct("!BBHHH")
_V4_HEADER = 20
_V6_HEADER = 40
_IPPROTO = {4: 1, 6: 58}


@dataclass(frozen=True, slots=True)
class EchoReply:
    """An echo reply."""

    identifier: int
    sequence: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class QuotedRequest:
    """An echo request as an error quotes it; routers may quote no more than its 8-byte header."""

    identifier: int
    sequence: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class EchoError:
    """An ICMP error about an echo request sent to `destination`."""

    type: int
    code: int
    destination: str
    request: QuotedRequest


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071): 16 bits, zero over a packet that holds its own."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def echo_request(version: int, identifier: int, sequence: int, payload: bytes) -> bytes:
    """An echo request; for version 6 without its checksum, which covers addresses we do not know.

    Every kernel fills that one in (RFC 3542 3.1). `identifier` and `sequence` are 16 bits.
    """
    kind = ECHO_REQUEST[version]
    packet = _HEADER.pack(kind, 0, 0, identifier, sequence) + payload
    if version == 6:
        return packet
    return _HEADER.pack(kind, 0, checksum(packet), identifier, sequence) + payload


def parse(version: int, data: bytes) -> EchoReply | EchoError | None:
    """Parse a packet of an ICMP socket; None if it is neither a reply nor an error about a request.

    An IPv4 header in front, as raw sockets deliver it and macOS always does, is skipped.
    """
    if version == 4 and data[:1] and data[0] >> 4 == 4:
        # No ICMP type from 64 to 79 is assigned, so this can only be an IPv4 header.
        data = data[(data[0] & 15) * 4 :]
    if len(data) < _HEADER.size:
        return None
    kind, code, _, identifier, sequence = _HEADER.unpack_from(data)
    rest = data[_HEADER.size :]
    if kind == ECHO_REPLY[version] and code == 0:
        return EchoReply(identifier, sequence, rest)
    if kind not in ERRORS[version]:
        return None
    inner = _inner_v4(rest) if version == 4 else _inner_v6(rest)
    if inner is None:
        return None
    destination, quoted = inner
    request = parse_quoted(version, quoted)
    return None if request is None else EchoError(kind, code, destination, request)


def parse_quoted(version: int, data: bytes) -> QuotedRequest | None:
    """The echo request an error is about, from the start of its ICMP header; None for others."""
    if len(data) < _HEADER.size:
        return None
    kind, code, _, identifier, sequence = _HEADER.unpack_from(data)
    if kind != ECHO_REQUEST[version] or code != 0:
        return None
    return QuotedRequest(identifier, sequence, data[_HEADER.size :])


def _inner_v4(data: bytes) -> tuple[str, bytes] | None:
    if len(data) < _V4_HEADER or data[0] >> 4 != 4 or data[9] != _IPPROTO[4]:
        return None
    size = (data[0] & 15) * 4
    if size < _V4_HEADER or int.from_bytes(data[6:8], "big") & 0x1FFF:
        # A later fragment does not begin with the ICMP header.
        return None
    return str(ipaddress.IPv4Address(data[16:20])), data[size:]


def _inner_v6(data: bytes) -> tuple[str, bytes] | None:
    # We send no extension headers, so a quoted request of ours has none.
    if len(data) < _V6_HEADER or data[0] >> 4 != 6 or data[6] != _IPPROTO[6]:
        return None
    return str(ipaddress.IPv6Address(data[24:40])), data[_V6_HEADER:]

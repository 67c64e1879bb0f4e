"""The endpoint mapper's table: which RPC interface listens where (C706 appendices I, L and O)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

from probes.wire.dcerpc import Interface, Malformed
from probes.wire.text import printable

MAPPER = Interface(UUID("e1af8308-5d1f-11c9-91a4-08002b14a0fa"), 3)
LOOKUP = 2
"""Number of the operation ept_lookup."""
NO_MORE = 0x16C9A0D6
"""Status after the last entry (ept_s_not_registered)."""
HANDLE = 20
"""Bytes of the context handle that continues a lookup; zeros begin one."""

_ALL = 0
_ALL_VERSIONS = 1
_UUID_FLOOR = 0x0D
_PROTOCOLS = {0x07: "tcp", 0x08: "udp", 0x0F: "pipe", 0x10: "local", 0x1F: "http"}
_FLOORS_MOST = 8


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One entry: an interface and where it listens.

    `protocol` is tcp, udp, http, pipe, local (only on the host itself) or empty where it is
    another; `port` is None and `name` set where an endpoint has a name instead of a number.
    """

    interface: Interface
    annotation: str
    protocol: str
    port: int | None = None
    name: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """One answer to a lookup; `handle` continues it."""

    handle: bytes
    status: int
    endpoints: tuple[Endpoint, ...]


def lookup(handle: bytes, most: int) -> bytes:
    """The arguments of ept_lookup: every entry, at most so many at once (C706 appendix O)."""
    return struct.pack("<IIII", _ALL, 0, 0, _ALL_VERSIONS) + handle + struct.pack("<I", most)


def page(stub: bytes, order: str) -> Page:
    """The results of ept_lookup, in the byte order of the answer; raises Malformed.

    Entries whose tower cannot be read are left out.
    """
    ndr = _Ndr(stub, order)
    handle = ndr.take(HANDLE)
    count = ndr.number()
    ndr.take(8)
    if ndr.number() != count:
        raise Malformed("an array of another length than announced")
    heads: list[tuple[bool, str]] = []
    # Every turn takes bytes, so the answer's own length bounds them whatever it announces.
    for _ in range(count):
        ndr.align()
        ndr.take(16)
        named = ndr.number() != 0
        ndr.number()
        heads.append((named, _annotation(ndr.take(ndr.number()))))
    endpoints: list[Endpoint] = []
    for named, annotation in heads:
        if not named:
            continue
        ndr.align()
        ndr.number()
        endpoint = _tower(ndr.take(ndr.number()), annotation)
        if endpoint is not None:
            endpoints.append(endpoint)
    ndr.align()
    return Page(handle, ndr.number(), tuple(endpoints))


class _Ndr:
    """Reads NDR in order (C706 chapter 14); running out of bytes is Malformed."""

    def __init__(self, data: bytes, order: str) -> None:
        self._data = data
        self._number = struct.Struct(order + "I")
        self._at = 0

    def take(self, count: int) -> bytes:
        piece = self._data[self._at : self._at + count]
        if len(piece) < count:
            raise Malformed("cut off in the table")
        self._at += count
        return piece

    def number(self) -> int:
        (value,) = self._number.unpack(self.take(4))
        return int(value)

    def align(self) -> None:
        self.take(-self._at % 4)


def _tower(data: bytes, annotation: str) -> Endpoint | None:
    """A protocol tower as an endpoint, or None if it is cut off (C706 appendix I and L)."""
    if len(data) < 2:
        return None
    (count,) = struct.unpack_from("<H", data)
    at, floors = 2, []
    for _ in range(min(count, _FLOORS_MOST)):
        sides = []
        for _ in range(2):
            (size,) = struct.unpack_from("<H", data, at) if at + 2 <= len(data) else (0,)
            sides.append(data[at + 2 : at + 2 + size])
            at += 2 + size
        floors.append((sides[0], sides[1]))
    if at > len(data) or not floors:
        return None
    left, right = floors[0]
    if len(left) != 19 or left[0] != _UUID_FLOOR or len(right) != 2:
        return None
    major, minor = struct.unpack("<H", left[17:])[0], struct.unpack("<H", right)[0]
    interface = Interface(UUID(bytes_le=left[1:17]), major, minor)
    protocol, port, name = "", None, ""
    for left, right in floors[2:]:
        kind = left[0] if left else 0
        if kind in _PROTOCOLS:
            protocol = _PROTOCOLS[kind]
            if protocol in ("pipe", "local"):
                name = _annotation(right)
            elif len(right) == 2:
                (port,) = struct.unpack(">H", right)
    return Endpoint(interface, annotation, protocol, port, name)


def _annotation(raw: bytes) -> str:
    return printable(raw.partition(b"\0")[0], 64)

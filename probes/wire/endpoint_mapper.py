"""RPC endpoint mapper: ept_map, ept_lookup, towers and known interfaces (C706, MS-RPCE)."""

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
HANDLE_SIZE = 20
"""Bytes of the context handle that continues a lookup; zeros begin one."""

_ALL = 0
_ALL_VERSIONS = 1
_UUID_FLOOR = 0x0D
_PROTOCOLS = {0x07: "tcp", 0x08: "udp", 0x0F: "pipe", 0x10: "local", 0x1F: "http"}
_MAX_FLOORS = 8


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


def lookup(handle: bytes, limit: int) -> bytes:
    """The arguments of ept_lookup: every entry, at most so many at once (C706 appendix O)."""
    return struct.pack("<IIII", _ALL, 0, 0, _ALL_VERSIONS) + handle + struct.pack("<I", limit)


def page(stub: bytes, order: str) -> Page:
    """The results of ept_lookup, in the byte order of the answer; raises Malformed.

    Entries whose tower cannot be read are left out.
    """
    ndr = _NdrReader(stub, order)
    handle = ndr.take(HANDLE_SIZE)
    count = ndr.number()
    room, skipped = ndr.number(), ndr.number()
    if skipped or room < count or ndr.number() != count:
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


class _NdrReader:
    """Reader of NDR (C706 chapter 14); raises Malformed at the end of the bytes."""

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
    for _ in range(min(count, _MAX_FLOORS)):
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


_NAMES = (
    ("367abb81-9844-35f1-ad32-98f038001003", "service control manager"),  # MS-SCMR
    ("86d35949-83c9-4044-b424-db363231fd0c", "task scheduler"),  # MS-TSCH
    ("1ff70682-0a51-30e8-076d-740be8cee98b", "task scheduler (at)"),  # MS-TSCH
    ("378e52b0-c0a9-11cf-822d-00aa0051e40f", "task scheduler (agent)"),  # MS-TSCH
    ("338cd001-2244-31f1-aaaa-900038001003", "remote registry"),  # MS-RRP
    ("99fcfec4-5260-101b-bbcb-00aa0021347a", "DCOM object resolver"),  # MS-DCOM
    ("000001a0-0000-0000-c000-000000000046", "DCOM activation"),  # MS-DCOM
    ("4d9f4ab8-7d1c-11cf-861e-0020af6e7c57", "DCOM activation (old)"),  # MS-DCOM
    ("12345778-1234-abcd-ef00-0123456789ac", "account database"),  # MS-SAMR
    ("12345778-1234-abcd-ef00-0123456789ab", "security policy"),  # MS-LSAD
    ("4b324fc8-1670-01d3-1278-5a47bf6ee188", "server service"),  # MS-SRVS
    ("6bffd098-a112-3610-9833-46c3f87e345a", "workstation service"),  # MS-WKST
    ("894de0c0-0d55-11d3-a322-00c04fa321a1", "shutdown"),  # MS-RSP
    ("76f226c3-ec14-4325-8a99-6a46348418af", "Windows start"),  # MS-RSP
    ("d95afe70-a6d5-4259-822e-2c84da1ddb0d", "Windows shutdown"),  # MS-RSP
    ("f6beaff7-1e19-4fbb-9f8f-b89e2018337c", "event log"),  # MS-EVEN6
    ("82273fdc-e32a-18c3-3f78-827929dc23ea", "event log (old)"),  # MS-EVEN
    ("12345678-1234-abcd-ef00-01234567cffb", "net logon"),  # MS-NRPC
    ("e3514235-4b06-11d1-ab04-00c04fc2dcd2", "directory replication"),  # MS-DRSR
    ("f5cc5a18-4264-101a-8c59-08002b2f8426", "directory address book"),  # MS-NSPI
    ("76f03f96-cdfd-44fc-a22c-64950a001209", "print system (asynchronous)"),  # MS-PAR
    ("12345678-1234-abcd-ef00-0123456789ab", "print spooler"),  # MS-RPRN
    ("6b5bdd1e-528c-422c-af8c-a4079be4fe48", "firewall control"),  # MS-FASP
    ("50abc2a4-574d-40b3-9d66-ee4fd5fba076", "DNS server"),  # MS-DNSP
    ("b9785960-524f-11df-8b6d-83dcded72085", "group keys"),  # MS-GKDI
    ("e1af8308-5d1f-11c9-91a4-08002b14a0fa", "endpoint mapper"),  # C706 appendix O
    ("afa8bd80-7d8a-11c9-bef4-08002b102989", "RPC management"),  # C706 appendix Q
)
_BY_UUID = {UUID(uuid): (rank, name) for rank, (uuid, name) in enumerate(_NAMES)}


def name_of(uuid: UUID) -> str:
    """Name of an interface's service; empty where it is not known."""
    return _BY_UUID[uuid][1] if uuid in _BY_UUID else ""


def rank_of(uuid: UUID) -> int:
    """Rank of an interface by its importance to recognition and remoting, 0 first."""
    return _BY_UUID[uuid][0] if uuid in _BY_UUID else len(_BY_UUID)

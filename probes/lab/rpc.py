"""RPC servers: an endpoint mapper with its table, and interfaces to bind to (C706 12, 14, O)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from uuid import UUID

from probes.lab.transport import ConnectionHandler
from probes.wire import dcerpc, endpoint_mapper

Endpoints = Sequence[tuple[UUID, int]]
"""Interfaces, and the TCP ports they listen on."""

MAPPER = endpoint_mapper.MAPPER.uuid
SERVICE_CONTROL = UUID("367abb81-9844-35f1-ad32-98f038001003")
"""The service control manager (MS-SCMR 1.9)."""
TASK_SCHEDULER = UUID("86d35949-83c9-4044-b424-db363231fd0c")
"""The task scheduler (MS-TSCH 1.9)."""
REMOTE_REGISTRY = UUID("338cd001-2244-31f1-aaaa-900038001003")
"""The remote registry (MS-RRP 1.9)."""

_FRAGMENT = 4280
_HEADER = 16
_SYNTAX_REJECTED = 2
_OUT_OF_RANGE = 0x1C010002
"""nca_op_rng_error: the interface has no such operation (C706 appendix E)."""


def fragment(kind: int, order: str, call: int, body: bytes, flags: int = 3) -> bytes:
    """A PDU in a byte order of `struct` (C706 12.6.3.1)."""
    drep = b"\x10\0\0\0" if order == "<" else bytes(4)
    return (
        bytes([5, 0, kind, flags])
        + drep
        + struct.pack(order + "HHI", _HEADER + len(body), 0, call)
        + body
    )


def bind_ack(order: str, call: int, *, rejected: bool = False) -> bytes:
    """Take the one interface that was asked for, or reject it (C706 12.6.4.4)."""
    body = struct.pack(order + "HHIH", _FRAGMENT, _FRAGMENT, 1, 4) + b"135\0\0\0"
    result = (_SYNTAX_REJECTED, 1) if rejected else (0, 0)
    body += struct.pack(order + "B3xHH", 1, *result)
    uuid = dcerpc.NDR.uuid
    syntax = uuid.bytes_le if order == "<" else uuid.bytes
    syntax += struct.pack(order + "I", dcerpc.NDR.major)
    return fragment(dcerpc.BIND_ACK, order, call, body + (bytes(20) if rejected else syntax))


def bind_nak(order: str, call: int, reason: int) -> bytes:
    """Refuse the connection, and name the version that is spoken (C706 12.6.4.5)."""
    body = struct.pack(order + "HBBB", reason, 1, dcerpc.VERSION, 0)
    return fragment(dcerpc.BIND_NAK, order, call, body)


def response(order: str, call: int, piece: bytes, flags: int = 3) -> bytes:
    """Results of an operation, or a part of them (C706 12.6.4.10)."""
    body = struct.pack(order + "IHBB", len(piece), 0, 0, 0) + piece
    return fragment(dcerpc.RESPONSE, order, call, body, flags)


def fault(order: str, call: int, status: int) -> bytes:
    """A call that failed (C706 12.6.4.7)."""
    body = struct.pack(order + "IHBBI", 0, 0, 0, 0, status) + bytes(4)
    return fragment(dcerpc.FAULT, order, call, body)


def tower(uuid: UUID, port: int, address: bytes = bytes([127, 0, 0, 1])) -> bytes:
    """An interface over TCP as a protocol tower (C706 appendix L)."""
    floors = [
        (b"\x0d" + uuid.bytes_le + b"\1\0", b"\0\0"),
        (b"\x0d" + dcerpc.NDR.uuid.bytes_le + b"\2\0", b"\0\0"),
        (b"\x0b", b"\0\0"),
        (b"\x07", struct.pack(">H", port)),
        (b"\x09", address),
    ]
    data = struct.pack("<H", len(floors))
    for sides in floors:
        for side in sides:
            data += struct.pack("<H", len(side)) + side
    return data


def table(shown: Endpoints, handle: bytes, status: int, order: str, annotation: bytes) -> bytes:
    """The results of ept_lookup: these entries, the handle and the status (C706 appendix O)."""

    def number(*values: int) -> bytes:
        return struct.pack(f"{order}{len(values)}I", *values)

    data = handle + number(len(shown), len(shown), 0, len(shown))
    text = annotation + b"\0"
    for _ in shown:
        data += bytes(-len(data) % 4)
        data += bytes(16) + number(1, 0, len(text)) + text
    for uuid, port in shown:
        data += bytes(-len(data) % 4)
        whole = tower(uuid, port)
        data += number(len(whole), len(whole)) + whole
    return data + bytes(-len(data) % 4) + number(status)


def mapper(endpoints: Endpoints) -> ConnectionHandler:
    """Handler of port 135: binds to the endpoint mapper, and lookups of its table."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, call, body = await _pdu(reader)
            if kind == dcerpc.BIND:
                writer.write(bind_ack("<", call, rejected=_interface(body) != MAPPER))
            elif kind == dcerpc.REQUEST and _operation(body) == endpoint_mapper.LOOKUP:
                # All of it fits into one answer, so no lookup is ever continued.
                whole = table(endpoints, bytes(endpoint_mapper.HANDLE_SIZE), 0, "<", b"a service")
                writer.write(response("<", call, whole))
            elif kind == dcerpc.REQUEST:
                writer.write(fault("<", call, _OUT_OF_RANGE))
            else:
                return
            await writer.drain()

    return talk


def interface(uuid: UUID) -> ConnectionHandler:
    """Handler of a dynamic port: binds to this interface, and a fault for every call."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            kind, call, body = await _pdu(reader)
            if kind == dcerpc.BIND:
                writer.write(bind_ack("<", call, rejected=_interface(body) != uuid))
            elif kind == dcerpc.REQUEST:
                writer.write(fault("<", call, dcerpc.ACCESS_DENIED))
            else:
                return
            await writer.drain()

    return talk


async def _pdu(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    """Kind, call and body of the next PDU; EOFError for what is none."""
    head = await reader.readexactly(_HEADER)
    size, _, call = struct.unpack_from("<HHI", head, 8)
    if head[0] != dcerpc.VERSION or not _HEADER <= size <= dcerpc.MAX_FRAGMENT:
        raise EOFError("not RPC")
    return head[2], call, await reader.readexactly(size - _HEADER)


def _interface(bind: bytes) -> UUID | None:
    """The interface in the first context of a bind (C706 12.6.4.3)."""
    return UUID(bytes_le=bind[16:32]) if len(bind) >= 32 else None


def _operation(request: bytes) -> int:
    return int.from_bytes(request[6:8], "little")

"""An endpoint mapper and RPC servers on loopback, from the standard (C706 12, appendix O)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from probes.wire import dcerpc, epm

HANDLE = bytes(19) + b"\1"
ACCESS_DENIED = 5


def fragment(kind: int, order: str, call: int, body: bytes, flags: int = 3) -> bytes:
    drep = b"\x10\0\0\0" if order == "<" else bytes(4)
    return (
        bytes([5, 0, kind, flags])
        + drep
        + struct.pack(order + "HHI", 16 + len(body), 0, call)
        + body
    )


def tower(uuid: UUID, port: int) -> bytes:
    floors = [
        (b"\x0d" + uuid.bytes_le + b"\1\0", b"\0\0"),
        (b"\x0d" + dcerpc.NDR.uuid.bytes_le + b"\2\0", b"\0\0"),
        (b"\x0b", b"\0\0"),
        (b"\x07", struct.pack(">H", port)),
        (b"\x09", bytes([203, 0, 113, 7])),
    ]
    data = struct.pack("<H", len(floors))
    for sides in floors:
        for side in sides:
            data += struct.pack("<H", len(side)) + side
    return data


@dataclass
class Server:
    """Takes binds and answers lookups; `endpoints` has interfaces and ports.

    `page` entries an answer, `size` bytes of results a fragment.
    """

    endpoints: list[tuple[UUID, int]] = field(default_factory=list)
    order: str = "<"
    page: int = 100
    size: int = 4000
    refuse_bind: bool = False
    fault: int = 0
    table: bytes = b""
    """Sent instead of the table, if given."""
    hang_up_after: int = 1000
    """Requests that are answered."""
    mute_after: int = 1000
    annotation: bytes = b"a service"
    bound: list[UUID] = field(default_factory=list)

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        given = 0
        asked = 0
        while True:
            head = await reader.readexactly(16)
            size, _, call = struct.unpack_from("<HHI", head, 8)
            body = await reader.readexactly(size - 16)
            if head[2] == dcerpc.BIND:
                self.bound.append(UUID(bytes_le=body[16:32]))
                writer.write(self.bind_answer(call))
                continue
            asked += 1
            if asked > self.hang_up_after:
                writer.close()
                return
            if asked > self.mute_after:
                await asyncio.Event().wait()
            if self.fault:
                body = struct.pack(self.order + "IHBBI", 0, 0, 0, 0, self.fault) + bytes(4)
                writer.write(fragment(dcerpc.FAULT, self.order, call, body))
                continue
            results = self.table or self.results(given)
            given += self.page
            for piece, flags in self.pieces(results):
                body = struct.pack(self.order + "IHBB", len(piece), 0, 0, 0) + piece
                writer.write(fragment(dcerpc.RESPONSE, self.order, call, body, flags))
            await writer.drain()

    def bind_answer(self, call: int) -> bytes:
        if self.refuse_bind:
            return fragment(dcerpc.BIND_NAK, self.order, call, bytes(8))
        body = struct.pack(self.order + "HHIH", 4280, 4280, 1, 4) + b"135\0\0\0"
        body += struct.pack(self.order + "B3xHH", 1, 0, 0) + bytes(20)
        return fragment(dcerpc.BIND_ACK, self.order, call, body)

    def results(self, at: int) -> bytes:
        def number(*values: int) -> bytes:
            return struct.pack(f"{self.order}{len(values)}I", *values)

        shown = self.endpoints[at : at + self.page]
        status = 0 if shown else epm.NO_MORE
        data = (HANDLE if shown else bytes(20)) + number(len(shown), self.page, 0, len(shown))
        text = self.annotation + b"\0"
        for _ in shown:
            data += bytes(-len(data) % 4)
            data += bytes(16) + number(1, 0, len(text)) + text
        for uuid, port in shown:
            data += bytes(-len(data) % 4)
            whole = tower(uuid, port)
            data += number(len(whole), len(whole)) + whole
        return data + bytes(-len(data) % 4) + number(status)

    def pieces(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        starts = range(0, max(len(data), 1), self.size)
        for start in starts:
            first, last = start == 0, start + self.size >= len(data)
            yield data[start : start + self.size], first * dcerpc.FIRST | last * dcerpc.LAST


@pytest.fixture
def rpc_server() -> Callable[..., Server]:
    return Server

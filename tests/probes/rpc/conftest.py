"""An endpoint mapper and RPC servers on loopback, from the standard (C706 12, appendix O)."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from probes.lab.rpc import bind_ack, bind_nak, fault, response, table
from probes.wire import dcerpc, endpoint_mapper

HANDLE = bytes(19) + b"\1"
ACCESS_DENIED = 5


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
                writer.write(fault(self.order, call, self.fault))
                continue
            results = self.table or self.results(given)
            given += self.page
            for piece, flags in self.pieces(results):
                writer.write(response(self.order, call, piece, flags))
            await writer.drain()

    def bind_answer(self, call: int) -> bytes:
        if self.refuse_bind:
            return bind_nak(self.order, call, 8)
        return bind_ack(self.order, call)

    def results(self, at: int) -> bytes:
        shown = self.endpoints[at : at + self.page]
        handle, status = (HANDLE, 0) if shown else (bytes(20), endpoint_mapper.NO_MORE)
        return table(shown, handle, status, self.order, self.annotation)

    def pieces(self, data: bytes) -> Iterator[tuple[bytes, int]]:
        starts = range(0, max(len(data), 1), self.size)
        for start in starts:
            first, last = start == 0, start + self.size >= len(data)
            yield data[start : start + self.size], first * dcerpc.FIRST | last * dcerpc.LAST


@pytest.fixture
def rpc_server() -> Callable[..., Server]:
    return Server

"""Transport of the lab's servers: TCP connections and UDP datagrams."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

ConnectionHandler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Handler of one connection, which is closed when it returns."""
DatagramHandler = Callable[[bytes], bytes | None]
"""Handler of a datagram that returns the answer; None is silence."""

CONNECTION_TIMEOUT = 10.0
"""Seconds one connection may take."""
_BACKLOG = 64


async def listen_tcp(
    handler: ConnectionHandler,
    host: str = "127.0.0.1",
    port: int = 0,
    *,
    tls: ssl.SSLContext | None = None,
) -> asyncio.Server:
    """Serve TCP connections; port 0 takes a free one."""

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError, asyncio.CancelledError):
            async with asyncio.timeout(CONNECTION_TIMEOUT):
                await handler(reader, writer)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    return await asyncio.start_server(accepted, host, port, ssl=tls, backlog=_BACKLOG)


async def listen_udp(
    handler: DatagramHandler, host: str = "127.0.0.1", port: int = 0
) -> asyncio.DatagramTransport:
    """Serve UDP datagrams; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: _DatagramServer(handler), (host, port)
    )
    return transport


class _DatagramServer(asyncio.DatagramProtocol):
    def __init__(self, handler: DatagramHandler) -> None:
        self._handler = handler
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of datagrams are declared no such class before Python 3.12.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = self._handler(data)
        if said is not None and self._transport is not None:
            self._transport.sendto(said, addr)

"""The two ends every server of the lab has: conversations over TCP, answers over UDP."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import cast

Talk = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
"""Holds one conversation; its end is the end of the connection."""
Reply = Callable[[bytes], bytes | None]
"""What a datagram is answered with; None is silence."""

PATIENCE = 10.0
"""Seconds one conversation may take."""
_AT_ONCE = 64


async def listen(
    talk: Talk, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Hold a conversation with everybody who connects; port 0 takes a free one."""

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, EOFError, asyncio.CancelledError):
            async with asyncio.timeout(PATIENCE):
                await talk(reader, writer)
        writer.close()
        with suppress(OSError, asyncio.CancelledError):
            await writer.wait_closed()

    return await asyncio.start_server(accepted, host, port, ssl=tls, backlog=_AT_ONCE)


async def answer(reply: Reply, host: str = "127.0.0.1", port: int = 0) -> asyncio.DatagramTransport:
    """Answer datagrams; port 0 takes a free one."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(lambda: _Answering(reply), (host, port))
    return transport


class _Answering(asyncio.DatagramProtocol):
    def __init__(self, reply: Reply) -> None:
        self._reply = reply
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # The transports of datagrams are declared no such class before Python 3.12.
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        said = self._reply(data)
        if said is not None and self._transport is not None:
            self._transport.sendto(said, addr)

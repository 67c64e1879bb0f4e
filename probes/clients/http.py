"""An HTTP exchange over a bounded stream: one request, one response."""

from __future__ import annotations

import asyncio
from typing import Protocol

from probes.vantage.stream import LimitExceeded
from probes.wire.http import Exchange, NotHttp, Response


class Channel(Protocol):
    """Transport of an exchange: a Stream, or TLS over one."""

    async def send(self, data: bytes) -> None:
        """Write everything."""

    async def read(self, limit: int = 4096) -> bytes:
        """Read the next bytes; raises EOFError when the peer closes."""


async def send_request(stream: Channel, exchange: Exchange) -> Response:
    """Send the request and read until its response is complete.

    Raises NotHttp for another protocol, EOFError when the server closes without a word and
    OSError on a reset; a deadline is the caller's.
    """
    await stream.send(exchange.sent)
    has_received = False
    while True:
        try:
            data = await stream.read(16 * 1024)
        except EOFError:
            if not has_received:
                raise
            response = exchange.feed(b"")
            if response is None:
                raise NotHttp("a server that closed in the middle of its answer") from None
            return response
        has_received = True
        response = exchange.feed(data)
        if response is not None:
            return response


async def read_body(stream: Channel, exchange: Exchange, timeout: float) -> bytes:
    """Read as much of the body as arrives in `timeout` seconds, after a head was the response.

    The head has proved the service: what happens to the body changes nothing and raises nothing.
    """
    try:
        async with asyncio.timeout(timeout):
            response = exchange.read_body()
            while response is None:
                response = exchange.feed(await stream.read(16 * 1024))
    except (NotHttp, LimitExceeded, EOFError, OSError):
        # TimeoutError is an OSError, and so is what TLS raises.
        pass
    return exchange.body

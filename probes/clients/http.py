"""An HTTP exchange over a bounded stream: one request, one response."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Protocol

from probes.vantage.stream import LimitExceeded, read_foreign
from probes.wire.http import Exchange, NotHttp, Response, name_non_http
from probes.wire.intermediary import PAGE_STATUSES

PAGE_TIMEOUT = 1.0
"""Seconds a page has to show its title or its cause."""


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
        try:
            response = exchange.feed(data)
        except NotHttp as error:
            if not error.start:
                raise
            said = await read_foreign(stream, error.start)
            raise NotHttp(name_non_http(said)) from None
        if response is not None:
            return response


async def send_for_page(stream: Channel, exchange: Exchange, deadline: float) -> Response:
    """Send the request as send_request does, and read the page of an error for its cause.

    The page has at most PAGE_TIMEOUT seconds, and half of those that are left to `deadline`, in
    loop time: the head is the proof, and must not be lost for it.
    """
    response = await send_request(stream, exchange)
    if response.status not in PAGE_STATUSES or response.body:
        return response
    timeout = page_timeout(deadline)
    return replace(response, body=await read_body(stream, exchange, timeout))


def page_timeout(deadline: float) -> float:
    """Seconds that a page may take, with a deadline in loop time."""
    left = deadline - asyncio.get_running_loop().time()
    return max(min(PAGE_TIMEOUT, left / 2), 0)


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

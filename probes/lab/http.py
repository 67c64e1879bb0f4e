"""A small HTTP server: one request a connection, answered by a function (RFC 9112)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

import h11

from probes.lab.transport import ConnectionHandler, listen_tcp

MAX_REQUEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request; header names in lower case."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def header(self, name: str) -> str:
        """The first field of this name (in lower case), empty if there is none."""
        return next((value for key, value in self.headers if key == name), "")


@dataclass(frozen=True, slots=True)
class Response:
    """A response; its length and the end of the connection are added."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


Handler = Callable[[Request], Response]


async def serve(
    handler: Handler, host: str = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
) -> asyncio.Server:
    """Listen and answer until the server is closed; port 0 takes a free one."""
    return await listen_tcp(connection_handler(handler), host, port, tls=tls)


def connection_handler(handler: Handler) -> ConnectionHandler:
    """Handler of a connection with one request."""

    async def answered(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(h11.ProtocolError):
            await _answer(handler, reader, writer)

    return answered


async def _answer(
    handler: Handler, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    connection = h11.Connection(h11.SERVER)
    head: h11.Request | None = None
    body = bytearray()
    while True:
        event = connection.next_event()
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(4096))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > MAX_REQUEST:
                return
        else:
            break
    if head is None:
        return
    reply = handler(
        Request(
            head.method.decode("ascii"),
            head.target.decode("ascii"),
            tuple((key.decode("latin-1"), value.decode("latin-1")) for key, value in head.headers),
            bytes(body),
        )
    )
    fields = [*reply.headers, ("Content-Length", str(len(reply.body))), ("Connection", "close")]
    response = h11.Response(
        status_code=reply.status, reason=reply.reason.encode("latin-1"), headers=fields
    )
    parts = (response, h11.Data(data=reply.body), h11.EndOfMessage())
    writer.write(b"".join(connection.send(part) or b"" for part in parts))
    await writer.drain()

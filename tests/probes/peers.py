"""Servers of no protocol: they answer with given bytes, or have one bad manner."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def answering(question: Callable[[asyncio.StreamReader], Awaitable[bytes]]) -> Callable[..., Serve]:
    """Makes servers that read the question, then say these pieces and close or stay silent."""

    def answers(*pieces: bytes, stay: bool = False) -> Serve:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await question(reader)
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if stay:
                await asyncio.Event().wait()
            writer.close()

        return serve

    return answers


def dripping(said: bytes) -> Serve:
    """A server that says this byte by byte, and then nothing more."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for byte in said:
            writer.write(bytes([byte]))
            await writer.drain()
        await asyncio.Event().wait()

    return serve


def endless(start: bytes, again: bytes) -> Serve:
    """A server that begins like this and goes on like that for ever."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(start)
        while True:
            writer.write(again)
            await writer.drain()

    return serve


async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Hears something and closes."""
    await reader.read(100)
    writer.close()


def resetting(after: int = 0) -> Serve:
    """A server that resets the connection once it has heard so many bytes."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(after)
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    return serve

"""Bounded stream over a connection of a vantage, and a connect that a coroutine waits for."""

from __future__ import annotations

import asyncio
import re
from typing import Protocol

from probes.vantage import Outcome, Pipe, Vantage
from probes.wire.masking import NO_SECRETS, dump, mask_in_force

MAX_RECEIVED = 256 * 1024
"""Bytes one connection may send us before it is cut off."""
MAX_RECORDED = 128
"""Bytes of each direction kept as evidence."""
MAX_QUOTED = 256
"""Bytes of a foreign answer that are waited for to quote its first line."""
FOREIGN_PAUSE = 0.2
"""Seconds of silence after which a foreign answer counts as said."""
_MAX_WAIT = 1.0
"""Seconds that a foreign answer may take."""
_TEXT = re.compile(rb"[\t\r\x20-\x7e\x80-\xff]+")
_SPARE = 4096
"""Further bytes that are kept while secrets have to be masked in them."""
_READ_AHEAD = 64 * 1024
"""Bytes that wait to be read before the peer is slowed down."""


class LimitExceeded(Exception):
    """The peer sent more than a connection may."""


class Record:
    """First bytes of one direction, kept as evidence."""

    def __init__(self) -> None:
        # Secrets in them are masked before they are cut.
        spare = 0 if mask_in_force() is NO_SECRETS else _SPARE
        self._most = MAX_RECORDED + spare
        self._data = bytearray()
        self._cut = False

    def __len__(self) -> int:
        return len(self._data)

    def __getitem__(self, part: slice) -> bytes:
        return bytes(self._data[part])

    def add(self, data: bytes) -> None:
        """Keep what there is room for."""
        room = self._most - len(self._data)
        self._data += data[:room]
        self._cut = self._cut or len(data) > room

    def hex(self) -> str:
        """The first MAX_RECORDED bytes in hex, without secrets."""
        return dump(bytes(self._data), MAX_RECORDED, cut=self._cut)


class Stream:
    """Reader and writer over one connection, with a byte cap and a record of both ways.

    Reads raise EOFError when the peer closes, LimitExceeded past the cap and OSError on a reset; a
    deadline on the whole exchange is the engine's.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._loop = asyncio.get_running_loop()
        self.began = self._loop.time()
        """Loop time from which on it could be used."""
        self.reader = reader
        self.writer = writer
        self.sent = Record()
        self.received = Record()
        self.waited = 0.0
        """Seconds of waiting for what the peer has sent."""
        self._total = 0
        self._unread = b""

    @property
    def consumed(self) -> int:
        """Number of bytes that readers have taken and not given back."""
        return self._total - len(self._unread)

    async def send(self, data: bytes) -> None:
        """Write everything and wait until the transport has taken it."""
        self.sent.add(data)
        self.writer.write(data)
        await self.writer.drain()

    async def read(self, limit: int = 4096) -> bytes:
        """Read the next bytes, at most `limit`."""
        if self._unread:
            data, self._unread = self._unread[:limit], self._unread[limit:]
            return data
        began = self._loop.time()
        data = await self.reader.read(limit)
        if not data:
            raise EOFError("closed by the peer")
        self.waited += self._loop.time() - began
        return self._count(data)

    async def read_exactly(self, count: int) -> bytes:
        """Exactly `count` bytes."""
        if count > MAX_RECEIVED:
            raise LimitExceeded(f"{count} bytes announced")
        began = self._loop.time()
        known, self._unread = self._unread[:count], self._unread[count:]
        try:
            data = await self.reader.readexactly(count - len(known))
            self.waited += self._loop.time() - began
            return known + self._count(data)
        except asyncio.IncompleteReadError as error:
            self._count(error.partial)
            raise EOFError("closed by the peer in the middle") from None

    def unread(self, data: bytes) -> None:
        """Give bytes back, the last that were read: the next reader gets them first.

        A peer may send the end of one message and the beginning of the next in one segment.
        """
        self._unread = data + self._unread

    async def close(self) -> None:
        """Close without waiting for the peer."""
        self.writer.transport.abort()

    def _count(self, data: bytes) -> bytes:
        self._total += len(data)
        self.received.add(data)
        if self._total > MAX_RECEIVED:
            raise LimitExceeded(f"more than {MAX_RECEIVED} bytes received")
        return data


class Readable(Protocol):
    """Anything with a Stream's read."""

    async def read(self, limit: int = 4096) -> bytes:
        """Read the next bytes; raises EOFError when the peer closes."""


async def read_foreign(channel: Readable, start: bytes, limit: int = MAX_QUOTED) -> bytes:
    """The first line of an answer in another protocol, where it is text, else `limit` bytes of it.

    `start` has been read of it. The first segment may end anywhere, and what is said of the answer
    must not hang on where; a pause counts as its end. A `limit` above MAX_QUOTED reads past the
    line. What ends it raises nothing.
    """
    data = bytearray(start)
    try:
        async with asyncio.timeout(_MAX_WAIT):
            while len(data) < limit and (limit > MAX_QUOTED or not _first_line(data)):
                async with asyncio.timeout(FOREIGN_PAUSE):
                    data += await channel.read(limit - len(data))
    except (LimitExceeded, EOFError, OSError):
        # TimeoutError is an OSError, and so is what TLS raises.
        pass
    if limit > MAX_QUOTED:
        return bytes(data)
    return _first_line(data[:limit]) or bytes(data[:limit])


def _first_line(data: bytes | bytearray) -> bytes:
    """The first line that is not blank, where its end is there and it is text; else empty."""
    line, end, _ = bytes(data).lstrip(b"\r\n").partition(b"\n")
    return line + end if end and _TEXT.fullmatch(line) else b""


async def open_stream(pipe: Pipe) -> Stream:
    """A stream over a connection, which it owns from here on; cancelled, nothing is left open."""
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader(limit=_READ_AHEAD, loop=loop)
    protocol = asyncio.StreamReaderProtocol(reader, loop=loop)
    transport = await pipe.open(lambda: protocol)
    return Stream(reader, asyncio.StreamWriter(transport, protocol, reader, loop))


async def connect(
    vantage: Vantage, address: str, port: int, timeout: float, *, keep: bool
) -> Outcome:
    """The outcome of one TCP connect; cancelled, nothing is left open.

    Raises OSError as Vantage.connect does.
    """
    future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def done(outcome: Outcome) -> None:
        if not future.done():
            future.set_result(outcome)
        elif outcome.pipe is not None:
            outcome.pipe.close()

    cancel = vantage.connect(address, port, timeout, done, keep=keep)
    try:
        return await future
    except asyncio.CancelledError:
        cancel()
        # It may have opened in the very turn of the loop in which it was cancelled.
        if future.done() and not future.cancelled():
            done(future.result())
        raise

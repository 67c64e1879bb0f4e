"""Banner sniffer between a connection and asyncssh: identification and KEXINIT (RFC 4253)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from probes.vantage import Pipe
from probes.vantage.stream import FOREIGN_PAUSE, MAX_QUOTED
from probes.wire.ssh import (
    Greeting,
    KeyExchangeInit,
    Malformed,
    after_identification,
    greeting,
    key_exchange_init,
)

MAX_RECEIVED = 256 * 1024
"""Bytes of a whole conversation."""


class BannerSniffer(asyncio.Protocol):
    """Protocol that records an SSH server's first bytes and passes them on to asyncssh.

    asyncssh alone reads on through 1,000 lines of 8 kB for an identification and forgets them;
    here what is not SSH ends the connection at once, and so does more than MAX_RECEIVED bytes.
    """

    def __init__(self, connection: Pipe) -> None:
        self._connection = connection
        self._protocol: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._total = 0
        self.received = bytearray()
        """The bytes up to the end of the identification."""
        self.greeting = greeting(b"")
        self.key_exchange: KeyExchangeInit | None = None
        """The algorithms in the server's KEXINIT, once it has sent it."""
        self._unread: bytearray | None = bytearray()
        """The bytes after the identification; None once KEXINIT is read or malformed."""
        self.first_byte_time: float | None = None
        """Loop time of the first byte."""
        self._pause: asyncio.TimerHandle | None = None
        """Timer that ends a connection on which another protocol says no more."""
        self.connection_error: Exception | None = None
        self.over_limit = False

    @property
    def is_open(self) -> bool:
        """True once the connection was handed to asyncio."""
        return self._transport is not None

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], _host: str, _port: int
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """Connect asyncssh's protocol, with the signature it expects of a tunnel."""
        self._protocol = factory()
        return await self._connection.open(lambda: self), self._protocol

    def close(self) -> Greeting:
        """Abort the connection; return the greeting, now that no more will come."""
        if self._pause is not None:
            self._pause.cancel()
        if self._transport is not None:
            self._transport.abort()
        else:
            self._connection.close()
        if self.greeting == Greeting():
            self.greeting = greeting(bytes(self.received), ended=True)
        return self.greeting

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        if self._protocol is not None:
            self._protocol.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self.first_byte_time is None:
            self.first_byte_time = asyncio.get_running_loop().time()
        self._total += len(data)
        if self.greeting == Greeting() or self.greeting.foreign:
            self.received += data
            self.greeting = greeting(bytes(self.received))
            self._read_key_exchange(
                after_identification(self.received) if self.greeting.ident is not None else b""
            )
        else:
            self._read_key_exchange(data)
        self.over_limit = self._total > MAX_RECEIVED
        if self.over_limit and self._transport is not None:
            self._transport.abort()
        elif self.greeting.foreign:
            self._end_when_said()
        elif self._protocol is not None:
            self._protocol.data_received(data)

    def _end_when_said(self) -> None:
        """End the connection once the first line of another protocol is here, or a pause."""
        if self._pause is not None:
            self._pause.cancel()
        if self._transport is None:
            return
        if b"\n" in self.received or len(self.received) >= MAX_QUOTED:
            self._transport.abort()
        else:
            loop = asyncio.get_running_loop()
            self._pause = loop.call_later(FOREIGN_PAUSE, self._transport.abort)

    def _read_key_exchange(self, data: bytes) -> None:
        if self._unread is None:
            return
        self._unread += data
        try:
            self.key_exchange = key_exchange_init(self._unread)
        except Malformed:
            # asyncssh finds the same and says what is wrong.
            self._unread = None
        if self.key_exchange is not None:
            self._unread = None

    def eof_received(self) -> bool | None:
        """See asyncio.Protocol."""
        return self._protocol.eof_received() if self._protocol is not None else None

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self.connection_error = exc
        if self._protocol is not None:
            self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        if self._protocol is not None:
            self._protocol.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        if self._protocol is not None:
            self._protocol.resume_writing()

"""Listens to what an SSH server says first, between a connection and asyncssh."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import cast

from probes.vantage import TcpConnection
from probes.wire.ssh import Greeting, Malformed, Offer, behind, greeting, offer

RECEIVED_MOST = 256 * 1024
"""Bytes of a whole conversation."""


class Tap(asyncio.Protocol):
    """Stands between a connection and asyncssh and listens to what is said first.

    asyncssh alone reads on through 1,000 lines of 8 kB for an identification and forgets them;
    here what is not SSH ends the connection at once, and so does more than RECEIVED_MOST bytes.
    """

    def __init__(self, pipe: TcpConnection) -> None:
        self._pipe = pipe
        self._inner: asyncio.Protocol | None = None
        self._transport: asyncio.Transport | None = None
        self._total = 0
        self.received = bytearray()
        """What came up to and with the identification."""
        self.said = greeting(b"")
        self.offer: Offer | None = None
        """The algorithms that the server offers, once it has."""
        self._unread: bytearray | None = bytearray()
        """What came after the identification; None once it is known what it was."""
        self.first: float | None = None
        """Loop time of the first byte."""
        self.lost: Exception | None = None
        self.endless = False

    @property
    def listening(self) -> bool:
        """Whether the conversation was begun."""
        return self._transport is not None

    async def create_connection(
        self, factory: Callable[[], asyncio.Protocol], _host: str, _port: int
    ) -> tuple[asyncio.Transport, asyncio.Protocol]:
        """Put asyncssh behind the connection, in the form it asks of a tunnel."""
        self._inner = factory()
        return await self._pipe.open(lambda: self), self._inner

    def end(self) -> Greeting:
        """Close without a farewell; what was said, now that no more will come."""
        if self._transport is not None:
            self._transport.abort()
        else:
            self._pipe.close()
        if self.said == Greeting():
            self.said = greeting(bytes(self.received), ended=True)
        return self.said

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast(asyncio.Transport, transport)
        if self._inner is not None:
            self._inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self.first is None:
            self.first = asyncio.get_running_loop().time()
        self._total += len(data)
        if self.said == Greeting():
            self.received += data
            self.said = greeting(bytes(self.received))
            self._read_offer(behind(self.received) if self.said.ident is not None else b"")
        else:
            self._read_offer(data)
        self.endless = self._total > RECEIVED_MOST
        if self._transport is not None and (self.endless or self.said.foreign):
            self._transport.abort()
        elif self._inner is not None:
            self._inner.data_received(data)

    def _read_offer(self, data: bytes) -> None:
        if self._unread is None:
            return
        self._unread += data
        try:
            self.offer = offer(self._unread)
        except Malformed:
            # asyncssh finds the same and says what is wrong.
            self._unread = None
        if self.offer is not None:
            self._unread = None

    def eof_received(self) -> bool | None:
        """See asyncio.Protocol."""
        return self._inner.eof_received() if self._inner is not None else None

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self.lost = exc
        if self._inner is not None:
            self._inner.connection_lost(exc)

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        if self._inner is not None:
            self._inner.pause_writing()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        if self._inner is not None:
            self._inner.resume_writing()

"""Connections that show no socket, as a vantage on another host has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from probes.vantage import Cancel, Done, Outcome, Pipe, Vantage


class Channel(asyncio.Transport):
    """A transport that knows no socket, no address and no descriptor."""

    def __init__(self, inner: asyncio.Transport) -> None:
        super().__init__()
        self._inner = inner

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self._inner.write(data)

    def write_eof(self) -> None:
        self._inner.write_eof()

    def can_write_eof(self) -> bool:
        return True

    def is_closing(self) -> bool:
        return self._inner.is_closing()

    def pause_reading(self) -> None:
        self._inner.pause_reading()

    def resume_reading(self) -> None:
        self._inner.resume_reading()

    def get_write_buffer_size(self) -> int:
        return self._inner.get_write_buffer_size()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._inner.set_write_buffer_limits(high, low)

    def close(self) -> None:
        self._inner.close()

    def abort(self) -> None:
        self._inner.abort()


class _Behind(asyncio.Protocol):
    """Passes everything on to a protocol, which sees a Channel instead of the transport."""

    def __init__(self, protocol: asyncio.Protocol) -> None:
        self._protocol = protocol
        self.channel: Channel | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.channel = Channel(transport)
        self._protocol.connection_made(self.channel)

    def data_received(self, data: bytes) -> None:
        self._protocol.data_received(data)

    def eof_received(self) -> bool | None:
        return self._protocol.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        self._protocol.connection_lost(exc)

    def pause_writing(self) -> None:
        self._protocol.pause_writing()

    def resume_writing(self) -> None:
        self._protocol.resume_writing()


class ChannelPipe:
    """A pipe whose connection is a Channel over that of another."""

    def __init__(self, inner: Pipe) -> None:
        self._inner = inner

    async def open(self, factory: Callable[[], asyncio.Protocol]) -> asyncio.Transport:
        behind = _Behind(factory())
        await self._inner.open(lambda: behind)
        assert behind.channel is not None
        return behind.channel

    def close(self) -> None:
        self._inner.close()


class Elsewhere:
    """A vantage whose connections are those of another one, as channels."""

    def __init__(self, vantage: Vantage) -> None:
        self._vantage = vantage

    def __getattr__(self, name: str) -> Any:
        return getattr(self._vantage, name)

    def connect(self, address: str, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        def told(outcome: Outcome) -> None:
            if outcome.pipe is not None:
                outcome.pipe = ChannelPipe(outcome.pipe)
            done(outcome)

        return self._vantage.connect(address, port, timeout, told, keep=keep)

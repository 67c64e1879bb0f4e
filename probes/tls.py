"""TLS over a bounded stream, with what came instead of TLS and the chain that was sent."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from probes.engine.stream import Stream
from probes.wire.unexpected import foreign, is_tls

_READ = 16 * 1024
_DER = 2
"""ENCODING_DER of Python's _ssl module."""


class NotTls(Exception):
    """What answered is not TLS; the text says what it is, harmless to show."""


class Secured:
    """TLS on the client's side over a stream, whose byte cap and record are of the raw bytes.

    asyncio's own start_tls drops the bytes of a peer that speaks something else, and hands on as
    plain text what came before the handshake.
    """

    def __init__(self, stream: Stream, context: ssl.SSLContext, name: str) -> None:
        self._stream = stream
        self._in = ssl.MemoryBIO()
        self._out = ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._in, self._out, server_hostname=name)
        self._start = bytearray()

    async def handshake(self) -> None:
        """Agree on keys; raises NotTls, ssl.SSLError, EOFError when closed, OSError on a reset."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._more()
            except ssl.SSLError:
                # The alert tells the server why; whether it hears it changes nothing here.
                with suppress(OSError):
                    await self._flush()
                raise
            else:
                return await self._flush()

    async def send(self, data: bytes) -> None:
        """Encrypt and write everything; raises OSError."""
        self._tls.write(data)
        await self._flush()

    async def read(self, most: int = 4096) -> bytes:
        """What has arrived, at most `most` bytes; raises EOFError when the peer closes."""
        while True:
            try:
                data = self._tls.read(most)
            except ssl.SSLWantReadError:
                # Answers to the peer's own messages of the session may be waiting.
                await self._flush()
                self._in.write(await self._stream.read(_READ))
            except ssl.SSLZeroReturnError:
                raise EOFError("closed by the peer") from None
            else:
                if not data:
                    raise EOFError("closed by the peer")
                return data

    @property
    def version(self) -> str:
        """`TLS 1.3`; empty before the handshake."""
        return (self._tls.version() or "").replace("TLSv", "TLS ")

    def chain(self) -> Sequence[bytes]:
        """The certificates the server sent, DER, its own first; not verified."""
        public = getattr(self._tls, "get_unverified_chain", None)
        if public is not None:
            return [bytes(one) for one in public()]
        # Public only from Python 3.13; the method below it is there from 3.10.
        inner: Any = getattr(self._tls, "_sslobj", None)
        sent = getattr(inner, "get_unverified_chain", lambda: None)()
        if sent:
            return [one.public_bytes(_DER) for one in sent]
        leaf = self._tls.getpeercert(True)
        return [leaf] if leaf else []

    async def _more(self) -> None:
        """Take in what the peer sends during the handshake, if it is TLS."""
        data = await self._stream.read(_READ)
        if len(self._start) < 2:
            self._start += data
            if not is_tls(bytes(self._start)):
                raise NotTls(foreign(bytes(self._start)))
        self._in.write(data)

    async def _flush(self) -> None:
        data = self._out.read()
        if data:
            await self._stream.send(data)

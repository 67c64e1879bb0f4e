"""Reader of one length-delimited message from a bounded stream."""

from __future__ import annotations

from collections.abc import Callable

from probes.call import Unexpected
from probes.vantage.stream import Stream, read_foreign
from probes.wire.ber import Malformed
from probes.wire.unexpected import excerpt

SizeParser = Callable[[bytes], int | None]
"""Size of the whole message from its first bytes; None while more are needed, or Malformed."""

HEADER_SIZE = 16
"""Bytes within which the header of every message tells its length."""


async def read_message(stream: Stream, parse_size: SizeParser) -> bytes:
    """Read one message; what comes after it is left to the next reader.

    Raises Unexpected for bytes that cannot become one, EOFError when the peer closes before its
    end and OSError on a reset; a deadline is the caller's.
    """
    data = bytearray()
    message_size: int | None = None
    while message_size is None or len(data) < message_size:
        data += await stream.read()
        if message_size is None:
            try:
                message_size = parse_size(bytes(data[:HEADER_SIZE]))
            except Malformed:
                raise Unexpected(excerpt(await read_foreign(stream, bytes(data)))) from None
    stream.unread(bytes(data[message_size:]))
    return bytes(data[:message_size])

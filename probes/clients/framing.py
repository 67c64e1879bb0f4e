"""One message that tells its own length, out of a bounded stream."""

from __future__ import annotations

from collections.abc import Callable

from probes.call import Unexpected
from probes.vantage.stream import Stream
from probes.wire.ber import Malformed
from probes.wire.unexpected import said

Size = Callable[[bytes], int | None]
"""From the first bytes to the size of the whole message; None for more, Malformed for never."""

HEAD = 16
"""Bytes within which every message has told its length."""


async def framed(stream: Stream, size: Size) -> bytes:
    """Read the first message; what comes after it is left out.

    Raises Unexpected for bytes that cannot become one, EOFError when the peer closes before its
    end and OSError on a reset; a deadline is the caller's.
    """
    data = bytearray()
    whole: int | None = None
    while whole is None or len(data) < whole:
        data += await stream.read()
        if whole is None:
            try:
                whole = size(bytes(data[:HEAD]))
            except Malformed:
                raise Unexpected(said(bytes(data))) from None
    return bytes(data[:whole])

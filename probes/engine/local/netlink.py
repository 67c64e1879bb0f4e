"""Messages of the kernel about routes and addresses (netlink(7), rtnetlink(7)). Pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator

# linux/netlink.h, linux/rtnetlink.h
ROUTE = 0
"""The protocol of a socket that asks for these."""
MESSAGE = struct.Struct("=IHHII")
"""Head of a message: its length, kind, flags, sequence number and port."""
ATTRIBUTE = struct.Struct("=HH")
"""Head of an attribute: its length and kind."""


def messages(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and body of each message in a datagram; what is cut off is left out."""
    while len(data) >= MESSAGE.size:
        length, kind, *_ = MESSAGE.unpack_from(data)
        if length < MESSAGE.size:
            return
        yield kind, data[MESSAGE.size : length]
        data = data[_aligned(length) :]


def attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Kind and value of each attribute behind the head of a message."""
    while len(data) >= ATTRIBUTE.size:
        length, kind = ATTRIBUTE.unpack_from(data)
        if length < ATTRIBUTE.size:
            return
        yield kind, data[ATTRIBUTE.size : length]
        data = data[_aligned(length) :]


def _aligned(length: int) -> int:
    return (length + 3) & ~3

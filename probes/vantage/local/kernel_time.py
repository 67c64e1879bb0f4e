"""Times at which the kernel took packets from the network (Linux socket(7), SO_TIMESTAMPNS)."""

from __future__ import annotations

import contextlib
import socket
import struct
import sys
import time
from collections.abc import Iterable

_SO_TIMESTAMPNS = 35
_SIOCGSTAMPNS = 0x8907
_TIMESPEC = struct.Struct("@ll")

if sys.platform == "linux":
    import fcntl


def enable(sock: socket.socket) -> None:
    """Ask the kernel to time what comes in on a socket; does nothing elsewhere than Linux."""
    if sys.platform == "linux":
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)


def requested() -> socket.socket:
    """A socket for which the kernel times every packet of this machine until it is closed."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    enable(sock)
    return sock


def of_message(ancillary: Iterable[tuple[int, int, bytes]], before: float) -> float | None:
    """Time of a received message, in seconds of the wall clock; None without one.

    `before` is the wall clock when reading began. A packet that came before any socket of the
    system asked for times has none, and the kernel tells the time of reading instead.
    """
    for level, kind, value in ancillary:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            return _true_time(value, before)
    return None


def of_last_message(sock: socket.socket) -> float | None:
    """Time of the last message read from a socket that was not told times, as `of_message`."""
    if sys.platform != "linux":
        return None
    before = time.time()
    try:
        return _true_time(fcntl.ioctl(sock.fileno(), _SIOCGSTAMPNS, bytes(_TIMESPEC.size)), before)
    except OSError:
        return None


def _true_time(value: bytes, before: float) -> float | None:
    if len(value) < _TIMESPEC.size:
        return None
    seconds, nanoseconds = _TIMESPEC.unpack_from(value)
    when = float(seconds + nanoseconds / 1e9)
    return when if when <= before else None

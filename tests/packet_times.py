"""A kernel that times every packet that comes in, as it does while a socket asks for it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager

from probes.vantage.local import kernel_time

WITHIN = 10.0


@contextmanager
def packets_timed() -> Iterator[None]:
    """Time packets; the kernel begins a moment after it is asked."""
    until = time.monotonic() + WITHIN
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        kernel_time.enable(sock)
        sock.bind(("127.0.0.1", 0))
        when = None
        while when is None:
            assert time.monotonic() < until, "the kernel does not time packets"
            sock.sendto(b"", sock.getsockname())
            # The time of reading, which the kernel tells of a packet without one, is later.
            before = time.time()
            when = kernel_time.of_message(sock.recvmsg(1, 64)[1], before)
        yield

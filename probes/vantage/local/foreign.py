"""Listener for datagrams that answer a connected socket from another address or port."""

from __future__ import annotations

import contextlib
import socket
from types import TracebackType

from probes.vantage import ForeignDatagram
from probes.vantage.local.receive import receive

MAX_READ = 64
"""Datagrams that are looked at."""
MAX_KEPT = 8
"""Datagrams that are kept; a device with several addresses sends one."""


class ForeignListener:
    """Unconnected socket on the local address and port of a connected one.

    The kernel gives it what the connected socket does not take: without it that is refused with an
    ICMP error. Nothing is read before `take`, so that it costs no turn of the event loop. Where the
    system does not allow the second socket, nothing is heard.
    """

    def __init__(self, connected: socket.socket) -> None:
        self._sock: socket.socket | None = None
        with contextlib.suppress(OSError):
            self._sock = _socket_beside(connected)

    def take(self) -> tuple[ForeignDatagram, ...]:
        """The datagrams that came in so far, in their order, at most MAX_KEPT."""
        kept: list[ForeignDatagram] = []
        for _ in range(MAX_READ if self._sock is not None else 0):
            try:
                assert self._sock is not None
                datagram = receive(self._sock)
            except OSError:
                break
            if len(kept) < MAX_KEPT and len(datagram.sender) >= 2:
                host, port = str(datagram.sender[0]), int(datagram.sender[1])
                kept.append(ForeignDatagram(host, port, datagram.data))
        return tuple(kept)

    def __enter__(self) -> ForeignListener:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._sock is not None:
            self._sock.close()


def _socket_beside(connected: socket.socket) -> socket.socket:
    """Socket on the same address and port; raises OSError.

    Both share the port only for this moment: with SO_REUSEADDR from the start the kernel could give
    the port of one exchange to another one, and later any process could listen too.
    """
    sock = socket.socket(connected.family, socket.SOCK_DGRAM)
    try:
        sock.setblocking(False)
        for one in (connected, sock):
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(connected.getsockname())
    except OSError:
        sock.close()
        raise
    finally:
        for one in (connected, sock):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)
    return sock

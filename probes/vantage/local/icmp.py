"""ICMP echo: one shared socket for all hosts, else a raw one, else the system's own `ping`."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable

from probes.model import Reason, State
from probes.vantage import Outcome
from probes.vantage.local import icmp_errors
from probes.vantage.local.icmp_socket import EchoRequest, EchoSocket
from probes.vantage.local.receive import (
    SocketAddress,
    endpoint,
    source_towards,
    stamp_arrivals,
    tell_destination,
)
from probes.vantage.local.system_ping import system_ping
from probes.wire.icmp import ECHO_REPLY, ERRORS

Opener = Callable[[int], socket.socket]
"""Opens an ICMP socket of a family; raises OSError where that is not allowed."""
SystemPing = Callable[[str, float], Awaitable[Outcome | None]]

HOW_TO_ALLOW = (
    "this user may not send ICMP echo here: allow it with "
    'sysctl -w net.ipv4.ping_group_range="0 2147483647", or give the program CAP_NET_RAW'
    if sys.platform == "linux"
    else "this user may not send ICMP echo here: it needs administrator rights"
)
"""What to do when no way to ping is open."""

_PROCESSES = 32
_BUFFER = 4 * 1024 * 1024
_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_SOL_RAW, _ICMP_FILTER, _ICMP6_FILTER = 255, 1, 1


def open_datagram(family: int) -> socket.socket:
    """An unprivileged ICMP socket (Linux icmp(7), ping_group_range; macOS); raises OSError."""
    return _prepared(socket.socket(family, socket.SOCK_DGRAM, _protocol(family)))


def open_raw(family: int) -> socket.socket:
    """A raw ICMP socket, for root or CAP_NET_RAW; raises OSError."""
    return _prepared(socket.socket(family, socket.SOCK_RAW, _protocol(family)))


class Echo:
    """Pings any number of hosts at once, from one event loop; sockets are opened when needed.

    `openers` are tried in order, once per IP version, then `system` for each ping.
    """

    def __init__(
        self,
        openers: tuple[Opener, ...] = (open_datagram, open_raw),
        system: SystemPing = system_ping,
    ) -> None:
        self._openers = openers
        self._system = system
        self._processes = asyncio.Semaphore(_PROCESSES)
        self._sockets: dict[int, EchoSocket | None] = {}

    async def ping(self, address: str, timeout: float) -> Outcome:
        """Send one echo request to a numeric address and wait `timeout` seconds once it has left.

        Raises OSError with EMFILE or ENFILE when no descriptor is left, and nothing else.
        """
        began = time.monotonic()
        try:
            family, where = endpoint(address, 0)
        except ValueError as error:
            outcome = Outcome(State.ERROR, Reason.LOCAL_ERROR, address, problem=str(error))
        else:
            shared = self._shared(family)
            if shared is not None:
                outcome = await _asked(shared, address, where, timeout)
            else:
                async with self._processes:
                    asked = await self._system(address, timeout)
                outcome = asked or Outcome(
                    State.ERROR, Reason.PERMISSION_DENIED, address, problem=HOW_TO_ALLOW
                )
                outcome.source = source_towards(family, where)
        outcome.elapsed_ms = (time.monotonic() - began) * 1000
        return outcome

    def close(self) -> None:
        """Close the shared sockets; pings still waiting end as `local-error`."""
        for shared in self._sockets.values():
            if shared is not None:
                shared.close()
        self._sockets.clear()

    def _shared(self, family: int) -> EchoSocket | None:
        if family in self._sockets:
            return self._sockets[family]
        opened: EchoSocket | None = None
        for opener in self._openers:
            try:
                opened = EchoSocket(opener(family))
                break
            except OSError as error:
                if error.errno in _NO_DESCRIPTOR:
                    raise
        self._sockets[family] = opened
        return opened


async def _asked(shared: EchoSocket, address: str, where: SocketAddress, timeout: float) -> Outcome:
    future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def done(outcome: Outcome) -> None:
        if not future.done():
            future.set_result(outcome)

    request = EchoRequest(address, where, done)
    shared.send(request, timeout)
    try:
        return await future
    finally:
        shared.forget(request)


def _protocol(family: int) -> int:
    return socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP


def _prepared(sock: socket.socket) -> socket.socket:
    family = int(sock.family)
    sock.setblocking(False)
    if sock.type == socket.SOCK_RAW:
        # A raw socket gets the errors as packets, and everybody's replies.
        _only_echo(sock)
    else:
        icmp_errors.enable(sock, family)
    stamp_arrivals(sock)
    tell_destination(sock, family)
    for force, ask in (
        (_SO_RCVBUFFORCE, socket.SO_RCVBUF),
        (_SO_SNDBUFFORCE, socket.SO_SNDBUF),
    ):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, ask, _BUFFER)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, force, _BUFFER)
    return sock


def _only_echo(sock: socket.socket) -> None:
    """Let only replies and errors in (Linux raw(7), RFC 3542 3.2); elsewhere all is read."""
    if sys.platform != "linux":
        return
    with contextlib.suppress(OSError):
        if sock.family == socket.AF_INET6:
            blocked = [0xFFFFFFFF] * 8
            for kind in (ECHO_REPLY[6], *ERRORS[6]):
                blocked[kind >> 5] &= ~(1 << (kind & 31))
            sock.setsockopt(socket.IPPROTO_ICMPV6, _ICMP6_FILTER, struct.pack("=8I", *blocked))
        else:
            allowed = sum(1 << kind for kind in (ECHO_REPLY[4], *ERRORS[4]))
            sock.setsockopt(_SOL_RAW, _ICMP_FILTER, struct.pack("=I", ~allowed & 0xFFFFFFFF))

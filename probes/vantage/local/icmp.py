"""ICMP echo: one shared socket for all hosts, else a raw one, else the system's own `ping`."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
import time
from collections.abc import Awaitable, Callable

from probes.model import Reason, State
from probes.vantage import Outcome
from probes.vantage.error_mapping import FD_EXHAUSTED
from probes.vantage.local import icmp_errors, kernel_time
from probes.vantage.local.failures import unusable_outcome
from probes.vantage.local.icmp_socket import EchoRequest, EchoSocket
from probes.vantage.local.receive import (
    SocketAddress,
    enable_packet_info,
    socket_address,
    source_towards,
)
from probes.vantage.local.system_ping import system_ping
from probes.wire.icmp import ECHO_REPLY, ERRORS

Opener = Callable[[int], socket.socket]
"""Opens an ICMP socket of a family; raises OSError where that is not allowed."""
SystemPing = Callable[[str, float], Awaitable[Outcome | None]]

PERMISSION_HINT = (
    "this user may not send ICMP echo here: allow it with "
    'sysctl -w net.ipv4.ping_group_range="0 2147483647", or give the program CAP_NET_RAW'
    if sys.platform == "linux"
    else "this user may not send ICMP echo here: it needs administrator rights"
)
"""Advice when no way to ping is permitted."""

_MAX_PROCESSES = 32
_BUFFER_SIZE = 4 * 1024 * 1024
_SO_SNDBUFFORCE, _SO_RCVBUFFORCE = 32, 33
_SOL_RAW, _ICMP_FILTER, _ICMP6_FILTER = 255, 1, 1


def open_datagram(family: int) -> socket.socket:
    """An unprivileged ICMP socket (Linux icmp(7), ping_group_range; macOS); raises OSError."""
    return _configured(socket.socket(family, socket.SOCK_DGRAM, _protocol(family)))


def open_raw(family: int) -> socket.socket:
    """A raw ICMP socket, for root or CAP_NET_RAW; raises OSError."""
    return _configured(socket.socket(family, socket.SOCK_RAW, _protocol(family)))


class EchoClient:
    """Ping client for any number of hosts at once; belongs to one event loop.

    Sockets are opened when needed.

    `openers` are tried in order, once per IP version, then `system` for each ping.
    """

    def __init__(
        self,
        openers: tuple[Opener, ...] = (open_datagram, open_raw),
        system: SystemPing = system_ping,
    ) -> None:
        self._openers = openers
        self._system = system
        self._processes = asyncio.Semaphore(_MAX_PROCESSES)
        self._sockets: dict[int, EchoSocket | None] = {}

    async def ping(self, address: str, timeout: float) -> Outcome:
        """Send one echo request to a numeric address and wait `timeout` seconds once it has left.

        Raises OSError with EMFILE or ENFILE when no descriptor is left, and nothing else.
        """
        started = time.monotonic()
        try:
            family, destination = socket_address(address, 0)
        except ValueError as error:
            outcome = unusable_outcome(address, str(error))
        else:
            echo_socket = self._socket_for(family)
            if echo_socket is not None:
                outcome = await _send_and_wait(echo_socket, address, destination, timeout)
            else:
                async with self._processes:
                    answer = await self._system(address, timeout)
                outcome = answer or Outcome(
                    State.ERROR, Reason.PERMISSION_DENIED, address, problem=PERMISSION_HINT
                )
                outcome.source = source_towards(family, destination)
        outcome.elapsed_ms = (time.monotonic() - started) * 1000
        return outcome

    def close(self) -> None:
        """Close the shared sockets; pings still waiting end as `local-error`."""
        for echo_socket in self._sockets.values():
            if echo_socket is not None:
                echo_socket.close()
        self._sockets.clear()

    def _socket_for(self, family: int) -> EchoSocket | None:
        if family in self._sockets:
            return self._sockets[family]
        opened: EchoSocket | None = None
        for opener in self._openers:
            try:
                opened = EchoSocket(opener(family))
                break
            except OSError as error:
                if error.errno in FD_EXHAUSTED:
                    raise
        self._sockets[family] = opened
        return opened


async def _send_and_wait(
    echo_socket: EchoSocket, address: str, destination: SocketAddress, timeout: float
) -> Outcome:
    future: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def done(outcome: Outcome) -> None:
        if not future.done():
            future.set_result(outcome)

    request = EchoRequest(address, destination, done)
    echo_socket.send(request, timeout)
    try:
        return await future
    finally:
        echo_socket.discard(request)


def _protocol(family: int) -> int:
    return socket.IPPROTO_ICMPV6 if family == socket.AF_INET6 else socket.IPPROTO_ICMP


def _configured(sock: socket.socket) -> socket.socket:
    family = int(sock.family)
    sock.setblocking(False)
    if sock.type == socket.SOCK_RAW:
        # A raw socket gets the errors as packets, and everybody's replies.
        _set_type_filter(sock)
    else:
        icmp_errors.enable(sock, family)
    kernel_time.enable(sock)
    enable_packet_info(sock, family)
    for force, ask in (
        (_SO_RCVBUFFORCE, socket.SO_RCVBUF),
        (_SO_SNDBUFFORCE, socket.SO_SNDBUF),
    ):
        with contextlib.suppress(OSError):
            sock.setsockopt(socket.SOL_SOCKET, ask, _BUFFER_SIZE)
        if sys.platform == "linux":
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, force, _BUFFER_SIZE)
    return sock


def _set_type_filter(sock: socket.socket) -> None:
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

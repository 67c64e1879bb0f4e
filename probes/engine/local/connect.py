"""The paced connect path: non-blocking TCP connects that end in a callback, without a task each."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import struct
import sys
from collections.abc import Callable
from time import perf_counter

from probes.engine import meaning
from probes.engine.local import errqueue
from probes.engine.local.deadlines import Deadlines
from probes.engine.local.watch import Watch, watch
from probes.engine.model import Reason, State
from probes.engine.vantage import Cancel, Done, Outcome

_NONBLOCK = getattr(socket, "SOCK_NONBLOCK", 0)
_CLOEXEC = getattr(socket, "SOCK_CLOEXEC", 0)
_TCP_INFO = socket.TCP_INFO if sys.platform == "linux" else 0
_TCP_INFO_SIZE = 104
_RTT = struct.Struct("=I")
_RTT_AT = 68
"""Offset of tcpi_rtt, microseconds, in struct tcp_info (linux/tcp.h); the state is at 0."""
_SYN_SENT, _CLOSE = 2, 7
"""States of a connect under way and of one that failed (net/tcp_states.h)."""
_IN_PROGRESS = frozenset(
    {errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EAGAIN, getattr(errno, "WSAEWOULDBLOCK", -1)}
)
NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})
"""The errnos that mean: no descriptor is left, wait for one."""


class Connector:
    """Starts TCP connects on one event loop and reports each outcome by callback."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._deadlines = Deadlines(loop)
        self._watch = watch(loop)

    def connect(self, address: str, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        """Connect to an address; see Vantage.connect."""
        attempt = _Attempt(self._watch, address, port, done, keep)
        if attempt.start():
            self._deadlines.add(attempt, timeout)
        return attempt.cancel

    def close(self) -> None:
        """Forget the deadlines and sockets of this loop."""
        self._deadlines.close()
        self._watch.close()


class SocketPipe:
    """The Pipe of a connected, non-blocking socket."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._opened = False

    async def open(self, factory: Callable[[], asyncio.Protocol]) -> asyncio.Transport:
        """Hand the socket to the loop; see Pipe.open."""
        if self._opened:
            raise OSError(errno.EISCONN, os.strerror(errno.EISCONN))
        self._opened = True
        try:
            protocol = factory()
        except BaseException:
            self._sock.close()
            raise
        # Cancelled or not, what goes wrong from here on closes the transport, and so the socket.
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: protocol, sock=self._sock)
        return transport

    def close(self) -> None:
        """Close the socket, if it is still this one's; see Pipe.close."""
        if not self._opened:
            self._sock.close()


class _Attempt:
    """One connect in flight."""

    __slots__ = ("_address", "_began", "_done", "_keep", "_port", "_sock", "_source", "_watch")

    def __init__(self, watch: Watch, address: str, port: int, done: Done, keep: bool) -> None:
        self._watch = watch
        self._address = address
        self._port = port
        self._done: Done | None = done
        self._keep = keep
        self._sock: socket.socket | None = None
        self._source: str | None = None
        self._began = 0.0

    @property
    def live(self) -> bool:
        return self._done is not None

    def start(self) -> bool:
        """Begin; False when it ended at once."""
        family = socket.AF_INET6 if ":" in self._address else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_STREAM | _NONBLOCK | _CLOEXEC)
        if not _NONBLOCK:
            sock.setblocking(False)
        self._sock = sock
        errqueue.enable(sock, family)
        self._began = perf_counter()
        try:
            number = sock.connect_ex((self._address, self._port))
        except (OSError, UnicodeError) as error:
            # A malformed address or scope never reaches the kernel.
            self._end(self._failed(getattr(error, "errno", None) or errno.EINVAL))
            return False
        if number in _IN_PROGRESS:
            self._source = sock.getsockname()[0]
            self._watch.add(sock.fileno(), self._ready)
            return True
        self._end(self._failed(number) if number else self._opened(self._info()))
        return False

    def _ready(self, failed: bool) -> None:
        number = self._error() if failed else 0
        outcome = self._failed(number) if number else self._seen()
        if outcome is not None:
            self._drop(outcome)

    def expired(self) -> None:
        """Look once more before silence is believed: the loop may be late, not the answer."""
        self._drop(self._seen() or self._failed(errno.ETIMEDOUT))

    def _drop(self, outcome: Outcome) -> None:
        kept = self._keep and outcome.state is State.OPEN and outcome.errno is None
        self._watch.drop(self._socket.fileno(), kept=kept)
        self._end(outcome)

    def cancel(self) -> None:
        """End without a report."""
        if self._done is not None:
            self._done = None
            self._watch.drop(self._socket.fileno(), kept=False)
            self._socket.close()

    @property
    def _socket(self) -> socket.socket:
        assert self._sock is not None
        return self._sock

    def _seen(self) -> Outcome | None:
        """How it ended, with as few system calls as will do; None while it is under way."""
        if not _TCP_INFO:
            number = self._error()
            if number:
                return self._failed(number)
            return self._opened(b"") if self._connected() else None
        info = self._info()
        if info[0] == _SYN_SENT:
            return None
        number = self._error() if info[0] == _CLOSE else 0
        return self._failed(number) if number else self._opened(info)

    def _error(self) -> int:
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def _info(self) -> bytes:
        if not _TCP_INFO:
            return b""
        return self._socket.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _TCP_INFO_SIZE)

    def _connected(self) -> bool:
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return True

    def _opened(self, info: bytes) -> Outcome:
        elapsed = (perf_counter() - self._began) * 1000
        latency, clock = elapsed, "monotonic"
        if info:
            (rtt,) = _RTT.unpack_from(info, _RTT_AT)
            if rtt:
                latency, clock = rtt / 1000, "kernel"
        return Outcome(
            State.OPEN,
            Reason.SYN_ACK,
            self._address,
            source=self._source or self._socket.getsockname()[0],
            latency_ms=latency,
            latency_source=clock,
            elapsed_ms=elapsed,
        )

    def _failed(self, number: int) -> Outcome:
        elapsed = (perf_counter() - self._began) * 1000
        outcome = Outcome(
            State.FILTERED,
            Reason.NO_RESPONSE,
            self._address,
            source=self._source,
            errno=number,
            elapsed_ms=elapsed,
        )
        if number == errno.ETIMEDOUT:
            outcome.errno = None
            return outcome
        reset = number in meaning.RESET
        outcome.icmp = None if reset else errqueue.drain(self._socket)
        outcome.state, outcome.reason = meaning.of_connect(number, outcome.icmp)
        if outcome.icmp is not None or number == errno.ECONNREFUSED:
            outcome.latency_ms, outcome.latency_source = elapsed, "monotonic"
        elif not reset:
            outcome.problem = meaning.words(number)
        if outcome.state is State.CLOSED and not errqueue.AVAILABLE:
            outcome.problem = "this system does not tell a reset from a firewall's reject"
        return outcome

    def _end(self, outcome: Outcome) -> None:
        done, self._done = self._done, None
        if self._keep and outcome.state is State.OPEN and outcome.errno is None:
            outcome.pipe = SocketPipe(self._socket)
        else:
            self._socket.close()
        if done is not None:
            done(outcome)

"""TCP connects with the kernel's own latency, deadlines and refusals."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
import struct
import sys
from collections import deque
from collections.abc import Callable
from time import perf_counter
from typing import Protocol

from probes.model import Reason, State
from probes.vantage import Cancel, Done, Outcome, meaning
from probes.vantage.local import icmp_errors

BUDGET = 0.002
"""Seconds of one loop turn that expiring or starting attempts may take."""
TOGETHER = 0.005
"""Seconds an attempt may wait past its deadline for others: waking up for each costs the most."""


class Attempt(Protocol):
    """Something in flight that may run out of time."""

    @property
    def live(self) -> bool:
        """False once it ended by itself."""

    def expired(self) -> None:
        """Its time is up."""


class Deadlines:
    """Expires attempts in order of their deadlines, a bounded number in each turn of the loop.

    Attempts with the same timeout share a first-in-first-out queue, so adding one costs no sort.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._queues: dict[float, deque[tuple[float, Attempt]]] = {}
        self._timers: dict[float, asyncio.TimerHandle] = {}

    def add(self, attempt: Attempt, timeout: float) -> None:
        """Expire this attempt `timeout` seconds from now, unless it has ended by then."""
        queue = self._queues.get(timeout)
        if queue is None:
            queue = self._queues[timeout] = deque()
        when = self._loop.time() + timeout
        queue.append((when, attempt))
        if timeout not in self._timers:
            self._timers[timeout] = self._loop.call_at(when, self._expire, timeout)

    def _expire(self, timeout: float) -> None:
        queue = self._queues[timeout]
        now = self._loop.time()
        until = now + BUDGET
        while queue and (queue[0][0] <= now or not queue[0][1].live):
            _, attempt = queue.popleft()
            if attempt.live:
                attempt.expired()
                if self._loop.time() > until:
                    break
        if queue:
            due = queue[0][0]
            when = due if due <= now else due + TOGETHER
            self._timers[timeout] = self._loop.call_at(when, self._expire, timeout)
        else:
            del self._timers[timeout], self._queues[timeout]

    def close(self) -> None:
        """Forget every deadline; what is in flight is the caller's to end."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._queues.clear()


Ready = Callable[[bool], None]
"""Called when a connect has ended; True if it is known to have failed."""

_PER_TURN = 64


class Watch(Protocol):
    """Calls back when a socket, by its descriptor, becomes writable."""

    def add(self, descriptor: int, ready: Ready) -> None:
        """Watch a socket until it is dropped; `ready` may be called more than once."""

    def drop(self, descriptor: int, *, kept: bool) -> None:
        """Watch it no longer; `kept` if it stays open."""

    def close(self) -> None:
        """Watch nothing any more."""


def watch(loop: asyncio.AbstractEventLoop) -> Watch:
    """The cheapest watch of this platform."""
    return _Epoll(loop) if sys.platform == "linux" else _Writers(loop)


class _Writers:
    """The loop's own writers, which cost a handle and two system calls a socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def add(self, descriptor: int, ready: Ready) -> None:
        self._loop.add_writer(descriptor, ready, False)

    def drop(self, descriptor: int, *, kept: bool) -> None:
        self._loop.remove_writer(descriptor)

    def close(self) -> None:
        """Nothing is shared here."""


if sys.platform == "linux":

    class _Epoll:
        """An epoll of our own, itself watched by the loop; a closed socket leaves it by itself."""

        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self._loop = loop
            self._epoll = select.epoll()
            self._ready: dict[int, Ready] = {}
            loop.add_reader(self._epoll.fileno(), self._look)

        def add(self, descriptor: int, ready: Ready) -> None:
            self._ready[descriptor] = ready
            self._epoll.register(descriptor, select.EPOLLOUT)

        def drop(self, descriptor: int, *, kept: bool) -> None:
            if self._ready.pop(descriptor, None) is not None and kept:
                self._epoll.unregister(descriptor)

        def close(self) -> None:
            if not self._epoll.closed:
                self._loop.remove_reader(self._epoll.fileno())
                self._epoll.close()
            self._ready.clear()

        def _look(self) -> None:
            for descriptor, events in self._epoll.poll(0, _PER_TURN):
                ready = self._ready.get(descriptor)
                if ready is not None:
                    ready(bool(events & select.EPOLLERR))


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
        icmp_errors.enable(sock, family)
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
        outcome.icmp = None if reset else icmp_errors.drain(self._socket)
        outcome.state, outcome.reason = meaning.of_connect(number, outcome.icmp)
        if outcome.icmp is not None or number == errno.ECONNREFUSED:
            outcome.latency_ms, outcome.latency_source = elapsed, "monotonic"
        elif not reset:
            outcome.problem = meaning.words(number)
        if outcome.state is State.CLOSED and not icmp_errors.AVAILABLE:
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


if sys.platform != "win32":
    import resource


def descriptor_limit() -> int:
    """Raise the soft descriptor limit to the hard one and return it (RLIMIT_NOFILE)."""
    if sys.platform == "win32":
        return 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1 << 20
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        # macOS refuses more than OPEN_MAX although the hard limit is infinite.
        return soft
    return wanted

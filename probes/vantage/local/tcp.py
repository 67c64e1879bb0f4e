"""TCP connects with the latency and errors of the kernel, and with deadlines."""

from __future__ import annotations

import asyncio
import errno
import os
import select
import socket
import struct
import sys
from collections.abc import Callable
from contextlib import ExitStack
from time import perf_counter, time
from typing import Protocol

from probes.model import Icmp, Reason, State
from probes.vantage import Cancel, Done, Outcome, error_mapping
from probes.vantage.deadlines import Deadlines
from probes.vantage.local import icmp_errors, kernel_time
from probes.vantage.local.failures import unsent_outcome, unusable_outcome
from probes.vantage.local.latency import Latency, own_latency
from probes.vantage.local.receive import SendTime, latency, socket_address
from probes.vantage.measured_loop import quiet_until

if sys.platform != "win32":
    import resource

Ready = Callable[[bool], None]
"""Called when a connect has ended; True if it is known to have failed."""

_PER_TURN = 64

_NONBLOCK = getattr(socket, "SOCK_NONBLOCK", 0)
_CLOEXEC = getattr(socket, "SOCK_CLOEXEC", 0)
_TCP_INFO = socket.TCP_INFO if sys.platform == "linux" else 0
_TCP_INFO_SIZE = 104
_RTT = struct.Struct("=I")
_RTT_AT = 68
"""Offset of tcpi_rtt, microseconds, in struct tcp_info (linux/tcp.h); the state is at 0."""
_COUNT = struct.Struct("=I")
_TIMEOUTS_AT, _RETRANSMITTED_AT, _TOTAL_RETRANSMITTED_AT = 2, 36, 100
"""Offsets of tcpi_retransmits (a byte), tcpi_retrans and tcpi_total_retrans in struct tcp_info."""
_BEFORE_RETRANSMISSION = 0.5
"""Seconds in which no SYN is sent again; the first one is after a second (RFC 6298 2.1)."""
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
        self._watcher = write_watcher(loop)
        self._timing = kernel_time.requested()

    def connect(self, address: str, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        """Connect to an address; see Vantage.connect."""
        attempt = _ConnectAttempt(self._watcher, address, port, done, keep)
        if attempt.start():
            self._deadlines.add(attempt, timeout)
        return attempt.cancel

    def close(self) -> None:
        """Forget the deadlines and sockets of this loop."""
        self._deadlines.close()
        self._watcher.close()
        self._timing.close()


def is_held_back(info: bytes) -> bool:
    """True if this machine itself did not let a SYN out, by the tcp_info of a silent connect.

    The kernel counts a retransmission in tcpi_total_retrans before it hands it over, and in
    tcpi_retrans only where that succeeded (tcp_retransmit_skb). A rule that drops in the hooks
    output or postrouting makes it fail without a word to the connect. False before the first
    retransmission (1 s, RFC 6298 2.1) and where the system has no tcp_info.

    tcpi_retransmits counts each time that a retransmission was due. It is ahead of
    tcpi_total_retrans where the SYN before still waited in this machine for a neighbour's ARP reply
    or in a full queue: nothing was handed over then, but no rule has dropped it.
    """
    if len(info) < _TCP_INFO_SIZE:
        return False
    handed_over: int = _COUNT.unpack_from(info, _RETRANSMITTED_AT)[0]
    attempted: int = _COUNT.unpack_from(info, _TOTAL_RETRANSMITTED_AT)[0]
    return attempted > 0 and handed_over == 0 and attempted >= info[_TIMEOUTS_AT]


def is_resent(info: bytes) -> bool:
    """True if the SYN of a connect was sent again, by its tcp_info.

    Which one was answered the kernel knows only where both ends use time stamps, and then to a
    millisecond (RFC 7323 4): tcpi_rtt is 1.0 ms on every short path, or the whole time elsewhere.
    """
    return len(info) >= _TCP_INFO_SIZE and _COUNT.unpack_from(info, _TOTAL_RETRANSMITTED_AT)[0] > 0


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
        with ExitStack() as on_failure:
            on_failure.callback(self._sock.close)
            protocol = factory()
            on_failure.pop_all()
        # Cancelled or not, what goes wrong from here on closes the transport, and so the socket.
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: protocol, sock=self._sock)
        return transport

    def close(self) -> None:
        """Close the socket, if it is still this one's; see Pipe.close."""
        if not self._opened:
            self._sock.close()


def descriptor_limit() -> int:
    """Raise the soft descriptor limit to the hard one and return it (RLIMIT_NOFILE)."""
    if sys.platform == "win32":
        return 512
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    maximum = 1 << 20
    wanted = maximum if hard == resource.RLIM_INFINITY else min(hard, maximum)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        # macOS refuses more than OPEN_MAX although the hard limit is infinite.
        return soft
    return wanted


class WriteWatcher(Protocol):
    """Watcher that calls back when a socket, by its descriptor, becomes writable."""

    @property
    def quiet_until(self) -> float:
        """Time of `perf_counter` before which none of what it has not told yet became writable."""

    def add(self, descriptor: int, ready: Ready) -> None:
        """Watch a socket until it is removed; `ready` may be called more than once."""

    def remove(self, descriptor: int, *, stays_open: bool) -> None:
        """Stop watching it; `stays_open` if its socket is not closed next."""

    def close(self) -> None:
        """Stop watching every socket."""


def write_watcher(loop: asyncio.AbstractEventLoop) -> WriteWatcher:
    """The cheapest watcher of this platform."""
    return _EpollWatcher(loop) if sys.platform == "linux" else _LoopWatcher(loop)


class _ConnectAttempt:
    """One connect in flight."""

    __slots__ = (
        "_address",
        "_done",
        "_keep",
        "_port",
        "_sock",
        "_source",
        "_started",
        "_started_wall",
        "_watched",
        "_watcher",
    )

    def __init__(
        self, watcher: WriteWatcher, address: str, port: int, done: Done, keep: bool
    ) -> None:
        self._watcher = watcher
        self._address = address
        self._port = port
        self._done: Done | None = done
        self._keep = keep
        self._sock: socket.socket | None = None
        self._source: str | None = None
        self._started = 0.0
        self._started_wall = 0.0
        self._watched = False

    @property
    def live(self) -> bool:
        return self._done is not None

    def start(self) -> bool:
        """Begin; False when it ended at once."""
        try:
            family, destination = socket_address(self._address, self._port)
            sock = socket.socket(family, socket.SOCK_STREAM | _NONBLOCK | _CLOEXEC)
        except ValueError as error:
            return self._end(unusable_outcome(self._address, str(error)))
        except OSError as error:
            if error.errno in error_mapping.FD_EXHAUSTED:
                raise
            return self._end(unsent_outcome(self._address, error.errno or 0))
        if not _NONBLOCK:
            sock.setblocking(False)
        self._sock = sock
        icmp_errors.enable(sock, family)
        self._started_wall, self._started = time(), perf_counter()
        number = sock.connect_ex(destination)
        if number in _IN_PROGRESS:
            self._source = sock.getsockname()[0]
            self._watched = True
            self._watcher.add(sock.fileno(), self._on_ready)
            return True
        self._finish(
            self._failed_outcome(number) if number else self._open_outcome(self._tcp_info())
        )
        return False

    def _on_ready(self, failed: bool) -> None:
        number = self._socket_error() if failed else 0
        outcome = self._failed_outcome(number) if number else self._poll_outcome()
        if outcome is not None:
            self._unwatch(outcome)

    def expire(self) -> None:
        """Check once more before it counts as silence: the loop may be late, not the answer."""
        self._unwatch(self._poll_outcome() or self._silent_outcome())

    def _unwatch(self, outcome: Outcome) -> None:
        stays_open = self._keep and outcome.state is State.OPEN and outcome.errno is None
        self._watcher.remove(self._socket.fileno(), stays_open=stays_open)
        self._finish(outcome)

    def cancel(self) -> None:
        """End without a report."""
        if self._done is not None:
            self._done = None
            self._watcher.remove(self._socket.fileno(), stays_open=False)
            self._socket.close()

    @property
    def _socket(self) -> socket.socket:
        assert self._sock is not None
        return self._sock

    def _poll_outcome(self) -> Outcome | None:
        """Outcome of the connect, with as few system calls as will do; None while under way."""
        if not _TCP_INFO:
            number = self._socket_error()
            if number:
                return self._failed_outcome(number)
            return self._open_outcome(b"") if self._is_connected() else None
        info = self._tcp_info()
        if info[0] == _SYN_SENT:
            return None
        number = self._socket_error() if info[0] == _CLOSE else 0
        return self._failed_outcome(number) if number else self._open_outcome(info)

    def _socket_error(self) -> int:
        return self._socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)

    def _tcp_info(self) -> bytes:
        if not _TCP_INFO:
            return b""
        return self._socket.getsockopt(socket.IPPROTO_TCP, _TCP_INFO, _TCP_INFO_SIZE)

    def _is_connected(self) -> bool:
        try:
            self._socket.getpeername()
        except OSError:
            return False
        return True

    def _open_outcome(self, info: bytes) -> Outcome:
        now = perf_counter()
        outcome = Outcome(
            State.OPEN,
            Reason.SYN_ACK,
            self._address,
            source=self._source or self._socket.getsockname()[0],
            elapsed_ms=(now - self._started) * 1000,
        )
        if is_resent(info):
            outcome.syn_resent = True
            return outcome
        rtt: int = _RTT.unpack_from(info, _RTT_AT)[0] if info else 0
        known = Latency(rtt / 1000, "kernel") if rtt else self._own_latency(now)
        known.tell(outcome)
        return outcome

    def _own_latency(self, now: float) -> Latency:
        """Latency of an answer that is noticed now; what ends at once does so without the loop."""
        quiet = max(self._started, self._watcher.quiet_until) if self._watched else now
        return own_latency((now - self._started) * 1000, (now - quiet) * 1000)

    def _latency_of_error(self, icmp: Icmp | None, now: float) -> Latency:
        """Latency of a refusal; of an ICMP error the kernel knows when it came, of a reset not."""
        came = None if icmp is None else kernel_time.of_last_message(self._socket)
        if came is None:
            return self._own_latency(now)
        found = latency(SendTime(self._started_wall, self._started), came, now)
        return self._own_latency(now) if found.source == "monotonic" else found

    def _silent_outcome(self) -> Outcome:
        outcome = self._failed_outcome(errno.ETIMEDOUT)
        outcome.not_sent = is_held_back(self._tcp_info())
        return outcome

    def _failed_outcome(self, number: int) -> Outcome:
        now = perf_counter()
        outcome = Outcome(
            State.FILTERED,
            Reason.NO_RESPONSE,
            self._address,
            source=self._source,
            errno=number,
            elapsed_ms=(now - self._started) * 1000,
        )
        if number == errno.ETIMEDOUT:
            outcome.errno = None
            return outcome
        reset = number in error_mapping.RESET
        outcome.icmp = None if reset else icmp_errors.drain(self._socket)
        outcome.state, outcome.reason = error_mapping.of_connect(number, outcome.icmp)
        if outcome.icmp is not None or number == errno.ECONNREFUSED:
            late = now - self._started >= _BEFORE_RETRANSMISSION
            outcome.syn_resent = late and is_resent(self._tcp_info())
            if not outcome.syn_resent:
                self._latency_of_error(outcome.icmp, now).tell(outcome)
        elif not reset:
            unsent = unsent_outcome(self._address, number)
            outcome.state, outcome.reason = unsent.state, unsent.reason
            outcome.problem = unsent.problem
        if outcome.state is State.CLOSED and not icmp_errors.AVAILABLE:
            outcome.problem = "this system does not tell a reset from a firewall's reject"
        return outcome

    def _end(self, outcome: Outcome) -> bool:
        """End without a socket; False, as it ended at once."""
        done, self._done = self._done, None
        if done is not None:
            done(outcome)
        return False

    def _finish(self, outcome: Outcome) -> None:
        done, self._done = self._done, None
        if self._keep and outcome.state is State.OPEN and outcome.errno is None:
            outcome.pipe = SocketPipe(self._socket)
        else:
            self._socket.close()
        if done is not None:
            done(outcome)


class _LoopWatcher:
    """The loop's own writers, which cost a handle and two system calls a socket."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    @property
    def quiet_until(self) -> float:
        return quiet_until(self._loop)

    def add(self, descriptor: int, ready: Ready) -> None:
        self._loop.add_writer(descriptor, ready, False)

    def remove(self, descriptor: int, *, stays_open: bool) -> None:
        self._loop.remove_writer(descriptor)

    def close(self) -> None:
        """Nothing is shared here."""


if sys.platform == "linux":

    class _EpollWatcher:
        """An epoll of our own, itself watched by the loop; a closed socket leaves it by itself."""

        def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
            self._loop = loop
            self._epoll = select.epoll()
            self._ready: dict[int, Ready] = {}
            self._left_over = False
            """Some that are writable may not have been told yet."""
            self._quiet_until = float("-inf")
            """Time before which none of those became writable."""
            loop.add_reader(self._epoll.fileno(), self._poll)

        @property
        def quiet_until(self) -> float:
            return self._quiet_until if self._left_over else quiet_until(self._loop)

        def add(self, descriptor: int, ready: Ready) -> None:
            self._ready[descriptor] = ready
            self._epoll.register(descriptor, select.EPOLLOUT)

        def remove(self, descriptor: int, *, stays_open: bool) -> None:
            if self._ready.pop(descriptor, None) is not None and stays_open:
                self._epoll.unregister(descriptor)

        def close(self) -> None:
            if not self._epoll.closed:
                self._loop.remove_reader(self._epoll.fileno())
                self._epoll.close()
            self._ready.clear()

        def _poll(self) -> None:
            self._quiet_until, self._left_over = self.quiet_until, True
            found = self._epoll.poll(0, _PER_TURN)
            for descriptor, events in found:
                ready = self._ready.get(descriptor)
                if ready is not None:
                    ready(bool(events & select.EPOLLERR))
            self._left_over = len(found) == _PER_TURN

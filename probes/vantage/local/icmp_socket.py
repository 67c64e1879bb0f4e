"""One ICMP socket for every echo of an IP version: paced sends, replies matched, errors told."""

from __future__ import annotations

import asyncio
import errno
import itertools
import os
import socket
import time
from collections import deque
from collections.abc import Callable

from probes.model import Icmp, Reason, State
from probes.vantage import Outcome, meaning
from probes.vantage.local import icmp_errors
from probes.vantage.local.receive import (
    Arrival,
    Departure,
    SocketAddress,
    latency,
    plain,
    receive,
    source_towards,
)
from probes.wire.icmp import EchoReply, QuotedRequest, echo_request, parse, parse_quoted

SENDS_PER_TURN = 32
"""Requests sent in one turn of the loop, so that replies are read in between."""

_READS_PER_TURN = 256
_READS_AT_DEADLINE = 4096
_TRIES = 4
_RETRY = 0.005
_NONCE = 16
_FULL = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS)


class EchoRequest:
    """An echo request from its making to its outcome; `done` is called at most once."""

    __slots__ = (
        "address",
        "deadline",
        "done",
        "live",
        "nonce",
        "sent",
        "sequence",
        "timer",
        "where",
    )

    def __init__(self, address: str, where: SocketAddress, done: Callable[[Outcome], None]) -> None:
        self.address = address
        self.where = where
        self.done = done
        self.nonce = os.urandom(_NONCE)
        self.live = True
        self.deadline = 0.0
        self.sequence = -1
        self.sent: Departure | None = None
        self.timer: asyncio.TimerHandle | None = None


class EchoSocket:
    """A shared ICMP socket on the running loop; owns the non-blocking socket it is given."""

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock
        self._family = int(sock.family)
        self._raw = sock.type == socket.SOCK_RAW
        self._version = 6 if sock.family == socket.AF_INET6 else 4
        self._identifier = int.from_bytes(os.urandom(2), "big")
        self._loop = asyncio.get_running_loop()
        self._sequences = itertools.cycle(range(0x10000))
        self._waiting: dict[int, EchoRequest] = {}
        self._queue: deque[tuple[EchoRequest, float]] = deque()
        self._pumping: asyncio.Handle | None = None
        self._loop.add_reader(sock, self._read)

    def send(self, request: EchoRequest, timeout: float) -> None:
        """Send when its turn comes; the `timeout` in seconds begins anew when it leaves."""
        request.deadline = time.monotonic() + timeout
        self._queue.append((request, timeout))
        if self._pumping is None:
            self._pumping = self._loop.call_soon(self._pump)

    def forget(self, request: EchoRequest) -> None:
        """Wait for this request no longer; its `done` is not called."""
        request.live = False
        if request.timer is not None:
            request.timer.cancel()
        if self._waiting.get(request.sequence) is request:
            del self._waiting[request.sequence]

    def close(self) -> None:
        """End every request that still waits, and close the socket."""
        if self._pumping is not None:
            self._pumping.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()
        for request in [*self._waiting.values(), *(entry[0] for entry in self._queue)]:
            self._ended(request, State.ERROR, Reason.LOCAL_ERROR, "the measurement was ended")

    def _pump(self) -> None:
        self._pumping = None
        for _ in range(SENDS_PER_TURN):
            if not self._queue:
                return
            request, timeout = self._queue[0]
            if request.live and not self._sent(request, timeout):
                self._pumping = self._loop.call_later(_RETRY, self._pump)
                return
            self._queue.popleft()
        self._pumping = self._loop.call_soon(self._pump)

    def _sent(self, request: EchoRequest, timeout: float) -> bool:
        """Send one request; False if it has to wait for room."""
        if len(self._waiting) > 0xFFFF:
            return self._too_late(request)
        request.sequence = next(n for n in self._sequences if n not in self._waiting)
        self._waiting[request.sequence] = request
        packet = echo_request(self._version, self._identifier, request.sequence, request.nonce)
        number = 0
        for _ in range(_TRIES):
            request.sent = Departure.now()
            try:
                self._sock.sendto(packet, request.where)
            except OSError as error:
                number = error.errno or 0
                if number in _FULL:
                    del self._waiting[request.sequence]
                    return self._too_late(request)
                # A shared socket also reports here the error another request met: ask again.
                self._drain(_READS_PER_TURN)
                if not request.live:
                    return True
            else:
                request.timer = self._loop.call_later(timeout, self._deadline, request)
                return True
        state, reason = meaning.of_errno(number)
        problem = meaning.words(number) if state is State.ERROR else ""
        self._ended(request, state, reason, problem, number=number)
        return True

    def _too_late(self, request: EchoRequest) -> bool:
        if time.monotonic() < request.deadline:
            return False
        problem = "the request could not be sent: too many are on their way"
        self._ended(request, State.ERROR, Reason.LOCAL_ERROR, problem)
        return True

    def _deadline(self, request: EchoRequest) -> None:
        # The loop may be behind: what has come in by now is not silence.
        self._read(_READS_AT_DEADLINE)
        if request.live:
            self._ended(request, State.FILTERED, Reason.NO_RESPONSE)

    def _read(self, most: int = _READS_PER_TURN) -> None:
        for _ in range(most):
            try:
                arrival = receive(self._sock)
            except BlockingIOError:
                break
            except OSError:
                # An error another look at the queue explains; the next read goes on.
                continue
            self._arrived(arrival)
        # Left undrained, the error queue keeps the socket readable and the loop spins.
        self._drain(most)

    def _drain(self, most: int) -> None:
        for _ in range(most):
            entry = icmp_errors.next_error(self._sock)
            if entry is None:
                return
            icmp, number, destination, data = entry
            quoted = parse_quoted(self._version, data)
            if icmp is not None and quoted is not None and destination:
                self._refused(icmp, str(destination[0]), quoted, number)

    def _arrived(self, arrival: Arrival) -> None:
        message = parse(self._version, arrival.data)
        if isinstance(message, EchoReply):
            request = self._waiting.get(message.sequence)
            if (
                request is not None
                and request.sent is not None
                and message.payload == request.nonce
                and (message.identifier == self._identifier or not self._raw)
                and _same(request.where, arrival.sender)
            ):
                ms, clock = latency(request.sent, arrival)
                self._finish(
                    request,
                    Outcome(
                        State.OPEN,
                        Reason.ECHO_REPLY,
                        request.address,
                        source=arrival.source,
                        latency_ms=ms,
                        latency_source=clock,
                    ),
                )
        elif message is not None and message.request.identifier == self._identifier:
            icmp = Icmp(message.type, message.code, str(arrival.sender[0]), self._version)
            self._refused(icmp, message.destination, message.request)

    def _refused(
        self, icmp: Icmp, destination: str, quoted: QuotedRequest, number: int = 0
    ) -> None:
        request = self._waiting.get(quoted.sequence)
        if (
            request is None
            or plain(destination) != plain(str(request.where[0]))
            or not _quotes(quoted.payload, request.nonce)
        ):
            return
        state, reason = meaning.of_icmp(icmp)
        outcome = Outcome(state, reason, request.address, icmp=icmp, errno=number or None)
        self._finish(request, outcome)

    def _ended(
        self, request: EchoRequest, state: State, reason: Reason, problem: str = "", number: int = 0
    ) -> None:
        outcome = Outcome(state, reason, request.address, errno=number or None, problem=problem)
        self._finish(request, outcome)

    def _finish(self, request: EchoRequest, outcome: Outcome) -> None:
        if not request.live:
            return
        self.forget(request)
        if outcome.source is None:
            outcome.source = source_towards(self._family, request.where)
        request.done(outcome)


def _same(where: SocketAddress, sender: SocketAddress) -> bool:
    """Whether a reply's sender is the one that was asked, on the link it was asked on."""
    return where[0] == sender[0] and (len(where) < 4 or not where[3] or where[3] == sender[3])


def _quotes(payload: bytes, nonce: bytes) -> bool:
    """Whether a quoted payload is ours as far as it goes; routers cut it, and may pad it."""
    return payload[: len(nonce)] == nonce[: len(payload)]

"""One ICMP socket for every echo of an IP version: paced sends, replies and errors matched."""

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
from probes.vantage import Outcome, error_mapping
from probes.vantage.local import icmp_errors
from probes.vantage.local.failures import unsent_outcome
from probes.vantage.local.receive import (
    ReceivedDatagram,
    SendTime,
    SocketAddress,
    canonical_address,
    latency,
    receive,
    source_towards,
)
from probes.wire.icmp import EchoReply, QuotedRequest, echo_request, parse, parse_quoted

SENDS_PER_TURN = 32
"""Requests sent in one turn of the loop, so that replies are read in between."""

_READS_PER_TURN = 256
_READS_AT_DEADLINE = 4096
_MAX_TRIES = 4
_RETRY_DELAY = 0.005
_NONCE_SIZE = 16
_BUFFER_FULL = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS)


class EchoRequest:
    """An echo request from its making to its outcome; `done` is called at most once."""

    __slots__ = (
        "address",
        "deadline",
        "destination",
        "done",
        "live",
        "nonce",
        "sent",
        "sequence",
        "timer",
    )

    def __init__(
        self, address: str, destination: SocketAddress, done: Callable[[Outcome], None]
    ) -> None:
        self.address = address
        self.destination = destination
        self.done = done
        self.nonce = os.urandom(_NONCE_SIZE)
        self.live = True
        self.deadline = 0.0
        self.sequence = -1
        self.sent: SendTime | None = None
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
        self._send_handle: asyncio.Handle | None = None
        self._loop.add_reader(sock, self._read)

    def send(self, request: EchoRequest, timeout: float) -> None:
        """Send when its turn comes; the `timeout` in seconds begins anew when it leaves."""
        request.deadline = time.monotonic() + timeout
        self._queue.append((request, timeout))
        if self._send_handle is None:
            self._send_handle = self._loop.call_soon(self._send_queued)

    def discard(self, request: EchoRequest) -> None:
        """Stop waiting for this request; its `done` is not called."""
        request.live = False
        if request.timer is not None:
            request.timer.cancel()
        if self._waiting.get(request.sequence) is request:
            del self._waiting[request.sequence]

    def close(self) -> None:
        """End every request that still waits, and close the socket."""
        if self._send_handle is not None:
            self._send_handle.cancel()
        self._loop.remove_reader(self._sock)
        self._sock.close()
        for request in [*self._waiting.values(), *(entry[0] for entry in self._queue)]:
            self._finish_as(request, State.ERROR, Reason.LOCAL_ERROR, "the run was ended")

    def _send_queued(self) -> None:
        self._send_handle = None
        for _ in range(SENDS_PER_TURN):
            if not self._queue:
                return
            request, timeout = self._queue[0]
            if request.live and not self._try_send(request, timeout):
                self._send_handle = self._loop.call_later(_RETRY_DELAY, self._send_queued)
                return
            self._queue.popleft()
        self._send_handle = self._loop.call_soon(self._send_queued)

    def _try_send(self, request: EchoRequest, timeout: float) -> bool:
        """Send one request; False if it has to wait for room."""
        if len(self._waiting) > 0xFFFF:
            return self._expire_unsent(request)
        request.sequence = next(n for n in self._sequences if n not in self._waiting)
        self._waiting[request.sequence] = request
        packet = echo_request(self._version, self._identifier, request.sequence, request.nonce)
        number = 0
        for _ in range(_MAX_TRIES):
            request.sent = SendTime.now()
            try:
                self._sock.sendto(packet, request.destination)
            except OSError as error:
                number = error.errno or 0
                if number in _BUFFER_FULL:
                    del self._waiting[request.sequence]
                    return self._expire_unsent(request)
                # A shared socket also reports here the error another request met: ask again.
                self._drain(_READS_PER_TURN)
                if not request.live:
                    return True
            else:
                request.timer = self._loop.call_later(timeout, self._on_deadline, request)
                return True
        self._finish(request, unsent_outcome(request.address, number))
        return True

    def _expire_unsent(self, request: EchoRequest) -> bool:
        if time.monotonic() < request.deadline:
            return False
        problem = "the request could not be sent: too many are on their way"
        self._finish_as(request, State.ERROR, Reason.LOCAL_ERROR, problem)
        return True

    def _on_deadline(self, request: EchoRequest) -> None:
        # The loop may be behind: what has come in by now is not silence.
        self._read(_READS_AT_DEADLINE)
        if request.live:
            self._finish_as(request, State.FILTERED, Reason.NO_RESPONSE)

    def _read(self, limit: int = _READS_PER_TURN) -> None:
        for _ in range(limit):
            try:
                datagram = receive(self._sock)
            except BlockingIOError:
                break
            except OSError:
                # An error another look at the queue explains; the next read goes on.
                continue
            self._on_datagram(datagram)
        # Left undrained, the error queue keeps the socket readable and the loop spins.
        self._drain(limit)

    def _drain(self, limit: int) -> None:
        for _ in range(limit):
            entry = icmp_errors.next_error(self._sock)
            if entry is None:
                return
            quoted = parse_quoted(self._version, entry.data)
            if entry.icmp is not None and quoted is not None and entry.destination:
                self._on_icmp_error(entry.icmp, str(entry.destination[0]), quoted, entry.errno)

    def _on_datagram(self, datagram: ReceivedDatagram) -> None:
        message = parse(self._version, datagram.data)
        if isinstance(message, EchoReply):
            request = self._waiting.get(message.sequence)
            if (
                request is not None
                and request.sent is not None
                and message.payload == request.nonce
                and (message.identifier == self._identifier or not self._raw)
                and _is_destination(request.destination, datagram.sender)
            ):
                outcome = Outcome(
                    State.OPEN, Reason.ECHO_REPLY, request.address, source=datagram.source
                )
                latency(request.sent, datagram.kernel_time, datagram.read_time).tell(outcome)
                self._finish(request, outcome)
        elif message is not None and message.request.identifier == self._identifier:
            icmp = Icmp(message.type, message.code, str(datagram.sender[0]), self._version)
            self._on_icmp_error(icmp, message.destination, message.request)

    def _on_icmp_error(
        self, icmp: Icmp, destination: str, quoted: QuotedRequest, number: int = 0
    ) -> None:
        request = self._waiting.get(quoted.sequence)
        if (
            request is None
            or canonical_address(destination) != canonical_address(str(request.destination[0]))
            or not _matches_nonce(quoted.payload, request.nonce)
        ):
            return
        state, reason = error_mapping.of_icmp(icmp)
        outcome = Outcome(state, reason, request.address, icmp=icmp, errno=number or None)
        self._finish(request, outcome)

    def _finish_as(
        self, request: EchoRequest, state: State, reason: Reason, problem: str = ""
    ) -> None:
        self._finish(request, Outcome(state, reason, request.address, problem=problem))

    def _finish(self, request: EchoRequest, outcome: Outcome) -> None:
        if not request.live:
            return
        self.discard(request)
        if outcome.source is None:
            outcome.source = source_towards(self._family, request.destination)
        request.done(outcome)


def _is_destination(destination: SocketAddress, sender: SocketAddress) -> bool:
    """True if a reply's sender is the destination, on the same link."""
    return destination[0] == sender[0] and (
        len(destination) < 4 or not destination[3] or destination[3] == sender[3]
    )


def _matches_nonce(payload: bytes, nonce: bytes) -> bool:
    """True if a quoted payload is ours as far as it goes; routers cut it, and may pad it."""
    return payload[: len(nonce)] == nonce[: len(payload)]

"""UDP exchange: one datagram and its answer or ICMP error, on a connected socket of its own."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections import deque

from probes.model import Icmp, Reason, State
from probes.vantage import Accept, Outcome
from probes.vantage.error_mapping import FD_EXHAUSTED
from probes.vantage.local import icmp_errors, kernel_time
from probes.vantage.local.failures import datagram_outcome, unsent_outcome, unusable_outcome
from probes.vantage.local.foreign import ForeignListener
from probes.vantage.local.receive import (
    ReceivedDatagram,
    SendTime,
    latency,
    receive,
    socket_address,
)

MAX_REJECTED = 64
"""Datagrams that do not answer the question, after which no more are read."""

_PER_TURN = 64
_RETRY_DELAY = 0.005
_BUFFER_FULL = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS)


async def exchange(
    address: str, port: int, payload: bytes, timeout: float, accept: Accept
) -> Outcome:
    """Send one datagram and wait up to `timeout` seconds for an answer `accept` takes.

    The address is numeric and may carry a %scope. Raises OSError with EMFILE or ENFILE when no
    descriptor is left, whatever `accept` raises, and nothing else.
    """
    started = time.monotonic()
    try:
        outcome = await _exchange(address, port, payload, started + timeout, accept)
    except OSError as error:
        if error.errno in FD_EXHAUSTED:
            raise
        outcome = unsent_outcome(address, error.errno or 0)
    except ValueError as error:
        outcome = unusable_outcome(address, str(error))
    outcome.elapsed_ms = (time.monotonic() - started) * 1000
    return outcome


async def _exchange(
    address: str, port: int, payload: bytes, deadline: float, accept: Accept
) -> Outcome:
    family, destination = socket_address(address, port)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        icmp_errors.enable(sock, family)
        kernel_time.enable(sock)
        source: str | None = None
        queue = _ReceiveQueue(sock, deadline)
        try:
            sock.connect(destination)
            source = str(sock.getsockname()[0])
            with ForeignListener(sock) as listener:
                outcome = await _send_and_wait(queue, address, payload, accept)
                if outcome.reason is Reason.NO_RESPONSE:
                    outcome.foreign = listener.take()
        except OSError as error:
            queue.read()
            outcome = queue.error_outcome(address) or unsent_outcome(address, error.errno or 0)
        finally:
            queue.close()
        outcome.source = source
        return outcome


async def _send_and_wait(
    queue: _ReceiveQueue, address: str, payload: bytes, accept: Accept
) -> Outcome:
    sent = await queue.send(payload)
    rejected = 0
    resent = False
    while True:
        timed_out = await queue.wait()
        for datagram in queue.take():
            if accept(datagram.data):
                return _answer_outcome(address, sent, datagram)
            rejected += 1
        if queue.too_big:
            queue.too_big = False
            if not resent:
                # The path's MTU was smaller than thought; the kernel knows it now and fragments.
                resent = True
                sent = await queue.send(payload)
        outcome = queue.error_outcome(address)
        if outcome is not None:
            if outcome.state is State.CLOSED:
                latency(sent, queue.error_came, queue.error_read).tell(outcome)
            return outcome
        if timed_out:
            return Outcome(
                State.OPEN_FILTERED,
                Reason.NO_RESPONSE,
                address,
                problem=f"{rejected} datagrams came that do not answer the question"
                if rejected
                else "",
            )
        if rejected >= MAX_REJECTED:
            queue.stop_reading()


def _answer_outcome(address: str, sent: SendTime, datagram: ReceivedDatagram) -> Outcome:
    outcome = Outcome(State.OPEN, Reason.UDP_RESPONSE, address, data=datagram.data)
    latency(sent, datagram.kernel_time, datagram.read_time).tell(outcome)
    return outcome


class _ReceiveQueue:
    """Receive queue of one connected socket: its datagrams, and at most one error."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._datagrams: deque[ReceivedDatagram] = deque()
        self._icmp: tuple[Icmp, int] | None = None
        self._errno = 0
        self._wake: asyncio.Future[None] | None = None
        self._reading = False
        self.error_read = 0.0
        """Seconds of the monotonic clock at which this process read the first error."""
        self.error_came: float | None = None
        """Seconds of the wall clock at which the kernel got it, where that is known."""
        self.too_big = False

    async def send(self, payload: bytes) -> SendTime:
        """Send, waiting for room in the send buffer until the deadline; raises OSError."""
        if not self._reading:
            self._loop.add_reader(self._sock, self._on_readable)
            self._reading = True
        while True:
            sent = SendTime.now()
            try:
                self._sock.send(payload)
            except OSError as error:
                if error.errno not in _BUFFER_FULL or time.monotonic() >= self._deadline:
                    raise
            else:
                return sent
            await asyncio.sleep(_RETRY_DELAY)

    async def wait(self) -> bool:
        """Wait for something to come in; true once the deadline has passed.

        Past the deadline the socket is looked at once more: a loop that fell behind must not
        call an answer silence.
        """
        left = self._deadline - time.monotonic()
        if left > 0 and not self._has_input():
            self._wake = self._loop.create_future()
            timer = self._loop.call_later(left, _set_done, self._wake)
            try:
                await self._wake
            finally:
                timer.cancel()
                self._wake = None
        timed_out = time.monotonic() >= self._deadline
        if timed_out:
            self.read()
        return timed_out

    def take(self) -> list[ReceivedDatagram]:
        """The datagrams that came in since the last call."""
        datagrams = list(self._datagrams)
        self._datagrams.clear()
        return datagrams

    def error_outcome(self, address: str) -> Outcome | None:
        """Outcome of the exchange by the error that came in, if one did."""
        if self._icmp is not None:
            return datagram_outcome(address, *self._icmp)
        return datagram_outcome(address, None, self._errno) if self._errno else None

    def read(self) -> None:
        """Take what is there, bounded, from the socket and then from its error queue."""
        for _ in range(_PER_TURN):
            try:
                self._datagrams.append(receive(self._sock))
            except BlockingIOError:
                break
            except OSError as error:
                self._on_error(error.errno or 0)
        # Left undrained, the error queue keeps the socket readable and the loop spins.
        for _ in range(_PER_TURN):
            entry = icmp_errors.next_error(self._sock)
            if entry is None:
                break
            self._on_error(entry.errno)
            if entry.icmp is not None and entry.errno != errno.EMSGSIZE and self._icmp is None:
                self._icmp = (entry.icmp, entry.errno)
                self.error_came = entry.kernel_time

    def stop_reading(self) -> None:
        """Stop listening until the deadline; an error is still seen then."""
        if self._reading:
            self._loop.remove_reader(self._sock)
            self._reading = False

    def close(self) -> None:
        """Leave the loop; the socket stays the caller's."""
        self.stop_reading()

    def _has_input(self) -> bool:
        return bool(self._datagrams or self._icmp or self._errno or self.too_big)

    def _on_error(self, number: int) -> None:
        if number == errno.EMSGSIZE:
            self.too_big = True
        elif number:
            self._errno = self._errno or number
            self.error_read = self.error_read or time.monotonic()

    def _on_readable(self) -> None:
        self.read()
        if self._wake is not None and self._has_input():
            _set_done(self._wake)


def _set_done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

"""One UDP datagram out and one answer back, or who said no, on a connected socket of its own."""

from __future__ import annotations

import asyncio
import errno
import socket
import time
from collections import deque

from probes.model import Icmp, Reason, State
from probes.vantage import Accept, Outcome, meaning
from probes.vantage.local import icmp_errors
from probes.vantage.local.receive import (
    Arrival,
    Departure,
    endpoint,
    latency,
    plain,
    receive,
    stamp_arrivals,
)

REFUSED_MOST = 64
"""Datagrams that do not answer the question, after which no more are read."""

_PER_TURN = 64
_RETRY = 0.005
_NO_DESCRIPTOR = (errno.EMFILE, errno.ENFILE)
_FULL = (errno.EAGAIN, errno.EWOULDBLOCK, errno.ENOBUFS)


async def exchange(
    address: str, port: int, payload: bytes, timeout: float, accept: Accept
) -> Outcome:
    """Send one datagram and wait up to `timeout` seconds for an answer `accept` takes.

    The address is numeric and may carry a %scope. Raises OSError with EMFILE or ENFILE when no
    descriptor is left, whatever `accept` raises, and nothing else.
    """
    began = time.monotonic()
    try:
        outcome = await _exchange(address, port, payload, began + timeout, accept)
    except OSError as error:
        if error.errno in _NO_DESCRIPTOR:
            raise
        outcome = _failed(address, error.errno or 0)
    except ValueError as error:
        outcome = Outcome(State.ERROR, Reason.LOCAL_ERROR, address, problem=str(error))
    outcome.elapsed_ms = (time.monotonic() - began) * 1000
    return outcome


async def _exchange(
    address: str, port: int, payload: bytes, deadline: float, accept: Accept
) -> Outcome:
    family, where = endpoint(address, port)
    with socket.socket(family, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        icmp_errors.enable(sock, family)
        stamp_arrivals(sock)
        source: str | None = None
        inbox = _Inbox(sock, deadline)
        try:
            sock.connect(where)
            source = str(sock.getsockname()[0])
            outcome = await _asked(inbox, address, payload, accept)
        except OSError as error:
            inbox.read()
            outcome = inbox.refusal(address) or _failed(address, error.errno or 0)
        finally:
            inbox.close()
        outcome.source = source
        return outcome


async def _asked(inbox: _Inbox, address: str, payload: bytes, accept: Accept) -> Outcome:
    sent = await inbox.send(payload)
    refused = 0
    resent = False
    while True:
        late = await inbox.news()
        for arrival in inbox.taken():
            if accept(arrival.data):
                return _answered(address, sent, arrival)
            refused += 1
        if inbox.too_big:
            inbox.too_big = False
            if not resent:
                # The path's MTU was smaller than thought; the kernel knows it now and fragments.
                resent = True
                sent = await inbox.send(payload)
        outcome = inbox.refusal(address)
        if outcome is not None:
            if outcome.state is State.CLOSED:
                outcome.latency_ms = (inbox.refused_at - sent.monotonic) * 1000
                outcome.latency_source = "monotonic"
            return outcome
        if late:
            return Outcome(
                State.OPEN_FILTERED,
                Reason.NO_RESPONSE,
                address,
                problem=f"{refused} datagrams came that do not answer the question"
                if refused
                else "",
            )
        if refused >= REFUSED_MOST:
            inbox.deafen()


def _answered(address: str, sent: Departure, arrival: Arrival) -> Outcome:
    ms, clock = latency(sent, arrival)
    return Outcome(
        State.OPEN,
        Reason.UDP_RESPONSE,
        address,
        latency_ms=ms,
        latency_source=clock,
        data=arrival.data,
    )


def _failed(address: str, number: int) -> Outcome:
    state, reason = meaning.of_errno(number)
    problem = meaning.words(number) if state is State.ERROR else ""
    return Outcome(state, reason, address, errno=number, problem=problem)


def _refused(address: str, icmp: Icmp | None, number: int) -> Outcome:
    from_host = icmp is not None and plain(icmp.offender) == plain(address)
    state, reason = meaning.of_datagram(number, icmp, from_host=from_host)
    problem = meaning.words(number) if state is State.ERROR else ""
    return Outcome(state, reason, address, icmp=icmp, errno=number or None, problem=problem)


class _Inbox:
    """What has come in on one connected socket: datagrams, and at most one error."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._loop = asyncio.get_running_loop()
        self._deadline = deadline
        self._arrivals: deque[Arrival] = deque()
        self._icmp: tuple[Icmp, int] | None = None
        self._errno = 0
        self._wake: asyncio.Future[None] | None = None
        self._listening = False
        self.refused_at = 0.0
        self.too_big = False

    async def send(self, payload: bytes) -> Departure:
        """Send, waiting for room in the send buffer until the deadline; raises OSError."""
        if not self._listening:
            self._loop.add_reader(self._sock, self._readable)
            self._listening = True
        while True:
            sent = Departure.now()
            try:
                self._sock.send(payload)
            except OSError as error:
                if error.errno not in _FULL or time.monotonic() >= self._deadline:
                    raise
            else:
                return sent
            await asyncio.sleep(_RETRY)

    async def news(self) -> bool:
        """Wait for something to come in; true once the deadline has passed.

        Past the deadline the socket is looked at once more: a loop that fell behind must not
        call an answer silence.
        """
        left = self._deadline - time.monotonic()
        if left > 0 and not self._something():
            self._wake = self._loop.create_future()
            timer = self._loop.call_later(left, _resolve, self._wake)
            try:
                await self._wake
            finally:
                timer.cancel()
                self._wake = None
        late = time.monotonic() >= self._deadline
        if late:
            self.read()
        return late

    def taken(self) -> list[Arrival]:
        """The datagrams that came in since the last call."""
        arrivals = list(self._arrivals)
        self._arrivals.clear()
        return arrivals

    def refusal(self, address: str) -> Outcome | None:
        """How the error that came in ends the exchange, if one did."""
        if self._icmp is not None:
            return _refused(address, *self._icmp)
        return _refused(address, None, self._errno) if self._errno else None

    def read(self) -> None:
        """Take what is there, bounded, from the socket and then from its error queue."""
        for _ in range(_PER_TURN):
            try:
                self._arrivals.append(receive(self._sock))
            except BlockingIOError:
                break
            except OSError as error:
                self._failed(error.errno or 0)
        # Left undrained, the error queue keeps the socket readable and the loop spins.
        for _ in range(_PER_TURN):
            entry = icmp_errors.next_error(self._sock)
            if entry is None:
                break
            icmp, number, *_ = entry
            self._failed(number)
            if icmp is not None and number != errno.EMSGSIZE:
                self._icmp = self._icmp or (icmp, number)

    def deafen(self) -> None:
        """Stop listening until the deadline; an error is still seen then."""
        if self._listening:
            self._loop.remove_reader(self._sock)
            self._listening = False

    def close(self) -> None:
        """Leave the loop; the socket stays the caller's."""
        self.deafen()

    def _something(self) -> bool:
        return bool(self._arrivals or self._icmp or self._errno or self.too_big)

    def _failed(self, number: int) -> None:
        if number == errno.EMSGSIZE:
            self.too_big = True
        elif number:
            self._errno = self._errno or number
            self.refused_at = self.refused_at or time.monotonic()

    def _readable(self) -> None:
        self.read()
        if self._wake is not None and self._something():
            _resolve(self._wake)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)

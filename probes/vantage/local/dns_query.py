"""One DNS question to one server through a vantage: UDP, and TCP for what is cut off (RFC 7766)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import dns.exception
import dns.flags
import dns.message
import dns.nameserver

from probes.model import Reason, State
from probes.vantage import Outcome, Vantage, error_mapping
from probes.vantage.stream import connect, open_stream


class CutOff(OSError):
    """An answer that UDP cut off and that TCP did not give; the message is a clause about it."""


class Garbled(OSError):
    """Datagrams came from the server, and none of them answers the question."""


class VantageNameserver(dns.nameserver.Nameserver):
    """A server as dnspython's resolver asks one, over nothing but a vantage."""

    def __init__(
        self, vantage: Vantage, address: str, port: int, on_response: Callable[[], None]
    ) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._on_response = on_response
        self._vantage = vantage
        self._address = address
        self._port = port

    def __str__(self) -> str:
        return f"{self._address}@{self._port}"

    def kind(self) -> str:
        """See dns.nameserver.Nameserver."""
        return "Do53"

    def is_always_max_size(self) -> bool:
        """See dns.nameserver.Nameserver; what is cut off has been asked for over TCP already."""
        return True

    def answer_nameserver(self) -> str:
        """See dns.nameserver.Nameserver."""
        return self._address

    def answer_port(self) -> int:
        """See dns.nameserver.Nameserver."""
        return self._port

    async def async_query(
        self, request: dns.message.QueryMessage, timeout: float, *_: object, **__: object
    ) -> dns.message.Message:
        """See dns.nameserver.Nameserver; the resolver asks once more after a Timeout only."""
        try:
            data = await send_query(
                self._vantage, self._address, self._port, request.to_wire(), timeout
            )
        except TimeoutError:
            raise dns.exception.Timeout from None
        self._on_response()
        return dns.message.from_wire(data)


async def send_query(
    vantage: Vantage, server: str, port: int, payload: bytes, timeout: float
) -> bytes:
    """The response of a server to a query, within `timeout` seconds in all.

    Raises TimeoutError for silence, Garbled where nothing came but what does not answer the query,
    CutOff for a response that is cut off and not to be had over TCP, and OSError for all else.
    """
    query = dns.message.from_wire(payload)
    deadline = asyncio.get_running_loop().time() + timeout
    has_garbage = False

    def accept(data: bytes) -> bool:
        nonlocal has_garbage
        if _is_response(query, data):
            return True
        has_garbage |= not _is_other_response(query, data)
        return False

    outcome = await vantage.exchange(server, port, payload, timeout, accept)
    if outcome.reason is Reason.NO_RESPONSE and has_garbage:
        raise Garbled("no answer to the question")
    if outcome.state is not State.OPEN:
        raise _failure(outcome)
    if not _is_truncated(outcome.data):
        return outcome.data
    try:
        async with asyncio.timeout_at(deadline):
            data = await _over_tcp(vantage, server, port, payload, timeout)
    except TimeoutError:
        why = "gives no answer"
    except (EOFError, ConnectionResetError):
        why = "hangs up"
    except OSError as error:
        why = f"cannot be asked ({failure_text(error)})"
    else:
        if not _is_response(query, data):
            why = "answers something else"
        elif _is_truncated(data):
            why = "cuts it off as well"
        else:
            return data
    raise CutOff(f"answers, but the answer is cut off, and TCP {port}, which has the rest, {why}")


async def _over_tcp(
    vantage: Vantage, server: str, port: int, payload: bytes, timeout: float
) -> bytes:
    """The answer over TCP; raises EOFError, TimeoutError and OSError."""
    outcome = await connect(vantage, server, port, timeout, keep=True)
    if outcome.pipe is None:
        raise _failure(outcome)
    stream = await open_stream(outcome.pipe)
    try:
        await stream.send(len(payload).to_bytes(2, "big") + payload)
        return await stream.read_exactly(int.from_bytes(await stream.read_exactly(2), "big"))
    finally:
        await stream.close()


def _is_response(query: dns.message.Message, data: bytes) -> bool:
    """True if these bytes are a response to this very query; if truncated, by their question."""
    try:
        response = dns.message.from_wire(data, question_only=_is_truncated(data))
    except (dns.exception.DNSException, ValueError):
        return False
    return query.is_response(response)


def _is_other_response(query: dns.message.Message, data: bytes) -> bool:
    """True for a response to another question, as a late one or a forged one is."""
    try:
        response = dns.message.from_wire(data)
    except (dns.exception.DNSException, ValueError):
        return False
    return bool(response.flags & dns.flags.QR) and response.id != query.id


def _is_truncated(data: bytes) -> bool:
    return bool(int.from_bytes(data[2:4], "big") & dns.flags.TC)


class Unasked(OSError):
    """The server could not be asked; `strerror` is a clause of ours."""

    rejected = False
    """True if a device, or the server's own firewall, rejected the question."""


def failure_text(error: OSError) -> str:
    """Clause about a server that could not be asked, without the system's own words."""
    if isinstance(error, Unasked):
        return error.strerror or "for an unknown reason"
    return error_mapping.errno_text(error.errno or 0)


def _failure(outcome: Outcome) -> OSError:
    if outcome.reason is Reason.NO_RESPONSE:
        return TimeoutError("no answer")
    number = outcome.errno or 0
    if outcome.state is State.FILTERED and outcome.icmp is not None:
        # Its errno says "No route to host" of a firewall's rejection.
        error = Unasked(number, f"rejected by {outcome.icmp.offender}, {outcome.reason}")
        error.rejected = True
        return error
    return Unasked(number, outcome.problem or error_mapping.errno_text(number))

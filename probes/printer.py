"""Raw printing probe on TCP 9100: the connect, a moment of listening, the name where asked for."""

from __future__ import annotations

import asyncio

from probes.call import Answer, Call, Unexpected
from probes.model import Service
from probes.vantage.stream import Stream, read_foreign
from probes.wire import greeting, pjl
from probes.wire.unexpected import excerpt

LISTEN_S = 2.0
"""Seconds of listening: servers that greet do so at once, and a printer serves one client."""
LISTEN_SHARE = 0.5
"""The same as a part of the deadline, where that is short."""
MAX_GREETING = 512
DEADLINE_SHARE = 0.9
"""Part of the deadline a printer has for its name; without one the connect still counts."""


async def ask(call: Call) -> Answer:
    """Listen for a moment, or ask for the name over PJL where the operator wants that.

    Anything sent here may come out on paper, so without the option nothing is. Raises Unexpected
    for a greeting or an answer of something else; a printer that stays silent accepts connections.
    """
    if not call.options.pjl:
        return await _listen(call)
    try:
        async with asyncio.timeout(call.timeout * DEADLINE_SHARE):
            name = await _query_name(await call.stream())
    except TimeoutError:
        return _accepted("no answer to PJL in time")
    except (EOFError, ConnectionError):
        return _accepted("it ended the connection when asked over PJL")
    except pjl.NotPjl as error:
        raise Unexpected(str(error)) from None
    facts = {"summary": f"Printer {name} (PJL)", "pjl_id": name, "printer": True}
    return Answer(Service.CONFIRMED, facts)


async def _listen(call: Call) -> Answer:
    data = bytearray()
    try:
        async with asyncio.timeout(min(LISTEN_S, call.timeout * LISTEN_SHARE)):
            await _read_greeting(await call.stream(), data)
    except TimeoutError:
        pass
    except (EOFError, ConnectionError):
        if not data:
            text = (
                "Accepts connections and ends them at once, as a printer does that serves another "
                "client or does not allow this one"
            )
            return Answer(Service.NOT_ASKED, {"summary": text, "warning": True})
    said = bytes(data)
    if not said:
        return _accepted("nothing is sent to a printer")
    if pjl.is_report(said):
        text = f"Printer that reports by itself: {excerpt(said)}"
        return Answer(Service.CONFIRMED, {"summary": text, "printer": True})
    if greeting.protocol_of(said) or greeting.is_text(said) or len(said) > pjl.MAX_STATUS:
        raise Unexpected(f"a printer says nothing unasked, and this greets as {_named(said)}")
    return _accepted(f"nothing is sent to a printer; by itself it sends {excerpt(said)}")


async def _read_greeting(stream: Stream, data: bytearray) -> None:
    """Read until the first line of a known protocol, or as much as a greeting may have."""
    while len(data) < MAX_GREETING:
        data += await stream.read(MAX_GREETING - len(data))
        if b"\n" in data and (pjl.is_report(bytes(data)) or greeting.protocol_of(bytes(data))):
            return


def _named(said: bytes) -> str:
    name = greeting.protocol_of(said)
    return f"{name}: {excerpt(said)}" if name else f"another server: {excerpt(said)}"


async def _query_name(stream: Stream) -> str:
    await stream.send(pjl.INFO_ID)
    data = b""
    while True:
        try:
            data += await stream.read(1024)
        except EOFError:
            name = pjl.identity(data, ended=True) if data else None
            if name is None:
                raise
            return name
        try:
            name = pjl.identity(data)
        except pjl.NotPjl:
            raise Unexpected(excerpt(await read_foreign(stream, data))) from None
        if name is not None:
            return name


def _accepted(why: str) -> Answer:
    return Answer(Service.NOT_ASKED, {"summary": f"Accepts connections; {why}"})

"""NetBIOS session service: does it take a call, and does SMB answer over it (RFC 1002 4.3)."""

from __future__ import annotations

import asyncio

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.clients.smb import facts_of, introduced, newest, oldest
from probes.model import Service
from probes.vantage.stream import LimitExceeded, Stream
from probes.wire import netbios
from probes.wire.netbios import SessionReply
from probes.wire.smb import Negotiated
from probes.wire.text import printable

SHARE = 0.9
"""Part of the deadline used here; the rest is for saying what was found when it ran out."""
SHOWN = 80
BEFORE_MOST = 64
"""Bytes of keep-alives and answer to a call."""


async def ask(call: Call) -> Answer:
    """Call *SMBSERVER and negotiate SMB over the session; any answer to the call proves it.

    What goes wrong after it is a fact. Raises Unexpected for another protocol, and EOFError,
    OSError or TimeoutError when nothing was said.
    """
    until = asyncio.get_running_loop().time() + call.timeout * SHARE
    stream = await call.stream()
    taken = await _session(stream)
    if taken.refused:
        text = f"NetBIOS session service, which refuses the call: {taken.refused}"
        return Answer(Service.CONFIRMED, {"summary": text, "refused": taken.refused})
    if taken.retarget:
        text = f"NetBIOS session service, which sends callers on to {taken.retarget}"
        return Answer(Service.CONFIRMED, {"summary": text, "retarget": taken.retarget})
    try:
        async with asyncio.timeout_at(until):
            said = await _negotiated(call, stream)
    except Unexpected as error:
        problem = str(error)
    except LimitExceeded:
        problem = "it sends without end"
    except TimeoutError:
        problem = "no SMB answer over it in time"
    except (EOFError, ConnectionError, NoAnswer):
        problem = "no SMB answer over it"
    else:
        facts = facts_of(said, await introduced(stream, said, until))
        return Answer(
            Service.CONFIRMED, {**facts, "summary": f"NetBIOS session, {facts['summary']}"}
        )
    text = f"NetBIOS session service; {problem}"
    return Answer(Service.CONFIRMED, {"summary": text, "problem": problem})


async def _session(stream: Stream) -> SessionReply:
    await stream.send(netbios.session_request())
    got = b""
    while True:
        # No more than the longest answer: what comes after it belongs to SMB.
        got += await stream.read(10)
        try:
            found = netbios.session_reply(got)
        except netbios.MalformedSession as error:
            text = printable(got, SHOWN)
            raise Unexpected(f"an answer that is not NetBIOS ({error}): {text}") from None
        if found is not None:
            return found[0]
        if len(got) > BEFORE_MOST:
            raise Unexpected("nothing but keep-alives of NetBIOS")


async def _negotiated(call: Call, stream: Stream) -> Negotiated:
    before = len(stream.received)
    try:
        return await newest(stream)
    except (EOFError, ConnectionError):
        if len(stream.received) > before:
            raise
        # What a server that knows only SMB1 does with a message it cannot read.
        again = await call.connect()
        if await _session(again) != SessionReply():
            raise
        return await oldest(again)

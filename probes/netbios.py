"""NetBIOS session service probe: the session request, and SMB over it (RFC 1002 4.3)."""

from __future__ import annotations

import asyncio

from probes.call import Answer, Call, NoAnswer, Unexpected
from probes.clients.smb import negotiate_smb1, negotiate_smb2, negotiation_facts, request_challenge
from probes.model import Service
from probes.vantage.stream import LimitExceeded, Stream, read_foreign
from probes.wire import netbios
from probes.wire.masking import shown
from probes.wire.netbios import SessionReply
from probes.wire.smb import Negotiated
from probes.wire.text import printable

DEADLINE_SHARE = 0.9
"""Part of the deadline for the exchange; the rest is for reporting what was found by then."""
MAX_SHOWN = 80
MAX_PREAMBLE = 64
"""Bytes of keep-alives and answer to a call."""


async def ask(call: Call) -> Answer:
    """Call *SMBSERVER and negotiate SMB over the session; an open session alone proves nothing.

    A refusal and a retarget are a warning: the service answered, and no server behind it. Raises
    Unexpected for another protocol, also over the session, and EOFError, OSError or TimeoutError
    when nothing was said.
    """
    deadline = asyncio.get_running_loop().time() + call.patience * DEADLINE_SHARE
    stream = await call.stream()
    reply = await _open_session(stream)
    if reply.refused:
        text = f"NetBIOS session service, which refuses the call to *SMBSERVER: {reply.refused}"
        facts: dict[str, object] = {"summary": text, "refused": reply.refused, "warning": True}
        return Answer(Service.CONFIRMED, facts)
    if reply.retarget:
        text = (
            f"NetBIOS session service, which sends callers on to {reply.retarget}; that address "
            "was not tried"
        )
        facts = {"summary": text, "retarget": reply.retarget, "warning": True}
        return Answer(Service.CONFIRMED, facts)
    try:
        async with asyncio.timeout_at(deadline):
            negotiated = await _negotiate(call, stream)
    except Unexpected as error:
        raise Unexpected(f"a NetBIOS session opens, and over it comes {error}") from None
    except LimitExceeded:
        raise Unexpected("a NetBIOS session opens, and over it come data without end") from None
    except TimeoutError:
        problem = "no SMB answer came over it in time"
    except (EOFError, ConnectionError, NoAnswer):
        problem = "it was closed without an SMB answer"
    else:
        facts = negotiation_facts(negotiated, await request_challenge(stream, negotiated, deadline))
        return Answer(
            Service.CONFIRMED, {**facts, "summary": f"NetBIOS session, {facts['summary']}"}
        )
    text = f"the NetBIOS session opened and {problem}"
    return Answer(Service.SILENT, {"summary": text, "problem": problem})


async def _open_session(stream: Stream) -> SessionReply:
    """The answer to a session request; what comes after it is left to SMB."""
    await stream.send(netbios.session_request())
    data = b""
    while True:
        data += await stream.read()
        try:
            found = netbios.session_reply(data)
        except netbios.MalformedSession as error:
            text = printable(shown(await read_foreign(stream, data), cut=True), MAX_SHOWN)
            raise Unexpected(f"an answer that is not NetBIOS ({error}): {text}") from None
        if (len(data) if found is None else found[1]) > MAX_PREAMBLE:
            raise Unexpected("nothing but keep-alives of NetBIOS")
        if found is not None:
            stream.unread(data[found[1] :])
            return found[0]


async def _negotiate(call: Call, stream: Stream) -> Negotiated:
    before = stream.consumed
    try:
        return await negotiate_smb2(stream)
    except (EOFError, ConnectionError):
        if stream.consumed > before:
            raise
        # What a server that knows only SMB1 does with a message it cannot read.
        again = await call.connect()
        if await _open_session(again) != SessionReply():
            raise
        return await negotiate_smb1(again)

"""SMB probe over TCP: dialect, signing requirement and clock (MS-SMB2)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from probes.call import Answer, Call, NoAnswer
from probes.clients.smb import negotiate_smb1, negotiate_smb2, negotiation_facts, request_challenge
from probes.model import Service

DEADLINE_SHARE = 0.9
"""Part of the deadline for the exchange; the rest is for reporting what was found by then."""


async def ask(call: Call) -> Answer:
    """Negotiate SMB2 or 3, and SMB1 on a second connection if that is hung up on.

    No login, only its first message, to which a server answers with its name. Raises Unexpected
    for another protocol, and EOFError, OSError or TimeoutError when nothing was said.
    """
    deadline = asyncio.get_running_loop().time() + call.patience * DEADLINE_SHARE
    stream = await call.stream()
    try:
        negotiated = await negotiate_smb2(stream)
    except (EOFError, ConnectionError):
        if stream.received:
            raise
        # What a server that knows only SMB1 does with a message it cannot read.
        second = None
        with suppress(NoAnswer):
            second = await call.connect()
        if second is None:
            raise
        stream = second
        negotiated = await negotiate_smb1(stream)
    return Answer(
        Service.CONFIRMED,
        negotiation_facts(negotiated, await request_challenge(stream, negotiated, deadline)),
    )

"""SMB over TCP: which dialect, is signing required, what does its clock say (MS-SMB2)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from probes.call import Answer, Call, NoAnswer
from probes.clients.smb import facts_of, introduced, newest, oldest
from probes.model import Service

SHARE = 0.9
"""Part of the deadline used here; the rest is for saying what was found when it ran out."""


async def ask(call: Call) -> Answer:
    """Negotiate SMB2 or 3, and SMB1 on a second connection if that is hung up on.

    No login, only its first message, to which a server answers with its name. Raises Unexpected
    for another protocol, and EOFError, OSError or TimeoutError when nothing was said.
    """
    until = asyncio.get_running_loop().time() + call.timeout * SHARE
    stream = await call.stream()
    try:
        said = await newest(stream)
    except (EOFError, ConnectionError):
        if stream.received:
            raise
        # What a server that knows only SMB1 does with a message it cannot read.
        again = None
        with suppress(NoAnswer):
            again = await call.connect()
        if again is None:
            raise
        stream = again
        said = await oldest(stream)
    return Answer(Service.CONFIRMED, facts_of(said, await introduced(stream, said, until)))

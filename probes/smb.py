"""SMB over TCP: which dialect, is signing required, what does its clock say (MS-SMB2)."""

from __future__ import annotations

from contextlib import suppress

from probes.engine.call import Answer, Call, NoAnswer
from probes.engine.model import Service
from probes.negotiation import facts_of, newest, oldest


async def ask(call: Call) -> Answer:
    """Negotiate SMB2 or 3 without a login, and SMB1 on a second connection if that is hung up on.

    Raises Unexpected for another protocol, and EOFError, OSError or TimeoutError when nothing
    was said.
    """
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
        said = await oldest(again)
    return Answer(Service.CONFIRMED, facts_of(said))

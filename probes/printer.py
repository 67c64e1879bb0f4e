"""Raw printing probe on TCP 9100: the connect, and over PJL the name where that is asked for."""

from __future__ import annotations

import asyncio

from probes.call import Answer, Call, Unexpected
from probes.model import Service
from probes.vantage.stream import Stream
from probes.wire import pjl

DEADLINE_SHARE = 0.9
"""Part of the deadline a printer has for its name; without one the connect still counts."""


async def ask(call: Call) -> Answer:
    """Close at once, or ask for the name over PJL where the operator wants that.

    Anything sent here may come out on paper, so without the option nothing is. Raises Unexpected
    for an answer that is not PJL's; a printer that stays silent still accepts connections.
    """
    if not call.options.pjl:
        return _accepted("nothing is sent to a printer")
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
        name = pjl.identity(data)
        if name is not None:
            return name


def _accepted(why: str) -> Answer:
    return Answer(Service.NOT_ASKED, {"summary": f"Accepts connections; {why}"})

"""The first exchange of SMB over one stream, and what it tells of the server (MS-SMB2 3.2.4.2)."""

from __future__ import annotations

import secrets
import time
import uuid
from datetime import UTC, datetime

from probes.engine.call import Unexpected
from probes.engine.stream import Stream
from probes.wire import smb
from probes.wire.smb import Negotiated
from probes.wire.text import printable

SHOWN = 80


async def newest(stream: Stream) -> Negotiated:
    """Negotiate SMB2 or 3; a server that knows only SMB1 closes: EOFError or ConnectionError.

    Raises Unexpected when something else answers.
    """
    message = smb.negotiate(uuid.uuid4(), secrets.token_bytes(smb.SALT))
    return await _exchange(stream, message)


async def oldest(stream: Stream) -> Negotiated:
    """Negotiate in the form of SMB1, on a connection of its own; raises the same."""
    return await _exchange(stream, smb.negotiate_1())


async def _exchange(stream: Stream, message: bytes) -> Negotiated:
    await stream.send(smb.framed(message))
    got = b""
    while True:
        got += await stream.read()
        try:
            found = smb.frame(got)
            if found is not None:
                return smb.negotiated(found[0])
        except smb.Malformed as error:
            raise Unexpected(
                f"an answer that is not SMB ({error}): {printable(got, SHOWN)}"
            ) from None


def facts_of(said: Negotiated) -> dict[str, object]:
    """What a negotiation told, for the detail and the log; `summary` for the note.

    `clock_skew_s` is the server's clock minus ours in seconds. SMB1 alone is a warning.
    """
    facts: dict[str, object] = {"summary": _summary(said), "dialect": said.dialect}
    if said.status:
        facts["status"] = f"0x{said.status:08x}"
    if said.signing:
        facts["signing"] = said.signing
        facts["signing_required"] = said.signing == "required"
    if said.guid is not None:
        facts["server_guid"] = str(said.guid)
    if said.time is not None:
        facts["server_time"] = _stamp(said.time)
        facts["clock_skew_s"] = round(said.time - time.time(), 1) + 0.0
    if said.started is not None:
        facts["server_started"] = _stamp(said.started)
    named = {"cipher": said.cipher, "domain": said.domain, "server": said.server}
    facts |= {key: text for key, text in named.items() if text}
    if said.mechanisms:
        facts["login"] = list(said.mechanisms)
    if said.smb1:
        facts["smb1_only"] = facts["warning"] = True
    return facts


def _summary(said: Negotiated) -> str:
    if said.smb1:
        whose = f" ({said.server} in {said.domain})" if said.server and said.domain else ""
        return f"SMB1 only{whose}: an old protocol that current Windows no longer speaks by default"
    if said.status:
        return f"SMB answers, and refuses to negotiate with status 0x{said.status:08x}"
    signing = "signing required" if said.signing == "required" else "signing not required"
    return f"SMB {said.dialect}, {signing}"


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

"""The first exchange of SMB over one stream, and what it tells of the server (MS-SMB2 3.2.4.2)."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from datetime import UTC, datetime

from probes.call import Unexpected
from probes.vantage.stream import LimitExceeded, Stream
from probes.wire import ntlm, smb
from probes.wire.ntlm import Identity
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


async def introduced(stream: Stream, said: Negotiated, until: float) -> Identity:
    """Who the server says it is when a login begins, which is not gone on with.

    Empty where it does not tell until that moment of the loop's clock: what proves the service
    was said before.
    """
    if said.smb1 or said.status:
        return Identity()
    try:
        async with asyncio.timeout_at(until):
            return ntlm.challenge(await _ask(stream, smb.session_setup(ntlm.negotiate())))
    except (ntlm.Malformed, smb.Malformed, LimitExceeded, EOFError, OSError):
        return Identity()


async def _exchange(stream: Stream, message: bytes) -> Negotiated:
    before = len(stream.received)
    try:
        return smb.negotiated(await _ask(stream, message))
    except smb.Malformed as error:
        got = printable(bytes(stream.received[before:]), SHOWN)
        raise Unexpected(f"an answer that is not SMB ({error}): {got}") from None


async def _ask(stream: Stream, message: bytes) -> bytes:
    """The answer to one message; raises smb.Malformed."""
    await stream.send(smb.framed(message))
    got = b""
    while True:
        got += await stream.read()
        found = smb.frame(got)
        if found is not None:
            return found[0]


def facts_of(said: Negotiated, who: Identity) -> dict[str, object]:
    """What a negotiation and an introduction told, for detail and log; `summary` for the note.

    `clock_skew_s` is the server's clock minus ours in seconds. SMB1 alone is a warning.
    """
    facts: dict[str, object] = {"summary": _summary(said, who), "dialect": said.dialect}
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
    named = {
        "cipher": said.cipher,
        "computer": said.server or who.computer,
        "domain": said.domain or who.domain,
        "dns_computer": who.dns_computer,
        "dns_domain": who.dns_domain,
        "forest": who.forest,
        "windows": who.version,
    }
    facts |= {key: text for key, text in named.items() if text}
    if _is_samba(said, who):
        facts["software"] = "Samba"
    if said.mechanisms:
        facts["login"] = list(said.mechanisms)
    if said.smb1:
        facts["smb1_only"] = facts["warning"] = True
    return facts


def _is_samba(said: Negotiated, who: Identity) -> bool:
    """Whether the GUID is the server's name in small letters, as Samba's is; Windows draws one."""
    name = who.computer.lower().encode()[:16]
    return said.guid is not None and bool(name) and said.guid.bytes_le == name.ljust(16, b"\0")


def _summary(said: Negotiated, who: Identity) -> str:
    if said.smb1:
        whose = f" ({said.server} in {said.domain})" if said.server and said.domain else ""
        return f"SMB1 only{whose}: an old protocol that current Windows no longer speaks by default"
    if said.status:
        return f"SMB answers, and refuses to negotiate with status 0x{said.status:08x}"
    signing = "signing required" if said.signing == "required" else "signing not required"
    text = f"SMB {said.dialect}, {signing}"
    if who.computer:
        text += f"; {who.computer}" + (f" in {who.domain}" if who.domain else "")
    return f"{text}, Windows {who.version}" if who.version else text


def _stamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

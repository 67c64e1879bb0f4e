"""SMB client over one stream: negotiate, NTLM challenge, and facts of both (MS-SMB2 3.2.4.2)."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from dataclasses import replace
from datetime import UTC, datetime

from probes.call import Unexpected
from probes.vantage.stream import LimitExceeded, Stream, read_foreign
from probes.wire import ntlm, smb
from probes.wire.ntlm import Identity
from probes.wire.smb import Negotiated
from probes.wire.text import printable

MAX_SHOWN = 80
_FIRST_WINDOWS = {
    "2.0.2": (6, 0),
    "2.1": (6, 1),
    "3.0": (6, 2),
    "3.0.2": (6, 3),
    "3.1.1": (10, 0),
}
"""Version of Windows that brought each dialect (MS-SMB2 appendix A)."""


async def negotiate_smb2(stream: Stream) -> Negotiated:
    """Negotiate SMB2 or 3; a server that knows only SMB1 closes: EOFError or ConnectionError.

    Raises Unexpected when something else answers.
    """
    message = smb.negotiate_request(uuid.uuid4(), secrets.token_bytes(smb.SALT_SIZE))
    return await _exchange(stream, message)


async def negotiate_smb1(stream: Stream) -> Negotiated:
    """Negotiate in the form of SMB1, on a connection of its own; raises the same."""
    return await _exchange(stream, smb.negotiate_request_1())


async def request_challenge(stream: Stream, negotiated: Negotiated, deadline: float) -> Identity:
    """Begin a session setup; the identity in the server's NTLM challenge (MS-NLMP 2.2.1.2).

    The login is not continued. Empty without a challenge by the deadline, in loop time: the
    negotiate has proved the service.
    """
    if negotiated.smb1 or negotiated.status:
        return Identity()
    try:
        async with asyncio.timeout_at(deadline):
            return ntlm.challenge(await _send_message(stream, smb.session_setup(ntlm.negotiate())))
    except (ntlm.Malformed, smb.Malformed, LimitExceeded, EOFError, OSError):
        return Identity()


async def _exchange(stream: Stream, message: bytes) -> Negotiated:
    before = stream.consumed
    try:
        return smb.parse_negotiate(await _send_message(stream, message))
    except smb.Malformed as error:
        said = await read_foreign(stream, stream.received[before:])
        got = printable(said, MAX_SHOWN)
        raise Unexpected(f"an answer that is not SMB ({error}): {got}") from None


async def _send_message(stream: Stream, message: bytes) -> bytes:
    """The answer to one message; raises smb.Malformed."""
    await stream.send(smb.encode_frame(message))
    data = b""
    while True:
        data += await stream.read()
        found = smb.read_frame(data)
        if found is not None:
            stream.unread(data[found[1] :])
            return found[0]


def negotiation_facts(negotiated: Negotiated, identity: Identity) -> dict[str, object]:
    """Facts from negotiate and challenge, for detail and log; `summary` for the note.

    `clock_skew_s` is the server's clock minus ours in seconds. SMB1 alone is a warning, and so is
    a server that does not negotiate.
    """
    if not _is_possible(negotiated.dialect, identity.version):
        identity = replace(identity, version="")
    facts: dict[str, object] = {
        "summary": _summary(negotiated, identity),
        "dialect": negotiated.dialect,
    }
    if negotiated.status:
        status = facts["status"] = f"0x{negotiated.status:08x}"
        facts |= {"warning": True, "shortfall": f"it refuses to negotiate (status {status})"}
    if negotiated.signing:
        facts["signing"] = negotiated.signing
        facts["signing_required"] = negotiated.signing == "required"
    if negotiated.guid is not None:
        facts["server_guid"] = str(negotiated.guid)
    if negotiated.time is not None:
        facts["server_time"] = _iso_time(negotiated.time)
        facts["clock_skew_s"] = round(negotiated.time - time.time(), 1) + 0.0
    if negotiated.started is not None:
        facts["server_started"] = _iso_time(negotiated.started)
    texts = {
        "cipher": negotiated.cipher,
        "computer": negotiated.server or identity.computer,
        "domain": negotiated.domain or identity.domain,
        "dns_computer": identity.dns_computer,
        "dns_domain": identity.dns_domain,
        "forest": identity.forest,
        "windows": identity.version,
    }
    facts |= {key: text for key, text in texts.items() if text}
    if _is_samba(negotiated, identity):
        facts["software"] = "Samba"
    if negotiated.mechanisms:
        facts["login"] = list(negotiated.mechanisms)
    if negotiated.smb1:
        facts["smb1_only"] = True
    if negotiated.smb1 or negotiated.status:
        facts["warning"] = True
    return facts


def _is_possible(dialect: str, version: str) -> bool:
    """True if a Windows of this version has the dialect: macOS names an older one than it has."""
    first = _FIRST_WINDOWS.get(dialect)
    parts = tuple(int(part) for part in version.split(".")[:2] if part.isdecimal())
    return first is None or not parts or parts >= first


def _is_samba(negotiated: Negotiated, identity: Identity) -> bool:
    """True if the GUID is the server's name in small letters, as Samba's is; Windows' is random."""
    name = identity.computer.lower().encode()[:16]
    return (
        negotiated.guid is not None
        and bool(name)
        and negotiated.guid.bytes_le == name.ljust(16, b"\0")
    )


def _summary(negotiated: Negotiated, identity: Identity) -> str:
    if negotiated.smb1 and not negotiated.dialect and not negotiated.status:
        return "SMB1 only, and it takes no dialect that was offered (NT LM 0.12 or newer)"
    if negotiated.smb1 and not negotiated.status:
        owner = (
            f" ({negotiated.server} in {negotiated.domain})"
            if negotiated.server and negotiated.domain
            else ""
        )
        return f"SMB1 only{owner}: an old protocol that current Windows no longer speaks by default"
    if negotiated.status:
        return (
            f"SMB answers, and refuses to negotiate with status 0x{negotiated.status:08x}. It was "
            "not seen to serve this machine. Check its log for the reason"
        )
    signing = "signing required" if negotiated.signing == "required" else "signing not required"
    text = f"SMB {negotiated.dialect}, {signing}"
    if identity.computer:
        text += f"; {identity.computer}" + (f" in {identity.domain}" if identity.domain else "")
    return f"{text}, Windows {identity.version}" if identity.version else text


def _iso_time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")

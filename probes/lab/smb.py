"""SMB server up to the login: negotiate and NTLM challenge (MS-SMB2, MS-CIFS, MS-NLMP)."""

from __future__ import annotations

import asyncio
import struct
import time
from collections.abc import Mapping

from probes.lab.transport import ConnectionHandler
from probes.wire import ber
from probes.wire.ber import context, element

EPOCH = 116_444_736_000_000_000
"""1970 as a FILETIME (MS-DTYP 2.3.3)."""
REVISIONS = (0x0311, 0x0302, 0x0300, 0x0210, 0x0202)
"""SMB2 dialects, newest first (MS-SMB2 2.2.3)."""
COMPUTER, DOMAIN, DNS_COMPUTER, DNS_DOMAIN, FOREST = 1, 2, 3, 4, 5
"""Names in the target information (MS-NLMP 2.2.2.1)."""
SIGNING_REQUIRED = 3
"""SecurityMode: signing enabled and required (MS-SMB2 2.2.4)."""
SIGNING_ENABLED = 1

_MAX_MESSAGE = 64 * 1024
_TICKS = 10_000_000
_MORE = 0xC0000016
"""STATUS_MORE_PROCESSING_REQUIRED: a login that goes on (MS-SMB2 3.3.5.5.3)."""
_KERBEROS = bytes.fromhex("06092a864886f712010202")
_NTLM = bytes.fromhex("060a2b06010401823702020a")
_SPNEGO = bytes.fromhex("06062b0601050502")


def negotiate_response_2(
    revision: int,
    mode: int,
    *,
    now: int = EPOCH + _TICKS,
    token: bytes = b"",
    contexts: bytes = b"",
) -> bytes:
    """The response to a negotiate (MS-SMB2 2.2.4); `now` is a FILETIME."""
    head = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, 0, 0, 1, 1, *[0] * 5, b"")
    count = 2 if contexts else 0
    fields = (65, mode, revision, count, b"server".ljust(16, b"\0"), 7, 65536, 65536, 65536)
    gap = -(128 + len(token)) % 8 if contexts else 0
    at = 128 + len(token) + gap if contexts else 0
    body = struct.pack("<HHHH16sIIIIQQHHI", *fields, now, 0, 128, len(token), at)
    return head + body + token + bytes(gap) + contexts


def contexts_311() -> bytes:
    """SHA-512 for integrity and AES-128-GCM, which 3.1.1 must name (MS-SMB2 2.2.4.1)."""
    integrity = struct.pack("<HHH", 1, 32, 1) + bytes(32)
    integrity = struct.pack("<HHI", 1, len(integrity), 0) + integrity
    return integrity + bytes(-len(integrity) % 8) + struct.pack("<HHIHH", 2, 4, 0, 1, 2)


def mechanisms() -> bytes:
    """Kerberos and NTLM in a NegTokenInit2 (MS-SPNG 2.2.1)."""
    offered = element(context(0), element(ber.SEQUENCE, _KERBEROS, _NTLM))
    return element(0x60, _SPNEGO, element(context(0), element(ber.SEQUENCE, offered)))


def negotiate_response_1(names: str, *, now: int = EPOCH) -> bytes:
    """The response to a negotiate in SMB1 (MS-CIFS 2.2.4.52.2); `names` ends each with a zero."""
    fixed = (0x72, 0, 0x98, 0xC001, 0, b"")
    head = struct.pack("<4sBIBHH8sHHHHH", b"\xffSMB", *fixed, *[0] * 5)
    words = struct.pack("<HBHHIIIIQhB", 0, 3, 50, 1, 65536, 65536, 0, 0, now, 0, 8)
    texts = names.encode("utf-16-le")
    return head + b"\x11" + words + struct.pack("<H", 8 + len(texts)) + bytes(8) + texts


def challenge(names: Mapping[int, str], build: int) -> bytes:
    """The answer to the first message of a login (MS-SMB2 2.2.6, MS-NLMP 2.2.1.2)."""
    head = struct.pack("<4sHHIHHIIQIIQ16s", b"\xfeSMB", 64, 0, _MORE, 1, 1, 1, 0, 1, *[0] * 3, b"")
    pairs = b""
    for kind, text in names.items():
        value = text.encode("utf-16-le")
        pairs += struct.pack("<HH", kind, len(value)) + value
    pairs += bytes(4)
    fields = (b"NTLMSSP\0", 2, 0, 0, 56, 0x02000000, 0, 0, len(pairs), len(pairs), 56, 10, 0, build)
    token = struct.pack("<8sIHHIIQQHHIBBH4x", *fields) + pairs
    return head + struct.pack("<HHHH", 9, 0, 72, len(token)) + token


def frame(message: bytes) -> bytes:
    """A message behind its length (MS-SMB2 2.1)."""
    return struct.pack(">I", len(message)) + message


def windows(
    computer: str, domain: str, *, build: int = 20348, mode: int = SIGNING_ENABLED
) -> ConnectionHandler:
    """A server of SMB 2.0.2 to 3.1.1 in a domain, as far as the first message of a login."""
    dns = f"{computer.lower()}.{domain}"
    names = {
        DOMAIN: domain.partition(".")[0].upper(),
        COMPUTER: computer.upper(),
        DNS_DOMAIN: domain,
        DNS_COMPUTER: dns,
        FOREST: domain,
    }

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            message = await _message(reader)
            command = int.from_bytes(message[12:14], "little")
            if message.startswith(b"\xfeSMB") and command == 0:
                response = _negotiate(message, mode)
            elif message.startswith(b"\xfeSMB") and command == 1:
                response = challenge(names, build)
            else:
                return
            writer.write(frame(response))
            await writer.drain()

    return talk


def smb1_only(computer: str, domain: str) -> ConnectionHandler:
    """A server that hangs up on SMB2, as those from before 2006 do (MS-CIFS 2.2.4.52)."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        message = await _message(reader)
        if message.startswith(b"\xffSMB\x72"):
            writer.write(frame(negotiate_response_1(f"{domain}\0{computer}\0", now=_now())))
            await writer.drain()

    return talk


def _negotiate(message: bytes, mode: int) -> bytes:
    """The newest dialect that both know (MS-SMB2 3.3.5.4)."""
    count = int.from_bytes(message[66:68], "little")
    offered = struct.unpack_from(f"<{count}H", message[:164], 100) if count <= 32 else ()
    revision = next((one for one in REVISIONS if one in offered), REVISIONS[-1])
    contexts = contexts_311() if revision == REVISIONS[0] else b""
    return negotiate_response_2(revision, mode, now=_now(), token=mechanisms(), contexts=contexts)


async def _message(reader: asyncio.StreamReader) -> bytes:
    (size,) = struct.unpack(">I", await reader.readexactly(4))
    if not 36 <= size <= _MAX_MESSAGE:
        raise EOFError("not SMB")
    return await reader.readexactly(size)


def _now() -> int:
    return EPOCH + int(time.time() * _TICKS)

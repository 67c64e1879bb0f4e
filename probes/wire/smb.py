"""SMB negotiation: dialect, signing and the server's clock, before a login (MS-SMB2, MS-CIFS)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from uuid import UUID

from probes.wire.netbios import KEEP_ALIVE
from probes.wire.text import printable

SMB1 = "NT LM 0.12"
DIALECTS = {
    0x0202: "2.0.2",
    0x0210: "2.1",
    0x0300: "3.0",
    0x0302: "3.0.2",
    0x0311: "3.1.1",
}
"""SMB2 dialects by their revision code (MS-SMB2 2.2.3)."""
ANY_SMB2 = 0x02FF
"""Answer to a multi-protocol negotiate: SMB2, the dialect to be asked for again."""
SALT_SIZE = 32
MAX_FRAME = 64 * 1024
"""Bytes of one answer; a negotiate response has a few hundred."""

_MAX_KEEP_ALIVES = 16
_SMB2_MAGIC = b"\xfeSMB"
_SMB1_MAGIC = b"\xffSMB"
_HEADER_2 = struct.Struct("<4sHHIHHIIQIIQ16s")
_REQUEST_2 = struct.Struct("<HHHHI16sIHH")
_SETUP_2 = struct.Struct("<HBBIIHHQ")
_RESPONSE_2 = struct.Struct("<HHHH16sIIIIQQHHI")
_HEADER_1 = struct.Struct("<4sBIBHH8sHHHHH")
_WORDS_1 = struct.Struct("<HBHHIIIIQhB")
_NEGOTIATE_1 = 0x72
_FLAGS_1 = 0x18
_FLAGS2_1 = 0xC001
_UNICODE_1 = 0x8000
_RESPONSE = 0x01
_SIGNING_ENABLED = 0x01
_CAN_UNICODE = 0x04
_SIGNING_REQUIRED = 0x02
_CAPABILITIES = 0x7F
_NO_DIALECT = 0xFFFF
_WORDS_NT_LM = 17
_RESPONSE_SIZE, _ERROR_SIZE = 65, 9
"""StructureSize of a response and of an error (MS-SMB2 2.2.4, 2.2.2)."""
_MIN_TRANSFER = 4096
"""Least of the server's sizes with which a client goes on (MS-SMB2 3.2.5.2)."""
_MULTI_PROTOCOL = (b"NT LM 0.12", b"SMB 2.002", b"SMB 2.???")
_PREAUTH, _ENCRYPTION = 1, 2
_SHA_512 = 1
_CIPHERS = {1: "AES-128-CCM", 2: "AES-128-GCM", 3: "AES-256-CCM", 4: "AES-256-GCM"}
_MAX_CONTEXTS = 16
_MECHANISMS = (
    (bytes.fromhex("06092a864882f712010202"), "Kerberos"),
    (bytes.fromhex("06092a864886f712010202"), "Kerberos"),
    (bytes.fromhex("060a2b06010401823702020a"), "NTLM"),
    (bytes.fromhex("060a2b06010401823702021e"), "NegoEx"),
)
_EPOCH = 116_444_736_000_000_000
_TICKS = 10_000_000


class Malformed(Exception):
    """The bytes are no answer to a negotiate; the text says why."""


@dataclass(frozen=True, slots=True)
class Negotiated:
    """Response of a server to a negotiate.

    `status` is its NTSTATUS, and everything after it is unknown unless that is 0. `time` is the
    server's clock in seconds since 1970, None where it does not tell.
    """

    dialect: str
    smb1: bool = False
    status: int = 0
    signing: str = ""
    """`required`, `enabled` or `disabled`."""
    guid: UUID | None = None
    time: float | None = None
    started: float | None = None
    cipher: str = ""
    mechanisms: tuple[str, ...] = ()
    domain: str = ""
    server: str = ""
    """Names an SMB1 server gives of itself."""


def encode_frame(message: bytes) -> bytes:
    """A message behind the length that goes before it over TCP (MS-SMB2 2.1)."""
    return struct.pack(">I", len(message)) + message


def read_frame(data: bytes) -> tuple[bytes, int] | None:
    """The message at the start of `data` and where it ends; None while more is needed.

    Keep-alives of the session before it are passed over. Raises Malformed as soon as the bytes
    cannot become an answer.
    """
    at = 0
    while data[at : at + 4] == KEEP_ALIVE:
        at += 4
        if at > _MAX_KEEP_ALIVES * len(KEEP_ALIVE):
            raise Malformed("nothing but keep-alives")
    if KEEP_ALIVE.startswith(data[at:]):
        return None
    if data[at]:
        raise Malformed("no SMB message")
    if len(data) < at + 4:
        return None
    # In the order in which the bytes come: the reason is the same however they are cut.
    (size,) = struct.unpack_from(">I", data, at)
    if not _HEADER_1.size <= size <= MAX_FRAME:
        raise Malformed(f"an SMB message of {size} bytes")
    magic = data[at + 4 : at + 8]
    if not (_SMB2_MAGIC.startswith(magic) or _SMB1_MAGIC.startswith(magic)):
        raise Malformed("no SMB message")
    start, end = at + 4, at + 4 + size
    return (data[start:end], end) if len(data) >= end else None


def negotiate_request(client: UUID, salt: bytes) -> bytes:
    """Offer SMB 2.0.2 to 3.1.1 (MS-SMB2 2.2.3); `salt` has SALT random bytes."""
    dialects = struct.pack(f"<{len(DIALECTS)}H", *DIALECTS)
    preauth = struct.pack("<HHH", 1, len(salt), _SHA_512) + salt
    ciphers = struct.pack(f"<H{len(_CIPHERS)}H", len(_CIPHERS), 2, 1, 4, 3)
    contexts = _padded(_context(_PREAUTH, preauth)) + _context(_ENCRYPTION, ciphers)
    start = _HEADER_2.size + _REQUEST_2.size + len(dialects)
    gap = -start % 8
    body = _REQUEST_2.pack(
        36,
        len(DIALECTS),
        _SIGNING_ENABLED,
        0,
        _CAPABILITIES,
        client.bytes_le,
        start + gap,
        2,
        0,
    )
    head = _HEADER_2.pack(_SMB2_MAGIC, 64, 0, 0, 0, 31, 0, 0, 0, 0, 0, 0, bytes(16))
    return head + body + dialects + bytes(gap) + contexts


def session_setup(token: bytes) -> bytes:
    """The first message of a login, after the negotiate on its connection (MS-SMB2 2.2.5)."""
    head = _HEADER_2.pack(_SMB2_MAGIC, 64, 0, 0, 1, 31, 0, 0, 1, 0, 0, 0, bytes(16))
    start = _HEADER_2.size + _SETUP_2.size
    return head + _SETUP_2.pack(25, 0, _SIGNING_ENABLED, 0, 0, start, len(token), 0) + token


def negotiate_request_1() -> bytes:
    """Offer SMB1, and SMB2 to a server that must be asked in the old way (MS-CIFS 2.2.4.52.1)."""
    head = _HEADER_1.pack(
        _SMB1_MAGIC, _NEGOTIATE_1, 0, _FLAGS_1, _FLAGS2_1, 0, bytes(8), 0, 0, 0, 0, 1
    )
    names = b"".join(b"\x02" + name + b"\0" for name in _MULTI_PROTOCOL)
    return head + struct.pack("<BH", 0, len(names)) + names


def parse_negotiate(message: bytes) -> Negotiated:
    """The answer to a negotiate, SMB2's or SMB1's; raises Malformed."""
    try:
        if message.startswith(_SMB2_MAGIC):
            return _parse_negotiate_2(message)
        if message.startswith(_SMB1_MAGIC):
            return _parse_negotiate_1(message)
    except struct.error:
        raise Malformed("cut off in the answer") from None
    raise Malformed("no SMB message")


def _parse_negotiate_2(message: bytes) -> Negotiated:
    _, header, _, status, command, _, flags, _, id, *_ = _HEADER_2.unpack_from(message)
    if header != _HEADER_2.size or command or not flags & _RESPONSE or id:
        raise Malformed("not a response to a negotiate")
    if status:
        if struct.unpack_from("<H", message, _HEADER_2.size) != (_ERROR_SIZE,):
            raise Malformed("a refusal of another form")
        return Negotiated("", status=status)
    (size, mode, revision, count, guid, _, *most, now, started, at, length, contexts) = (
        _RESPONSE_2.unpack_from(message, _HEADER_2.size)
    )
    if size != _RESPONSE_SIZE:
        raise Malformed("a response of another form")
    if revision != ANY_SMB2 and revision not in DIALECTS:
        raise Malformed(f"a dialect that was not offered (0x{revision:04x})")
    if min(most) < _MIN_TRANSFER:
        raise Malformed("transfers smaller than SMB allows")
    if length and at + length > len(message):
        raise Malformed("a security buffer beyond its end")
    return Negotiated(
        dialect=_dialect(revision),
        signing=_signing(mode, _SIGNING_REQUIRED, _SIGNING_ENABLED),
        guid=UUID(bytes_le=guid),
        time=_unix_time(now),
        started=_unix_time(started),
        cipher=_cipher(message, contexts, count) if revision == 0x0311 else "",
        mechanisms=_mechanisms(message[at : at + length]),
    )


def _parse_negotiate_1(message: bytes) -> Negotiated:
    _, command, status, flags, flags2, *_ = _HEADER_1.unpack_from(message)
    if command != _NEGOTIATE_1 or not flags & 0x80:
        raise Malformed("not a response to a negotiate")
    if status:
        return Negotiated("", smb1=True, status=status)
    words, index = struct.unpack_from("<BH", message, _HEADER_1.size)
    if (words, index) == (1, _NO_DIALECT):
        return Negotiated("", smb1=True)
    if (words, index) != (_WORDS_NT_LM, 0):
        raise Malformed("a dialect that was not offered")
    _, mode, _, _, _, _, _, can, now, _, challenge = _WORDS_1.unpack_from(
        message, _HEADER_1.size + 1
    )
    names = message[_HEADER_1.size + 1 + _WORDS_1.size + 2 + challenge :]
    domain, server = _names(names, unicode=_is_utf16(names, flags2, can))
    return Negotiated(
        dialect=SMB1,
        smb1=True,
        signing=_signing(mode, 0x08, 0x04),
        time=_unix_time(now),
        domain=domain,
        server=server,
    )


def _dialect(revision: int) -> str:
    return "2" if revision == ANY_SMB2 else DIALECTS[revision]


def _signing(mode: int, required: int, enabled: int) -> str:
    return "required" if mode & required else "enabled" if mode & enabled else "disabled"


def _unix_time(filetime: int) -> float | None:
    """A FILETIME as seconds since 1970; None for 0, and for what no clock says."""
    seconds = (filetime - _EPOCH) / _TICKS
    return seconds if 0 <= seconds < 2**33 else None


def _cipher(message: bytes, at: int, count: int) -> str:
    """The cipher chosen in the negotiate contexts (MS-SMB2 2.2.4.1.2); empty for none."""
    for _ in range(min(count, _MAX_CONTEXTS)):
        kind, size = struct.unpack_from("<HH", message, at)
        if kind == _ENCRYPTION:
            _, chosen = struct.unpack_from("<HH", message, at + 8)
            return _CIPHERS.get(chosen, "")
        at += 8 + size + -size % 8
    return ""


def _mechanisms(token: bytes) -> tuple[str, ...]:
    """The login mechanisms in a NegTokenInit2, found by their identifiers (MS-SPNG 2.2.1)."""
    return tuple(dict.fromkeys(name for form, name in _MECHANISMS if form in token))


def _is_utf16(names: bytes, flags2: int, can: int) -> bool:
    """True if the names of an SMB1 server have two bytes a character.

    Samba and Windows write UTF-16 and do not always set the flag that says so; others send the
    client's flag back with names of one byte. Between two of those stands a single zero.
    """
    flagged, able = bool(flags2 & _UNICODE_1), bool(can & _CAN_UNICODE)
    if names.rstrip(b"\0").count(0) > 1:
        return flagged or able
    return flagged and able


def _names(raw: bytes, *, unicode: bool) -> tuple[str, str]:
    """Domain and server name after the challenge (MS-CIFS 2.2.4.52.2)."""
    # In UTF-16 they are zero-terminated, and not padded to an even place in this message.
    even = raw[: len(raw) & ~1]
    text = even.decode("utf-16-le", "replace") if unicode else raw.decode("cp437")
    domain, _, rest = text.partition("\0")
    names = (domain, rest.partition("\0")[0])
    return printable(names[0].strip(), 64), printable(names[1].strip(), 64)


def _context(kind: int, data: bytes) -> bytes:
    return struct.pack("<HHI", kind, len(data), 0) + data


def _padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % 8)

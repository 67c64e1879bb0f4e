"""SSH: identification, KEXINIT, authentication and private key files (RFC 4253, RFC 4252)."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass

from probes.wire.masking import shown
from probes.wire.text import printable

MAX_PREAMBLE = 32 * 1024
"""Bytes a server may send before its identification."""
MAX_PREAMBLE_LINES = 200
"""Lines a server may send before its identification."""
MAX_LINE = 1024
"""Bytes of an identification; RFC 4253 allows 255, some servers send more."""

_IDENT = re.compile(rb"SSH-([0-9]{1,3}\.[0-9]{1,3})-([^\r\n]*)")
_IDENT_LINE = re.compile(rb"^SSH-[^\n]*\n", re.MULTILINE)
_VERSION = re.compile(r"(.+?)[_-]v?(\d.*)")
MAX_STARTUPS, PENALTY = "Exceeded MaxStartups", "Not allowed at this time"
"""Lines of OpenSSH in place of an identification (sshd_config(5): MaxStartups, PerSource...)."""
_BARE_VERSION = re.compile(r"[0-9]+(?:\.[0-9]+)+(?:_[A-Za-z]\w*)?")
"""Software of Bitvise, Tectia, VShell and others, whose name stands in the comments."""
_BUSY = (MAX_STARTUPS.encode(), PENALTY.encode())
_REFUSAL = re.compile(
    rb"\b(?:too many|exceeded|max(?:imum)?|limit|busy|try (?:again|later)|in use|no (?:free|more)"
    rb"|not (?:allowed|permitted|welcome)|refused|denied|unavailable|disabled|banned"
    rb"|block(?:ed|listed)|blacklisted|rejected|maintenance"
    rb"|(?:connection|session) (?:was |is )?(?:closed|dropped))\b",
    re.IGNORECASE,
)
"""Words with which a server of any protocol turns a client away."""
_PROMPT = re.compile(rb"(?:login|user|user ?name|password|passcode): *$", re.IGNORECASE)
"""End of what a terminal server says, whose notices have words of refusal too."""
_TEXT = re.compile(rb"(?![0-9]{3}[ -])[\t\r\n\x20-\x7e]+")
"""Lines of text that do not begin with a reply code, as those of SMTP and FTP do."""
_FOREIGN = (
    *(
        b"HTTP/",
        b"<!",
        b"<?",
        b"<html",
        b"<HTML",
        b"<head",
        b"<stream",
        b"220 ",
        b"220-",
        b"421 ",
        b"500 ",
        b"+OK",
        b"-ERR",
        b"* OK",
        b"* BYE",
    ),
    *(b"RFB ", b"\x16\x03", b"\x15\x03", b"\xff\xfb", b"\xff\xfd", b"@RSYNCD"),
)

MAX_PACKET = 35_000
"""Bytes of the whole packet that everybody must take (RFC 4253 6.1); OpenSSH's is 1.1 kB."""
MAX_SKIPPED = 8
"""Packets before it that mean nothing."""
_METHODS = frozenset(
    (
        *(b"publickey", b"password", b"keyboard-interactive", b"hostbased", b"none"),
        *(b"gssapi-with-mic", b"gssapi-keyex"),
    )
)
"""Authentication methods (RFC 4252 4, RFC 4256, RFC 4462)."""
MAX_NAMES = 64
"""Names of one list that are kept."""
EXTENSIONS = frozenset({"ext-info-s", "kex-strict-s-v00@openssh.com"})
"""Names among a server's key exchanges that are none (RFC 8308 2.1, OpenSSH's PROTOCOL 1.10)."""
_OF_CLIENT = "kex-strict-c-v00@openssh.com"
"""Name that clients alone put there (OpenSSH's PROTOCOL 1.10); ext-info-c some servers do too."""
MAX_NAME = 64
"""Characters of a name (RFC 4251 6)."""

DISCONNECT, NEWKEYS, USERAUTH_REQUEST, USERAUTH_FAILURE = 1, 21, 50, 51
"""Message numbers (RFC 4250 4.1.2)."""
_IGNORE, _UNIMPLEMENTED, _DEBUG, _KEXINIT = 2, 3, 4, 20
MAX_REASON = 160
"""Characters of the reason for a disconnect that are kept."""
_COOKIE = 16
_LISTS = 10
_CERTIFICATE = "-cert-v01@openssh.com"
_RSA = ("ssh-rsa", "rsa-sha2-")
"""One key makes signatures with several hashes (RFC 8332), each an algorithm of its own."""
_TYPES = {"ssh-dss": "DSA", "ssh-ed25519": "Ed25519", "ssh-ed448": "Ed448"}
_ECDSA = "ecdsa-sha2-"

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_HEADER_CHARS = 128
"""Characters of base64 that hold the magic and the name of the cipher."""


@dataclass(frozen=True, slots=True)
class Ident:
    """An SSH identification; `version` is empty where the software does not show one."""

    banner: str
    protocol: str
    product: str
    version: str
    comments: str

    @property
    def names_software(self) -> bool:
        """True if it names any, as RFC 4253 4.2 demands: a letter or a digit is one."""
        return any(char.isalnum() for char in self.product + self.version)

    @property
    def supports_v2(self) -> bool:
        """True if protocol 2 is offered: 2.0, or 1.99, which means both (RFC 4253 5.1)."""
        return self.protocol == "1.99" or not self.protocol.startswith("1.")


@dataclass(frozen=True, slots=True)
class Greeting:
    """Result of parsing the first bytes; at most one field is set, none while incomplete."""

    ident: Ident | None = None
    busy: str = ""
    """The message of an OpenSSH server that refuses the connection before it identifies itself."""
    refusal: str = ""
    """The line of a server that turns the client away in words that any protocol has."""
    foreign: str = ""
    """The first line of a server of another protocol."""


INCOMPLETE = Greeting()


def greeting(data: bytes, *, ended: bool = False) -> Greeting:
    """Parse the first bytes of a server; `ended` means that no more will come."""
    at = lines = 0
    while 0 <= at < len(data) and lines < MAX_PREAMBLE_LINES:
        end = data.find(b"\n", at)
        line = data[at:] if end < 0 else data[at:end]
        if line.startswith(b"SSH-"):
            return _parse_identification(line.rstrip(b"\r"), whole=end >= 0 or ended)
        if line.rstrip() in _BUSY and (end >= 0 or ended):
            return Greeting(busy=printable(line))
        if at == 0 and line.startswith(_FOREIGN):
            return Greeting(foreign=printable(line))
        at = end + 1 if end >= 0 else -1
        lines += 1
    unrecognised = bool(data) and not b"SSH-".startswith(data)
    if ended and _TEXT.fullmatch(data) and not _PROMPT.search(data):
        for line in data.split(b"\n", MAX_PREAMBLE_LINES)[:MAX_PREAMBLE_LINES]:
            if _REFUSAL.search(line):
                return Greeting(refusal=printable(line))
    if unrecognised and (ended or len(data) >= MAX_PREAMBLE or lines >= MAX_PREAMBLE_LINES):
        return Greeting(foreign=printable(data) or "nothing but white space")
    return INCOMPLETE


def after_identification(data: bytes | bytearray) -> bytes:
    """The bytes after the identification line; empty before that line has ended."""
    line = _IDENT_LINE.search(data)
    return b"" if line is None else bytes(data[line.end() :])


def _parse_identification(line: bytes, *, whole: bool) -> Greeting:
    if not whole and len(line) < MAX_LINE:
        return INCOMPLETE
    match = _IDENT.fullmatch(line)
    if match is None or len(line) > MAX_LINE:
        return Greeting(foreign=printable(line))
    raw_software, _, raw_comments = match[2].partition(b" ")
    software, comments = (printable(part, MAX_LINE) for part in (raw_software, raw_comments))
    named = _VERSION.fullmatch(software)
    if named:
        product, version = named[1], named[2]
    elif comments and _BARE_VERSION.fullmatch(software):
        product, version = _commented_product(comments, software)
    else:
        product, version = software, ""
    protocol = match[1].decode("ascii")
    return Greeting(Ident(printable(line), protocol, product, version, comments))


def _commented_product(comments: str, version: str) -> tuple[str, str]:
    """Product and version where the version stands in place of the software.

    After `sshlib:` or `FlowSsh:` the server's own name follows, and the version is the library's.
    """
    if comments.startswith("("):
        # A remark about a product that has no name, as `(non-commercial)` is.
        return f"{version} {comments}", ""
    library, _, rest = comments.partition(": ")
    name = rest.partition(":")[0].strip()
    if not name or " " in library:
        return comments, version
    return (name, "") if any(char.isalpha() for char in name) else (f"{library} {name}", "")


class Malformed(Exception):
    """The bytes are no such message; the text is the reason."""


@dataclass(frozen=True, slots=True)
class KeyExchangeInit:
    """Algorithms in a server's KEXINIT (RFC 4253 7.1); ciphers and MACs are server to client."""

    key_exchange: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]

    @property
    def is_of_client(self) -> bool:
        """True for a client's KEXINIT, which no server sends: it comes back from an echo."""
        return _OF_CLIENT in self.key_exchange

    @property
    def host_key_types(self) -> tuple[str, ...]:
        """The kinds of keys it has, as people name them: RSA is one, with three signatures."""
        return tuple(dict.fromkeys(map(_key_type, self.host_keys)))


def key_exchange_init(data: bytes | bytearray) -> KeyExchangeInit | None:
    """The KEXINIT in the bytes after the identification; None while more is needed.

    Raises Malformed as soon as the bytes are none.
    """
    at = 0
    for _ in range(MAX_SKIPPED):
        head = bytes(data[at : at + 6])
        if len(head) < 6:
            return None
        length, padding, message = struct.unpack(">IBB", head)
        if not padding + 2 <= length <= MAX_PACKET:
            raise Malformed("a packet of an impossible length")
        if message not in (_IGNORE, _UNIMPLEMENTED, _DEBUG, _KEXINIT):
            raise Malformed(f"message {message} before the offer")
        end = at + 4 + length
        if len(data) < end:
            return None
        if message == _KEXINIT:
            return _parse_key_exchange(bytes(data[at + 6 : end - padding]))
        at = end
    raise Malformed("no offer among the first packets")


def _parse_key_exchange(payload: bytes) -> KeyExchangeInit:
    at = _COOKIE
    lists: list[tuple[str, ...]] = []
    for _ in range(_LISTS):
        raw, at = _string(payload, at)
        lists.append(_names(raw))
    return KeyExchangeInit(lists[0], lists[1], lists[3], lists[5])


@dataclass(frozen=True, slots=True)
class AuthRequest:
    """Authentication request (RFC 4252 5); `signed` of a public key that is used, not offered."""

    method: str
    signed: bool = False


@dataclass(frozen=True, slots=True)
class AuthFailure:
    """Answer that the login is not complete: methods that may go on (RFC 4252 5.1).

    `partial` where the request itself was accepted and another one has to follow.
    """

    methods: tuple[str, ...]
    partial: bool = False


def auth_request(payload: bytes) -> AuthRequest:
    """The content of SSH_MSG_USERAUTH_REQUEST, without its number; raises Malformed."""
    at = 0
    for _ in ("user name", "service name"):
        _, at = _string(payload, at)
    method, at = _string(payload, at)
    # It is our own, and no part of it a secret.
    name = method.decode("ascii", "replace")
    return AuthRequest(name, name == "publickey" and payload[at : at + 1] == b"\1")


def auth_failure(payload: bytes) -> AuthFailure:
    """The content of SSH_MSG_USERAUTH_FAILURE, without its number; raises Malformed."""
    raw, at = _string(payload, 0)
    if at >= len(payload):
        raise Malformed("a failure that is cut off")
    return AuthFailure(_names(raw), payload[at] != 0)


def disconnect_reason(payload: bytes) -> str:
    """The reason in SSH_MSG_DISCONNECT, without its number (RFC 4253 11.1); raises Malformed."""
    reason, _ = _string(payload, 4)
    return printable(reason, MAX_REASON)


def _string(payload: bytes, at: int) -> tuple[bytes, int]:
    """String at an offset and the offset behind it (RFC 4251 5); raises Malformed."""
    size = payload[at : at + 4]
    end = at + 4 + int.from_bytes(size, "big")
    if len(size) < 4 or end > len(payload):
        raise Malformed("a string that is longer than its packet")
    return payload[at + 4 : end], end


def _names(raw: bytes) -> tuple[str, ...]:
    names = raw.split(b",", MAX_NAMES)[:MAX_NAMES] if raw else []
    if _METHODS.issuperset(names):
        # Words of the protocol tell no secret, although one may be the same.
        return tuple(name.decode("ascii") for name in names)
    # A secret may have a comma in it.
    return tuple(printable(name, MAX_NAME) for name in shown(raw).split(b",")[:MAX_NAMES])


def _key_type(algorithm: str) -> str:
    plain = algorithm.removesuffix(_CERTIFICATE)
    if plain.startswith(_RSA):
        name = "RSA"
    elif plain.startswith(_ECDSA):
        name = f"ECDSA {plain.removeprefix(_ECDSA)}"
    else:
        name = _TYPES.get(plain, plain)
    return name if plain == algorithm else f"{name} certificate"


def needs_passphrase(data: bytes) -> bool:
    """True if the key in this file is encrypted; False also for a file without a key."""
    start = data.find(_OPENSSH)
    if start < 0:
        # PKCS#8 says it in the first line, older forms in a header (Proc-Type: 4,ENCRYPTED).
        return b"-----BEGIN" in data and b"ENCRYPTED" in data
    body = b"".join(data[start + len(_OPENSSH) :][: 2 * _HEADER_CHARS].split())[:_HEADER_CHARS]
    try:
        raw = base64.b64decode(body[: len(body) & ~3], validate=True)
    except binascii.Error:
        return False
    if not raw.startswith(_MAGIC):
        return False
    rest = raw[len(_MAGIC) :]
    size = int.from_bytes(rest[:4], "big")
    return rest[4 : 4 + size] != b"none"

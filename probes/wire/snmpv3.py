"""SNMPv3 messages with the user-based security model (RFC 3412, RFC 3414, RFC 3826, RFC 7860)."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyasn1.codec.ber import encoder
from pyasn1.type import univ
from pyasn1.type.univ import OctetString
from pysnmp.proto import api, rfc1905
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414 import service
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from probes.wire.snmp import (
    DECODE_ERRORS,
    V3,
    Malformed,
    Response,
    checked_integer,
    decode,
    parse_response,
)

# Its ciphers and digests import each other, and work only when the service is imported first.
_USM: Any = service
_SHA2 = _USM.hmacsha2.HmacSha2

MIN_KEY = 8
"""Characters of a passphrase (RFC 3414 11.2)."""
_EXPANDED_SIZE = 1024 * 1024
"""Bytes a passphrase is repeated to before it is hashed (RFC 3414 A.2)."""
_PRIV: Mapping[str, tuple[Callable[[], Any], ...]] = {
    "DES": (_USM.des.Des,),
    "AES": (_USM.aes.Aes,),
    "AES-192": (_USM.aes192.AesBlumenthal192, _USM.aes192.Aes192),
    "AES-256": (_USM.aes256.AesBlumenthal256, _USM.aes256.Aes256),
}
PRIV = tuple(_PRIV)
"""Names of the privacy protocols."""

_STATS = "1.3.6.1.6.3.15.1.1."
UNSUPPORTED_LEVEL = f"{_STATS}1.0"
"""usmStatsUnsupportedSecLevels: the user has no such keys (RFC 3414 5)."""
NOT_IN_TIME = f"{_STATS}2.0"
"""usmStatsNotInTimeWindows: other boots or time; signed, so the digest was right."""
UNKNOWN_USER = f"{_STATS}3.0"
"""usmStatsUnknownUserNames."""
UNKNOWN_ENGINE = f"{_STATS}4.0"
"""usmStatsUnknownEngineIDs, the report an agent sends to an empty engine id (RFC 3414 4)."""
WRONG_DIGEST = f"{_STATS}5.0"
"""usmStatsWrongDigests: another authentication key or protocol."""
DECRYPTION_ERROR = f"{_STATS}6.0"
"""usmStatsDecryptionErrors: another privacy key or protocol."""

_SECURITY_MODEL = 3
_AUTH_FLAG, _PRIV_FLAG, _REPORTABLE = 1, 2, 4
_MAX_SIZE = 65507
_V2C: Any = api.PROTOCOL_MODULES[1]
_FIELDS_BEFORE_DIGEST = 4
"""Fields of UsmSecurityParameters before msgAuthenticationParameters (RFC 3414 2.4)."""


@dataclass(frozen=True, slots=True)
class _Auth:
    hash: str
    digest_size: int
    id: tuple[int, ...]


_AUTH: Mapping[str, _Auth] = {
    "MD5": _Auth("md5", 12, _USM.hmacmd5.HmacMd5.SERVICE_ID),
    "SHA": _Auth("sha1", 12, _USM.hmacsha.HmacSha.SERVICE_ID),
    "SHA-224": _Auth("sha224", 16, _SHA2.SHA224_SERVICE_ID),
    "SHA-256": _Auth("sha256", 24, _SHA2.SHA256_SERVICE_ID),
    "SHA-384": _Auth("sha384", 32, _SHA2.SAH384_SERVICE_ID),
    "SHA-512": _Auth("sha512", 48, _SHA2.SHA512_SERVICE_ID),
}


AUTH = tuple(_AUTH)
"""Names of the authentication protocols."""


@dataclass(frozen=True, slots=True)
class Keys:
    """A user at one engine; empty names of protocols mean that nothing is signed or encrypted."""

    user: bytes
    auth: str = ""
    auth_key: bytes = field(default=b"", repr=False)
    priv: str = ""
    priv_key: bytes = field(default=b"", repr=False)

    @property
    def digest_size(self) -> int:
        """Bytes of a digest; 0 where nothing is signed."""
        return _AUTH[self.auth].digest_size if self.auth else 0

    def digest(self, message: bytes) -> bytes:
        """The digest of a message with zeros in its place (RFC 3414 6.3, RFC 7860 4.2)."""
        kind = _AUTH[self.auth]
        return hmac.new(self.auth_key, message, kind.hash).digest()[: kind.digest_size]


ANONYMOUS = Keys(b"")
"""Without a name and keys: enough for a discovery."""


def key_variants(priv: str) -> int:
    """Number of algorithms that extend a passphrase to this protocol's key.

    For AES-192 and AES-256 there are two drafts: Blumenthal's first, Reeder's, as Cisco has it.
    """
    return len(_PRIV[priv]) if priv else 1


def localised_keys(
    user: str,
    auth: str,
    auth_key: str,
    priv: str,
    priv_key: str,
    engine: bytes,
    variant: int = 0,
) -> Keys:
    """The user's keys for one engine, made from passphrases (RFC 3414 2.6 and A.2)."""
    if not auth:
        return Keys(user.encode())
    kind = _AUTH[auth]
    key = _hash_passphrase(auth_key, kind.hash)
    auth_digest = hashlib.new(kind.hash, key + engine + key, usedforsecurity=False).digest()
    if not priv:
        return Keys(user.encode(), auth, auth_digest)
    cipher = _PRIV[priv][variant]()
    master = OctetString(_hash_passphrase(priv_key, kind.hash))
    privacy_key = bytes(cipher.localize_key(kind.id, master, OctetString(engine)))
    return Keys(user.encode(), auth, auth_digest, priv, privacy_key)


def encrypt(keys: Keys, boots: int, time: int, plain: bytes) -> tuple[bytes, bytes]:
    """A message's content encrypted, and its msgPrivacyParameters."""
    cipher = _PRIV[keys.priv][0]()
    # pysnmp counts salts from one start for every cipher it makes.
    cipher.local_int = secrets.randbits(32 if keys.priv == "DES" else 64)
    key = OctetString(keys.priv_key)
    ciphertext, salt = cipher.encrypt_data(key, (boots, time, None), plain)
    return bytes(ciphertext), bytes(salt)


def decrypt(keys: Keys, boots: int, time: int, salt: bytes, ciphertext: bytes) -> bytes:
    """A message's content in clear; raises Malformed. A wrong key gives garbage."""
    if len(salt) != 8 or not ciphertext or (keys.priv == "DES" and len(ciphertext) % 8):
        raise Malformed("encrypted, but not as it must be")
    cipher = _PRIV[keys.priv][0]()
    key = OctetString(keys.priv_key)
    parameters = (boots, time, OctetString(salt))
    return bytes(cipher.decrypt_data(key, parameters, OctetString(ciphertext)))


def _hash_passphrase(passphrase: str, hash: str) -> bytes:
    raw = passphrase.encode()
    whole = (raw * (_EXPANDED_SIZE // len(raw) + 1))[:_EXPANDED_SIZE]
    return hashlib.new(hash, whole, usedforsecurity=False).digest()


@dataclass(frozen=True, slots=True)
class Report:
    """Report of an SNMPv3 engine: its identity and clock, and the counter that was raised."""

    engine: bytes
    boots: int
    time: int
    counter: str
    """The object reported; UNKNOWN_ENGINE to a discovery from an agent that follows the RFC."""


def discovery(id: int) -> bytes:
    """An SNMPv3 GET of nothing from nobody, with an empty engine id (RFC 3414 4)."""
    return request(ANONYMOUS, Report(b"", 0, 0, UNKNOWN_ENGINE), id, ())


def request(
    keys: Keys, engine: Report, id: int, oids: Sequence[str], *, following: bool = False
) -> bytes:
    """A GET of these objects from a user of this engine, at the level its keys allow.

    A GETNEXT of the first objects after these where `following`.
    """
    pdu = rfc1905.GetNextRequestPDU() if following else rfc1905.GetRequestPDU()
    _V2C.apiPDU.set_defaults(pdu)
    _V2C.apiPDU.set_request_id(pdu, id)
    _V2C.apiPDU.set_varbinds(pdu, [(univ.ObjectIdentifier(oid), _V2C.null) for oid in oids])
    return encode_message(keys, engine, id, pdu)


def encode_message(keys: Keys, engine: Report, id: int, pdu: Any) -> bytes:
    """A PDU in a message of this engine, signed and encrypted as far as there are keys."""
    message = SNMPv3Message()
    scoped = ScopedPDU() if keys.priv else message["msgData"]["plaintext"]
    scoped["contextEngineId"] = engine.engine
    scoped["contextName"] = b""
    scoped["data"].setComponentByType(pdu.tagSet, pdu, innerFlag=True)
    salt = b""
    if keys.priv:
        plain = bytes(encoder.encode(scoped))
        message["msgData"]["encryptedPDU"], salt = encrypt(keys, engine.boots, engine.time, plain)
    message["msgVersion"] = V3
    head = message["msgGlobalData"]
    head["msgID"] = id
    head["msgMaxSize"] = _MAX_SIZE
    head["msgFlags"] = bytes([_REPORTABLE | _level(keys)])
    head["msgSecurityModel"] = _SECURITY_MODEL
    usm = UsmSecurityParameters()
    blank_digest = bytes(keys.digest_size)
    fields = (engine.engine, engine.boots, engine.time, keys.user, blank_digest, salt)
    for at, value in enumerate(fields):
        usm.setComponentByPosition(at, value)
    message["msgSecurityParameters"] = encoder.encode(usm)
    data = bytes(encoder.encode(message))
    return _with_digest(data, keys) if keys.auth else data


def report(data: bytes, id: int) -> Report:
    """The report an engine sends to a discovery with this id; raises Malformed."""
    message = answer(data, ANONYMOUS, id)
    if not isinstance(message, Report):
        raise Malformed("not a report")
    return message


def answer(data: bytes, keys: Keys, id: int) -> Response | Report:
    """The answer to the request with this id; raises Malformed.

    A response must have the level of the request and its digest be right; so must the report that
    the time is another. Other reports come unsigned, from agents that know no key to sign with.
    """
    try:
        message = decode(data, SNMPv3Message())
        if int(message["msgVersion"]) != V3:
            raise Malformed("another SNMP version")
        if int(message["msgGlobalData"]["msgID"]) != id:
            raise Malformed("the answer to another question")
        flags = bytes(message["msgGlobalData"]["msgFlags"])[0]
        usm = decode(bytes(message["msgSecurityParameters"]), UsmSecurityParameters())
        engine = bytes(usm["msgAuthoritativeEngineId"])
        boots = checked_integer(int(usm["msgAuthoritativeEngineBoots"]))
        time = checked_integer(int(usm["msgAuthoritativeEngineTime"]))
        signed = bool(flags & _AUTH_FLAG and keys.auth)
        if signed and not _digest_matches(data, keys):
            raise Malformed("a digest that is not right")
        if flags & _PRIV_FLAG:
            if not signed or not keys.priv:
                raise Malformed("encrypted for somebody else")
            salt = bytes(usm["msgPrivacyParameters"])
            cipher = bytes(message["msgData"]["encryptedPDU"])
            scoped = decode(decrypt(keys, boots, time, salt, cipher), ScopedPDU())
        else:
            scoped = message["msgData"]["plaintext"]
        pdu = scoped["data"].getComponent()
        if pdu.isSameTypeWith(rfc1905.ReportPDU()):
            return _parse_report(engine, boots, time, pdu, signed=signed)
        if flags & (_AUTH_FLAG | _PRIV_FLAG) != _level(keys):
            raise Malformed("a response that is less protected than the request")
        return parse_response(_V2C, pdu, id)
    except DECODE_ERRORS as error:
        raise Malformed(type(error).__name__) from None


def digest_of(data: bytes) -> bytes:
    """The digest in a message; empty where it is not signed."""
    try:
        start, end = _digest_range(data)
    except Malformed:
        return b""
    return data[start:end]


def mask_digest(data: bytes) -> bytes:
    """The message as it may be recorded: from a digest, a key could be guessed at leisure."""
    try:
        start, end = _digest_range(data)
    except Malformed:
        return data
    return data[:start] + b"*" * (end - start) + data[end:]


def _parse_report(engine: bytes, boots: int, time: int, pdu: Any, *, signed: bool) -> Report:
    counters = [str(oid) for oid, _ in _V2C.apiPDU.get_varbinds(pdu)]
    counter = counters[0] if counters else ""
    if counter == NOT_IN_TIME and not signed:
        raise Malformed("another time, but unsigned")
    if not 5 <= len(engine) <= 32:
        raise Malformed("an engine id of a length that is not allowed")
    return Report(engine, boots, time, counter)


def _level(keys: Keys) -> int:
    return (_AUTH_FLAG if keys.auth else 0) | (_PRIV_FLAG if keys.priv else 0)


def _with_digest(data: bytes, keys: Keys) -> bytes:
    start, end = _digest_range(data)
    return data[:start] + keys.digest(data) + data[end:]


def _digest_matches(data: bytes, keys: Keys) -> bool:
    start, end = _digest_range(data)
    blank = data[:start] + bytes(end - start) + data[end:]
    return hmac.compare_digest(data[start:end], keys.digest(blank))


def _digest_range(data: bytes) -> tuple[int, int]:
    """Start and end of msgAuthenticationParameters; raises Malformed.

    Counted, not searched for: an engine id may well be the zeros a digest is made over.
    """
    inside, _ = _content_range(data, 0)
    for _ in ("msgVersion", "msgGlobalData"):
        _, inside = _content_range(data, inside)
    inside, _ = _content_range(data, inside)
    inside, _ = _content_range(data, inside)
    for _ in range(_FIELDS_BEFORE_DIGEST):
        _, inside = _content_range(data, inside)
    return _content_range(data, inside)


def _content_range(data: bytes, at: int) -> tuple[int, int]:
    """Start and end of the content of the BER element that begins at `at`."""
    head = data[at : at + 6]
    if len(head) < 2:
        raise Malformed("cut off")
    start, size = at + 2, head[1]
    if size & 0x80:
        more = size & 0x7F
        if not 1 <= more <= len(head) - 2:
            raise Malformed("a length that is not allowed")
        start, size = start + more, int.from_bytes(head[2 : 2 + more], "big")
    if start + size > len(data):
        raise Malformed("cut off")
    return start, start + size

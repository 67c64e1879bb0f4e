"""Keys of an SNMPv3 user for one engine, and what is done with them (RFC 3414, 3826, 7860).

Ciphers and the longer AES keys are pysnmp's, digests and the other keys the standard library's.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pyasn1.type.univ import OctetString
from pysnmp.proto.secmod.rfc3414 import service

from probes.wire.snmp import Malformed

# Its ciphers and digests import each other, and work only when the service is imported first.
_USM: Any = service
_SHA2 = _USM.hmacsha2.HmacSha2

KEY_LEAST = 8
"""Characters of a passphrase (RFC 3414 11.2)."""
_EXPANDED = 1024 * 1024
"""Bytes a passphrase is repeated to before it is hashed (RFC 3414 A.2)."""


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
_PRIV: Mapping[str, tuple[Callable[[], Any], ...]] = {
    "DES": (_USM.des.Des,),
    "AES": (_USM.aes.Aes,),
    "AES-192": (_USM.aes192.AesBlumenthal192, _USM.aes192.Aes192),
    "AES-256": (_USM.aes256.AesBlumenthal256, _USM.aes256.Aes256),
}
AUTH = tuple(_AUTH)
"""Names of the authentication protocols."""
PRIV = tuple(_PRIV)
"""Names of the privacy protocols."""


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


NOBODY = Keys(b"")
"""Without a name and keys: enough for a discovery."""


def variants(priv: str) -> int:
    """How many ways there are to make this protocol's key from a passphrase.

    For AES-192 and AES-256 there are two drafts: Blumenthal's first, Reeder's, as Cisco has it.
    """
    return len(_PRIV[priv]) if priv else 1


def localised(
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
    key = _hashed(auth_key, kind.hash)
    signs = hashlib.new(kind.hash, key + engine + key, usedforsecurity=False).digest()
    if not priv:
        return Keys(user.encode(), auth, signs)
    cipher = _PRIV[priv][variant]()
    master = OctetString(_hashed(priv_key, kind.hash))
    hides = bytes(cipher.localize_key(kind.id, master, OctetString(engine)))
    return Keys(user.encode(), auth, signs, priv, hides)


def encrypted(keys: Keys, boots: int, time: int, plain: bytes) -> tuple[bytes, bytes]:
    """A message's content encrypted, and its msgPrivacyParameters."""
    cipher = _PRIV[keys.priv][0]()
    # pysnmp counts salts from one start for every cipher it makes.
    cipher.local_int = secrets.randbits(32 if keys.priv == "DES" else 64)
    key = OctetString(keys.priv_key)
    hidden, salt = cipher.encrypt_data(key, (boots, time, None), plain)
    return bytes(hidden), bytes(salt)


def decrypted(keys: Keys, boots: int, time: int, salt: bytes, hidden: bytes) -> bytes:
    """A message's content in clear; raises Malformed. A wrong key gives garbage."""
    if len(salt) != 8 or not hidden or (keys.priv == "DES" and len(hidden) % 8):
        raise Malformed("encrypted, but not as it must be")
    cipher = _PRIV[keys.priv][0]()
    key = OctetString(keys.priv_key)
    told = (boots, time, OctetString(salt))
    return bytes(cipher.decrypt_data(key, told, OctetString(hidden)))


def _hashed(passphrase: str, hash: str) -> bytes:
    raw = passphrase.encode()
    whole = (raw * (_EXPANDED // len(raw) + 1))[:_EXPANDED]
    return hashlib.new(hash, whole, usedforsecurity=False).digest()

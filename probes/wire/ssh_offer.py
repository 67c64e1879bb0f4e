"""What an SSH server offers for the key exchange: its KEXINIT (RFC 4253 6, 7.1). Pure."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from probes.wire.text import printable

PACKET_MOST = 35_000
"""Bytes of the whole packet that everybody must take (RFC 4253 6.1); OpenSSH's is 1.1 kB."""
PASSED_MOST = 8
"""Packets before it that mean nothing."""
NAMES_MOST = 64
"""Names of one list that are kept."""
NAME_MOST = 64
"""Characters of a name (RFC 4251 6)."""

_IGNORE, _UNIMPLEMENTED, _DEBUG, _KEXINIT = 2, 3, 4, 20
_COOKIE = 16
_LISTS = 10
_CERTIFICATE = "-cert-v01@openssh.com"
_RSA = ("ssh-rsa", "rsa-sha2-")
"""One key makes signatures with several hashes (RFC 8332), each an algorithm of its own."""
_TYPES = {"ssh-dss": "DSA", "ssh-ed25519": "Ed25519", "ssh-ed448": "Ed448"}
_ECDSA = "ecdsa-sha2-"


class Malformed(Exception):
    """The bytes are no offer; the text says why."""


@dataclass(frozen=True, slots=True)
class Offer:
    """Names of algorithms in the server's order; ciphers and MACs are those it sends with."""

    key_exchange: tuple[str, ...]
    host_keys: tuple[str, ...]
    ciphers: tuple[str, ...]
    macs: tuple[str, ...]

    @property
    def host_key_types(self) -> tuple[str, ...]:
        """The kinds of keys it has, as people name them: RSA is one, with three signatures."""
        return tuple(dict.fromkeys(map(_type, self.host_keys)))


def offer(data: bytes | bytearray) -> Offer | None:
    """The offer in what follows the identification; None while more is needed.

    Raises Malformed as soon as the bytes are none.
    """
    at = 0
    for _ in range(PASSED_MOST):
        head = bytes(data[at : at + 6])
        if len(head) < 6:
            return None
        length, padding, message = struct.unpack(">IBB", head)
        if not padding + 2 <= length <= PACKET_MOST:
            raise Malformed("a packet of an impossible length")
        if message not in (_IGNORE, _UNIMPLEMENTED, _DEBUG, _KEXINIT):
            raise Malformed(f"message {message} before the offer")
        end = at + 4 + length
        if len(data) < end:
            return None
        if message == _KEXINIT:
            return _read(bytes(data[at + 6 : end - padding]))
        at = end
    raise Malformed("no offer among the first packets")


def _read(payload: bytes) -> Offer:
    at = _COOKIE
    lists: list[tuple[str, ...]] = []
    for _ in range(_LISTS):
        size = payload[at : at + 4]
        end = at + 4 + int.from_bytes(size, "big")
        if len(size) < 4 or end > len(payload):
            raise Malformed("a list that is longer than its packet")
        lists.append(_names(payload[at + 4 : end]))
        at = end
    return Offer(lists[0], lists[1], lists[3], lists[5])


def _names(raw: bytes) -> tuple[str, ...]:
    names = raw.split(b",", NAMES_MOST)[:NAMES_MOST] if raw else []
    return tuple(printable(name, NAME_MOST) for name in names)


def _type(algorithm: str) -> str:
    plain = algorithm.removesuffix(_CERTIFICATE)
    if plain.startswith(_RSA):
        name = "RSA"
    elif plain.startswith(_ECDSA):
        name = f"ECDSA {plain.removeprefix(_ECDSA)}"
    else:
        name = _TYPES.get(plain, plain)
    return name if plain == algorithm else f"{name} certificate"

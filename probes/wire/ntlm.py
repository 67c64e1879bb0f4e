"""NTLM negotiate and challenge, which contains the server's names (MS-NLMP 2.2.1)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from probes.wire.text import printable

_SIGNATURE = b"NTLMSSP\0"
_NEGOTIATE, _CHALLENGE = 1, 2
# Unicode, OEM, target name, NTLM, always sign, extended security, version, 128 and 56 bits.
_FLAGS = 0xA2088207
_VERSION_GIVEN = 0x02000000
_FIELDS = struct.Struct("<HHIIQQHHIBBH")
_WINDOWS = frozenset({(5, 1), (5, 2), (6, 0), (6, 1), (6, 2), (6, 3), (10, 0)})
"""Versions of Windows that tell theirs (MS-NLMP 2.2.2.10): no other number is one."""
_MAX_PAIRS = 16
_COMPUTER, _DOMAIN, _DNS_COMPUTER, _DNS_DOMAIN, _FOREST = 1, 2, 3, 4, 5


class Malformed(Exception):
    """The bytes hold no challenge; the text says why."""


@dataclass(frozen=True, slots=True)
class Identity:
    """Names and version in a server's challenge; empty where they are missing.

    `version` is `10.0.19045`; a server that is not Windows has no build and none is told.
    """

    computer: str = ""
    domain: str = ""
    dns_computer: str = ""
    dns_domain: str = ""
    forest: str = ""
    version: str = ""


def negotiate() -> bytes:
    """An anonymous NEGOTIATE_MESSAGE, 40 bytes (MS-NLMP 2.2.1.1)."""
    return struct.pack(
        "<8sII16s8s", _SIGNATURE, _NEGOTIATE, _FLAGS, b"", b"\x0a" + bytes(6) + b"\x0f"
    )


def challenge(data: bytes) -> Identity:
    """The identity in the challenge that is contained in `data` (MS-NLMP 2.2.1.2).

    Raises Malformed.
    """
    start = data.find(_SIGNATURE + struct.pack("<I", _CHALLENGE))
    if start < 0:
        raise Malformed("no challenge")
    message = data[start:]
    try:
        _, _, _, flags, _, _, length, _, at, major, minor, build = _FIELDS.unpack_from(message, 12)
    except struct.error:
        raise Malformed("cut off in the challenge") from None
    pairs = _pairs(message[at : at + length])
    told = bool(flags & _VERSION_GIVEN and build) and (major, minor) in _WINDOWS
    return Identity(
        computer=pairs.get(_COMPUTER, ""),
        domain=pairs.get(_DOMAIN, ""),
        dns_computer=pairs.get(_DNS_COMPUTER, ""),
        dns_domain=pairs.get(_DNS_DOMAIN, ""),
        forest=pairs.get(_FOREST, ""),
        version=f"{major}.{minor}.{build}" if told else "",
    )


def _pairs(data: bytes) -> dict[int, str]:
    """The names in the target information, by their ids (MS-NLMP 2.2.2.1)."""
    found: dict[int, str] = {}
    for _ in range(_MAX_PAIRS):
        if len(data) < 4:
            break
        kind, size = struct.unpack_from("<HH", data)
        if kind == 0:
            break
        if _COMPUTER <= kind <= _FOREST:
            text = data[4 : 4 + (size & ~1)]
            # A Samba of its own sends one NUL for the DNS domain that it has not; NetBIOS pads
            # its names with blanks.
            found[kind] = printable(text.decode("utf-16-le", "replace").strip("\0 "), 128)
        data = data[4 + size :]
    return found

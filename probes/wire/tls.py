"""The first bytes of a TLS server, and what they are when they are no TLS (RFC 8446 5.1). Pure."""

from __future__ import annotations

from probes.wire.foreign import said
from probes.wire.text import printable

_FIRST = frozenset({0x15, 0x16})
"""A server's first record is a handshake or an alert."""
_MAJOR = 0x03
_OTHERS = (
    (b"SSH-", "an SSH server"),
    (b"RFB ", "a VNC server"),
    (b"220 ", "a mail or file transfer server"),
    (b"\x03\x00\x00", "a Remote Desktop server"),
)


def is_tls(start: bytes) -> bool:
    """Whether these bytes, one or more, may be the beginning of a server's TLS records."""
    return start[0] in _FIRST and start[1:2] in (b"", bytes([_MAJOR]))


def foreign(start: bytes) -> str:
    """A few words for bytes that are not TLS: the protocol if it is known, else an excerpt."""
    line = start.split(b"\n", 1)[0]
    if start.startswith(b"HTTP/"):
        return f"plain HTTP without TLS ({printable(line, 60)})"
    for prefix, name in _OTHERS:
        if start.startswith(prefix):
            return f"{name}, not TLS: {printable(line, 60)}"
    return f"not TLS: {said(start)}"

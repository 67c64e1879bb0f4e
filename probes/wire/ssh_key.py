"""Is a private key file protected by a passphrase? (RFC 7468, RFC 1421, OpenSSH's PROTOCOL.key)."""

from __future__ import annotations

import base64
import binascii

_OPENSSH = b"-----BEGIN OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"
_HEAD = 128
"""Characters of base64 that hold the magic and the name of the cipher."""


def needs_passphrase(data: bytes) -> bool:
    """Whether the key in this file is encrypted; false also for what is no key."""
    start = data.find(_OPENSSH)
    if start < 0:
        # PKCS#8 says it in the first line, older forms in a header (Proc-Type: 4,ENCRYPTED).
        return b"-----BEGIN" in data and b"ENCRYPTED" in data
    body = b"".join(data[start + len(_OPENSSH) :][: 2 * _HEAD].split())[:_HEAD]
    try:
        raw = base64.b64decode(body[: len(body) & ~3], validate=True)
    except binascii.Error:
        return False
    if not raw.startswith(_MAGIC):
        return False
    rest = raw[len(_MAGIC) :]
    size = int.from_bytes(rest[:4], "big")
    return rest[4 : 4 + size] != b"none"

"""A KDC that knows nobody: every question is answered by a KRB-ERROR (RFC 4120 5.9.1, 7.2.2)."""

from __future__ import annotations

import asyncio
import struct
from datetime import UTC, datetime, timedelta

from probes.lab.transport import Talk
from probes.wire import ber
from probes.wire.ber import context, element, integer

UNKNOWN, WRONG_REALM = 6, 68
"""KDC_ERR_C_PRINCIPAL_UNKNOWN and KDC_ERR_WRONG_REALM (RFC 4120 7.5.9)."""
_REQUEST_MOST = 16 * 1024
_AS_REQ, _KRB_ERROR = 10, 30


def framed(number: int, *fields: bytes) -> bytes:
    """A message of this application number behind its length (RFC 4120 7.2.2)."""
    body = element(ber.application(number), element(ber.SEQUENCE, *fields))
    return struct.pack(">I", len(body)) + body


def string(text: str) -> bytes:
    """A KerberosString (RFC 4120 5.2.1)."""
    return element(ber.GENERAL_STRING, text.encode())


def krb_error(code: int, realm: str, *, ahead: float = 0, client_realm: str = "") -> bytes:
    """What a KDC says whose clock is `ahead` seconds of ours (RFC 4120 5.9.1)."""
    now = datetime.now(UTC) + timedelta(seconds=ahead)
    return framed(
        _KRB_ERROR,
        element(context(0), integer(5)),
        element(context(1), integer(_KRB_ERROR)),
        element(context(4), element(ber.GENERALIZED_TIME, f"{now:%Y%m%d%H%M%SZ}".encode())),
        element(context(5), integer(now.microsecond)),
        element(context(6), integer(code)),
        *([element(context(7), string(client_realm))] if client_realm else []),
        element(context(9), string(realm)),
    )


def kdc(realm: str, *, ahead: float = 0) -> Talk:
    """The KDC of one realm, whose clock is `ahead` seconds of ours."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack(">I", await reader.readexactly(4))
        if size > _REQUEST_MOST:
            return
        try:
            asked = _realm(await reader.readexactly(size))
        except ber.Malformed:
            # What KDCs do with garbage.
            return
        code, client = (UNKNOWN, "") if asked == realm else (WRONG_REALM, realm)
        writer.write(krb_error(code, realm, ahead=ahead, client_realm=client))
        await writer.drain()

    return talk


def _realm(request: bytes) -> str:
    """The realm in an AS-REQ (RFC 4120 5.4.1)."""
    fields = _fields(ber.single(ber.single(request, ber.application(_AS_REQ)), ber.SEQUENCE))
    body = _fields(ber.single(fields.get(context(4), b""), ber.SEQUENCE))
    return ber.single(body.get(context(2), b""), ber.GENERAL_STRING).decode("ascii", "replace")


def _fields(content: bytes) -> dict[int, bytes]:
    return {item.tag: item.content for item in ber.elements(content)}

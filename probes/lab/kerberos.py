"""A KDC without principals: every request is answered by a KRB-ERROR (RFC 4120 5.9.1, 7.2.2)."""

from __future__ import annotations

import asyncio
import struct
from datetime import UTC, datetime, timedelta

from probes.lab.transport import ConnectionHandler
from probes.wire import ber
from probes.wire.ber import context, element, integer

UNKNOWN, WRONG_REALM = 6, 68
"""KDC_ERR_C_PRINCIPAL_UNKNOWN and KDC_ERR_WRONG_REALM (RFC 4120 7.5.9)."""
_MAX_REQUEST = 16 * 1024
_AS_REQ, _KRB_ERROR = 10, 30


def frame(number: int, *fields: bytes) -> bytes:
    """A message of this application number behind its length (RFC 4120 7.2.2)."""
    body = element(ber.application(number), element(ber.SEQUENCE, *fields))
    return struct.pack(">I", len(body)) + body


def string(text: str) -> bytes:
    """A KerberosString (RFC 4120 5.2.1)."""
    return element(ber.GENERAL_STRING, text.encode())


def krb_error(code: int, realm: str, *, clock_offset: float = 0, client_realm: str = "") -> bytes:
    """A KRB-ERROR from a clock that is `clock_offset` seconds ahead of ours (RFC 4120 5.9.1)."""
    now = datetime.now(UTC) + timedelta(seconds=clock_offset)
    return frame(
        _KRB_ERROR,
        element(context(0), integer(5)),
        element(context(1), integer(_KRB_ERROR)),
        element(context(4), element(ber.GENERALIZED_TIME, f"{now:%Y%m%d%H%M%SZ}".encode())),
        element(context(5), integer(now.microsecond)),
        element(context(6), integer(code)),
        *([element(context(7), string(client_realm))] if client_realm else []),
        element(context(9), string(realm)),
    )


def kdc(realm: str, *, clock_offset: float = 0) -> ConnectionHandler:
    """Handler of the KDC of one realm, whose clock is `clock_offset` seconds ahead of ours."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        (size,) = struct.unpack(">I", await reader.readexactly(4))
        if size > _MAX_REQUEST:
            return
        try:
            requested = _realm(await reader.readexactly(size))
        except ber.Malformed:
            # KDCs close the connection on malformed requests.
            return
        code, client = (UNKNOWN, "") if requested == realm else (WRONG_REALM, realm)
        writer.write(krb_error(code, realm, clock_offset=clock_offset, client_realm=client))
        await writer.drain()

    return talk


def _realm(request: bytes) -> str:
    """The realm in an AS-REQ (RFC 4120 5.4.1)."""
    fields = _fields(ber.single(ber.single(request, ber.application(_AS_REQ)), ber.SEQUENCE))
    body = _fields(ber.single(fields.get(context(4), b""), ber.SEQUENCE))
    return ber.single(body.get(context(2), b""), ber.GENERAL_STRING).decode("ascii", "replace")


def _fields(content: bytes) -> dict[int, bytes]:
    return {item.tag: item.content for item in ber.elements(content)}

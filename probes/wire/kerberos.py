"""Kerberos: AS-REQ, and the AS-REP or KRB-ERROR to it (RFC 4120 5.4, 5.9, 7.2.2)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime

from probes.wire import ber
from probes.wire.ber import Malformed, generalized
from probes.wire.text import printable

MAX_ANSWER = 64 * 1024
"""Bytes of an answer; a ticket with a large authorization is about 12 kB."""
ERRORS = {
    6: "KDC_ERR_C_PRINCIPAL_UNKNOWN",
    7: "KDC_ERR_S_PRINCIPAL_UNKNOWN",
    12: "KDC_ERR_POLICY",
    14: "KDC_ERR_ETYPE_NOSUPP",
    18: "KDC_ERR_CLIENT_REVOKED",
    24: "KDC_ERR_PREAUTH_FAILED",
    25: "KDC_ERR_PREAUTH_REQUIRED",
    29: "KDC_ERR_SVC_UNAVAILABLE",
    37: "KRB_AP_ERR_SKEW",
    60: "KRB_ERR_GENERIC",
    61: "KRB_ERR_FIELD_TOOLONG",
    68: "KDC_ERR_WRONG_REALM",
}
"""Names of the errors a KDC has for such a question (RFC 4120 7.5.9)."""
SVC_UNAVAILABLE, GENERIC, WRONG_REALM = 29, 60, 68
KNOWN_CLIENT = frozenset({18, 24, 25})
"""Errors that only a KDC that knows the client's name in that realm has."""

_VERSION, _TICKET, _AS_REQ, _AS_REP, _KRB_ERROR = 5, 1, 10, 11, 30
_NT_PRINCIPAL, _NT_SRV_INST = 1, 2
_ETYPES = (18, 17, 20, 19, 23)
_NO_EXPIRY = b"20370913024805Z"
_MAX_FIELDS = 16
_LENGTH = struct.Struct(">I")


@dataclass(frozen=True, slots=True)
class Reply:
    """Answer of a KDC: `error` is None for an AS-REP, which carries no time of its own."""

    error: int | None
    realm: str
    client_realm: str
    """The client's realm; with KDC_ERR_WRONG_REALM the one to ask instead (RFC 6806 7)."""
    time: datetime | None
    text: str
    """The KDC's own explanation, if it gave one."""

    @property
    def error_name(self) -> str:
        """The error as RFC 4120 names it, or its number; empty for an AS-REP."""
        return "" if self.error is None else ERRORS.get(self.error, f"error {self.error}")


def as_request(name: str, realm: str, nonce: int) -> bytes:
    """A framed AS-REQ without pre-authentication, for a ticket-granting ticket.

    `nonce` has 31 bits; raises UnicodeEncodeError unless name and realm are ASCII.
    """
    body = ber.element(
        ber.SEQUENCE,
        ber.element(ber.context(0), ber.element(ber.BIT_STRING, bytes(5))),
        ber.element(ber.context(1), _principal(_NT_PRINCIPAL, name)),
        ber.element(ber.context(2), _string(realm)),
        ber.element(ber.context(3), _principal(_NT_SRV_INST, "krbtgt", realm)),
        ber.element(ber.context(5), ber.element(ber.GENERALIZED_TIME, _NO_EXPIRY)),
        ber.element(ber.context(7), ber.integer(nonce)),
        ber.element(ber.context(8), ber.element(ber.SEQUENCE, *map(ber.integer, _ETYPES))),
    )
    request = ber.element(
        ber.application(_AS_REQ),
        ber.element(
            ber.SEQUENCE,
            ber.element(ber.context(1), ber.integer(_VERSION)),
            ber.element(ber.context(2), ber.integer(_AS_REQ)),
            ber.element(ber.context(4), body),
        ),
    )
    return _LENGTH.pack(len(request)) + request


def size(head: bytes) -> int | None:
    """Bytes of the first message of a TCP stream and its length field; None if too few are here.

    Raises Malformed as soon as the bytes cannot become a KDC's answer.
    """
    if len(head) <= _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack_from(head)
    if not 0 < length <= MAX_ANSWER:
        raise Malformed(f"a message of {length} bytes")
    if head[_LENGTH.size] not in (ber.application(_AS_REP), ber.application(_KRB_ERROR)):
        raise Malformed(f"a message that starts with {head[_LENGTH.size]:#04x}")
    return _LENGTH.size + int(length)


def reply(data: bytes) -> Reply:
    """Read a KDC's framed answer; raises Malformed if it is neither KRB-ERROR nor AS-REP."""
    outer = ber.elements(data[_LENGTH.size :], 1)
    kind = outer[0].tag ^ 0x60 if outer else 0
    if kind not in (_AS_REP, _KRB_ERROR):
        raise Malformed("neither a KRB-ERROR nor an AS-REP")
    listed = ber.elements(ber.single(outer[0].content, ber.SEQUENCE), _MAX_FIELDS)
    fields = {item.tag ^ 0xA0: item.content for item in listed}
    version = ber.to_integer(ber.single(_field(fields, 0), ber.INTEGER))
    stated = ber.to_integer(ber.single(_field(fields, 1), ber.INTEGER))
    if (version, stated) != (_VERSION, kind):
        raise Malformed(f"version {version}, message type {stated}")
    return _as_reply(fields) if kind == _AS_REP else _krb_error(fields)


def _as_reply(fields: dict[int, bytes]) -> Reply:
    realm = _text(_field(fields, 3))
    for number, tag in ((4, ber.SEQUENCE), (5, ber.application(_TICKET)), (6, ber.SEQUENCE)):
        ber.single(_field(fields, number), tag)
    return Reply(None, realm, realm, None, "")


def _krb_error(fields: dict[int, bytes]) -> Reply:
    time = generalized(ber.single(_field(fields, 4), ber.GENERALIZED_TIME))
    if time is None:
        raise Malformed("a time that is none")
    micros = ber.to_integer(ber.single(_field(fields, 5), ber.INTEGER))
    if not 0 <= micros <= 999_999:
        raise Malformed(f"{micros} microseconds")
    error = ber.to_integer(ber.single(_field(fields, 6), ber.INTEGER))
    if error <= 0:
        raise Malformed(f"the error {error}")
    return Reply(
        error,
        _text(_field(fields, 9)),
        _text(fields[7]) if 7 in fields else "",
        time.replace(microsecond=micros),
        _text(fields[11]) if 11 in fields else "",
    )


def _field(fields: dict[int, bytes], number: int) -> bytes:
    if number not in fields:
        raise Malformed(f"field {number} is missing")
    return fields[number]


def _text(data: bytes) -> str:
    return printable(ber.single(data, ber.GENERAL_STRING))


def _string(text: str) -> bytes:
    return ber.element(ber.GENERAL_STRING, text.encode("ascii"))


def _principal(kind: int, *names: str) -> bytes:
    return ber.element(
        ber.SEQUENCE,
        ber.element(ber.context(0), ber.integer(kind)),
        ber.element(ber.context(1), ber.element(ber.SEQUENCE, *map(_string, names))),
    )

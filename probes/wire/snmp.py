"""SNMP messages of v1 and v2c: a GET with a community, and how values are read in every version.

Message forms and BER are pysnmp's and pyasn1's; no engine, no MIB, no transport.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1.error import PyAsn1Error
from pyasn1.type import univ
from pysnmp.proto import api, rfc1905
from pysnmp.proto.error import ProtocolError

V1 = 0
V2C = 1
V3 = 3
MAX_SIZE = 8192
"""Bytes of a message that are read; an answer to these questions is far smaller."""

_INT_LIMIT = 2**31
_MODULES: Mapping[int, Any] = api.PROTOCOL_MODULES
# pyasn1 lets more than its own errors out on hostile input: IndexError and OverflowError for some
# broken lengths, ValueError for numbers too long for Python to print.
DECODE_ERRORS = (PyAsn1Error, ProtocolError, ValueError, LookupError, ArithmeticError)

_ABSENT = (rfc1905.noSuchObject, rfc1905.noSuchInstance, rfc1905.endOfMibView)

Value = bytes | int | str
"""An octet string, a number, or an object identifier in dots."""


class Malformed(Exception):
    """The datagram is no answer to the question; the text says why."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response to a GET: the error status (RFC 3416 3) and the objects that exist."""

    status: int
    values: Mapping[str, Value]
    absent: bool = False
    """True if it says of an object that it is not there, or may not be seen (RFC 3416 3)."""


def get(
    version: int, community: bytes, id: int, oids: Sequence[str], *, following: bool = False
) -> bytes:
    """A GET of these objects in SNMPv1 or v2c (RFC 1157 4.1.2, RFC 3416 4.2.1).

    A GETNEXT of the first objects after these where `following` (RFC 1157 4.1.3, RFC 3416 4.2.2).
    """
    form = _MODULES[version]
    pdu = form.GetNextRequestPDU() if following else form.GetRequestPDU()
    form.apiPDU.set_defaults(pdu)
    form.apiPDU.set_request_id(pdu, id)
    form.apiPDU.set_varbinds(pdu, [(univ.ObjectIdentifier(oid), form.null) for oid in oids])
    message = form.Message()
    form.apiMessage.set_defaults(message)
    form.apiMessage.set_community(message, community)
    form.apiMessage.set_pdu(message, pdu)
    return bytes(encoder.encode(message))


def response(data: bytes, version: int, id: int) -> Response:
    """The response to the GET with this id; raises Malformed."""
    form = _MODULES[version]
    try:
        message = decode(data, form.Message())
        if int(message[0]) != version:
            raise Malformed("another SNMP version")
        return parse_response(form, form.apiMessage.get_pdu(message), id)
    except DECODE_ERRORS as error:
        raise Malformed(type(error).__name__) from None


def parse_response(form: Any, pdu: Any, id: int) -> Response:
    """The content of a response PDU in a pysnmp module; raises Malformed, DECODE_ERRORS."""
    if not pdu.isSameTypeWith(form.GetResponsePDU()):
        raise Malformed("not a response")
    if int(form.apiPDU.get_request_id(pdu)) != id:
        raise Malformed("the answer to another question")
    status = int(form.apiPDU.get_error_status(pdu))
    found = form.apiPDU.get_varbinds(pdu)
    known = [(str(oid), _value(value)) for oid, value in found if not status]
    return Response(
        checked_integer(status),
        {oid: value for oid, value in known if value is not None},
        any(value.isSameTypeWith(one) for _, value in found for one in _ABSENT),
    )


def decode(data: bytes, form: univ.Sequence) -> Any:
    """The message in a datagram, in one of pysnmp's forms; raises Malformed, DECODE_ERRORS."""
    if len(data) > MAX_SIZE:
        raise Malformed("larger than any answer to this question")
    whole, _ = decoder.decode(data, asn1Spec=form)
    return whole


def checked_integer(number: int) -> int:
    """A number that SNMP allows there; raises Malformed."""
    if not 0 <= number < _INT_LIMIT:
        raise Malformed("a number out of range")
    return number


def _value(value: object) -> Value | None:
    """A value in Python's types; None for an object that does not exist."""
    match value:
        case univ.Null():
            return None
        case univ.ObjectIdentifier():
            return str(value)
        case univ.Integer():
            return int(value)
        case univ.OctetString():
            return bytes(value)
        case _:
            return None

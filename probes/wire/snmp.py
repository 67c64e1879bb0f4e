"""SNMP messages: a GET with a community, and the question that finds an SNMPv3 engine.

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
from pysnmp.proto.mpmod.rfc3412 import SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

V1 = 0
V2C = 1
V3 = 3
SIZE_MOST = 8192
"""Bytes of a message that are read; an answer to these questions is far smaller."""

UNKNOWN_ENGINE = "1.3.6.1.6.3.15.1.1.4.0"
"""usmStatsUnknownEngineIDs, the report an agent sends to an empty engine id (RFC 3414 4)."""

_USM = 3
_REPORTABLE = b"\x04"
_ROOM = 65507
_INT_MOST = 2**31
_FORMS: Mapping[int, Any] = api.PROTOCOL_MODULES
# pyasn1 lets more than its own errors out on hostile input: IndexError and OverflowError for some
# broken lengths, ValueError for numbers too long for Python to print.
_BAD = (PyAsn1Error, ProtocolError, ValueError, LookupError, ArithmeticError)

Value = bytes | int | str
"""An octet string, a number, or an object identifier in dots."""


class Malformed(Exception):
    """The datagram is no answer to the question; the text says why."""


@dataclass(frozen=True, slots=True)
class Response:
    """A response to a GET: the error status (RFC 3416 3) and the objects that exist."""

    status: int
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Report:
    """What an SNMPv3 engine says of itself before any login (RFC 3414 4)."""

    engine: bytes
    boots: int
    time: int
    counter: str
    """The object reported; UNKNOWN_ENGINE from an agent that follows the RFC."""


def get(version: int, community: bytes, id: int, oids: Sequence[str]) -> bytes:
    """A GET of these objects in SNMPv1 or v2c (RFC 1157 4.1.2, RFC 3416 4.2.1)."""
    form = _FORMS[version]
    pdu = form.GetRequestPDU()
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
    form = _FORMS[version]
    try:
        message = _decoded(data, form.Message())
        if int(message[0]) != version:
            raise Malformed("another SNMP version")
        pdu = form.apiMessage.get_pdu(message)
        if not pdu.isSameTypeWith(form.GetResponsePDU()):
            raise Malformed("not a response")
        if int(form.apiPDU.get_request_id(pdu)) != id:
            raise Malformed("the answer to another question")
        status = int(form.apiPDU.get_error_status(pdu))
        found = form.apiPDU.get_varbinds(pdu)
        known = [(str(oid), _value(value)) for oid, value in found if not status]
    except _BAD as error:
        raise Malformed(type(error).__name__) from None
    return Response(_small(status), {oid: value for oid, value in known if value is not None})


def discovery(id: int) -> bytes:
    """An SNMPv3 GET of nothing from nobody, with an empty engine id (RFC 3414 4)."""
    usm = UsmSecurityParameters()
    for at, value in enumerate((b"", 0, 0, b"", b"", b"")):
        usm.setComponentByPosition(at, value)
    message = SNMPv3Message()
    message["msgVersion"] = V3
    head = message["msgGlobalData"]
    head["msgID"] = id
    head["msgMaxSize"] = _ROOM
    head["msgFlags"] = _REPORTABLE
    head["msgSecurityModel"] = _USM
    message["msgSecurityParameters"] = encoder.encode(usm)
    pdu = rfc1905.GetRequestPDU()
    _FORMS[V2C].apiPDU.set_defaults(pdu)
    _FORMS[V2C].apiPDU.set_request_id(pdu, id)
    scoped = message["msgData"]["plaintext"]
    scoped["contextEngineId"] = b""
    scoped["contextName"] = b""
    scoped["data"]["get-request"] = pdu
    return bytes(encoder.encode(message))


def report(data: bytes, id: int) -> Report:
    """The report an engine sends to a discovery with this id; raises Malformed."""
    try:
        message = _decoded(data, SNMPv3Message())
        if int(message["msgVersion"]) != V3:
            raise Malformed("another SNMP version")
        if int(message["msgGlobalData"]["msgID"]) != id:
            raise Malformed("the answer to another question")
        usm = _decoded(bytes(message["msgSecurityParameters"]), UsmSecurityParameters())
        engine = bytes(usm["msgAuthoritativeEngineId"])
        boots = int(usm["msgAuthoritativeEngineBoots"])
        time = int(usm["msgAuthoritativeEngineTime"])
        pdu = message["msgData"]["plaintext"]["data"].getComponent()
        if not pdu.isSameTypeWith(rfc1905.ReportPDU()):
            raise Malformed("not a report")
        counters = [str(oid) for oid, _ in _FORMS[V2C].apiPDU.get_varbinds(pdu)]
    except _BAD as error:
        raise Malformed(type(error).__name__) from None
    if not 5 <= len(engine) <= 32:
        raise Malformed("an engine id of a length that is not allowed")
    return Report(engine, _small(boots), _small(time), counters[0] if counters else "")


def _decoded(data: bytes, form: univ.Sequence) -> Any:
    if len(data) > SIZE_MOST:
        raise Malformed("larger than any answer to this question")
    whole, _ = decoder.decode(data, asn1Spec=form)
    return whole


def _small(number: int) -> int:
    if not 0 <= number < _INT_MOST:
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

"""SNMP agents: one with a community, one that requires a USM user (RFC 3416, RFC 3414 4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ
from pysnmp.proto import api, rfc1905
from pysnmp.proto.mpmod.rfc3412 import SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from probes.lab.transport import DatagramHandler
from probes.wire import snmp, snmpv3

Objects = Mapping[str, Any]
"""Values by object identifier: text, or a value in one of pysnmp's types."""

ENGINE = bytes.fromhex("80001f8804616263")
"""An engine id of net-snmp's form (RFC 3411 5)."""
BOOTS, TIME = 7, 99

SYS_DESCR, SYS_OBJECT_ID, SYS_UP_TIME = (f"1.3.6.1.2.1.1.{number}.0" for number in (1, 2, 3))
SYS_NAME = "1.3.6.1.2.1.1.5.0"
"""The system group (RFC 3418 2)."""
_DEVICE_TYPE, _DEVICE_DESCR = (f"1.3.6.1.2.1.25.3.2.1.{number}.1" for number in (2, 3))
_PRINTER = "1.3.6.1.2.1.25.3.1.5"
_CONFIG_CHANGES = "1.3.6.1.2.1.43.5.1.1.1.1"


def system(name: str, descr: str, kind: str) -> Objects:
    """The system group of a device; `kind` is its sysObjectID."""
    return {
        SYS_DESCR: descr,
        SYS_OBJECT_ID: univ.ObjectIdentifier(kind),
        SYS_UP_TIME: api.v2c.TimeTicks(36_000_000),
        SYS_NAME: name,
    }


def printer(name: str, model: str, kind: str) -> Objects:
    """A printer: with the Host Resources and the Printer MIB (RFC 2790 4, RFC 3805 6)."""
    return {
        **system(name, model, kind),
        _DEVICE_TYPE: univ.ObjectIdentifier(_PRINTER),
        _DEVICE_DESCR: model,
        _CONFIG_CHANGES: api.v2c.Counter32(3),
    }


def agent(
    versions: tuple[int, ...], objects: Objects, community: bytes = b"public"
) -> DatagramHandler:
    """An agent of these versions; a wrong community is silence, as the RFCs want it."""

    def reply(request: bytes) -> bytes | None:
        try:
            version = int(api.decodeMessageVersion(request))
            if version not in versions:
                return None
            if version == snmp.V3:
                return report(request)
            form: Any = api.PROTOCOL_MODULES[version]
            query, _ = decoder.decode(request, asn1Spec=form.Message())
            if bytes(form.apiMessage.get_community(query)) != community:
                return None
            return response(form, query, objects)
        except snmp.DECODE_ERRORS:
            return None

    return reply


def response(form: Any, request: Any, objects: Objects) -> bytes:
    """The response to a GET or GETNEXT, in one of pysnmp's forms (RFC 3416 4.2, RFC 1157 4.1)."""
    message = form.apiMessage.get_response(request)
    pdu = form.apiMessage.get_pdu(message)
    asked = form.apiMessage.get_pdu(request)
    following = asked.isSameTypeWith(form.GetNextRequestPDU())
    found = []
    for oid, _ in form.apiPDU.get_varbinds(asked):
        oid = _next(oid, objects) if following else oid
        value = objects.get(str(oid))
        if value is None and form is api.v1:
            form.apiPDU.set_error_status(pdu, 2)
        absent = form.null if form is api.v1 else rfc1905.noSuchInstance
        value = form.OctetString(value) if isinstance(value, str | bytes) else value
        found.append((oid, absent if value is None else value))
    form.apiPDU.set_varbinds(pdu, found)
    return bytes(encoder.encode(message))


def _next(oid: univ.ObjectIdentifier, objects: Objects) -> univ.ObjectIdentifier:
    """The first object after this one; itself where there is none."""
    after = sorted(other for other in map(univ.ObjectIdentifier, objects) if other > oid)
    return after[0] if after else oid


def report(request: bytes) -> bytes:
    """The report an engine sends to somebody it does not know (RFC 3414 4)."""
    message, _ = decoder.decode(request, asn1Spec=SNMPv3Message())
    params = UsmSecurityParameters()
    for at, value in enumerate((ENGINE, BOOTS, TIME, b"", b"", b"")):
        params.setComponentByPosition(at, value)
    message["msgSecurityParameters"] = encoder.encode(params)
    form: Any = api.v2c
    pdu = rfc1905.ReportPDU()
    form.apiPDU.set_defaults(pdu)
    oid = univ.ObjectIdentifier(snmpv3.UNKNOWN_ENGINE)
    form.apiPDU.set_varbinds(pdu, [(oid, form.Counter32(1))])
    message["msgData"] = message["msgData"].clone()
    scoped = message["msgData"]["plaintext"]
    scoped["contextEngineId"] = ENGINE
    scoped["contextName"] = b""
    scoped["data"].setComponentByType(pdu.tagSet, pdu, innerFlag=True)
    return bytes(encoder.encode(message))

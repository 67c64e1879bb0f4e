from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ
from pysnmp.proto import api, rfc1905
from pysnmp.proto.mpmod.rfc3412 import SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from probes.wire import snmp, snmpv3

ID = 0x01020304
DESCR = "1.3.6.1.2.1.1.1.0"
OBJECT_ID = "1.3.6.1.2.1.1.2.0"


def responded(version: int, status: int = 0) -> bytes:
    form = api.PROTOCOL_MODULES[version]
    request, _ = decoder.decode(
        snmp.get(version, b"secret", ID, [DESCR, OBJECT_ID]), asn1Spec=form.Message()
    )
    message = form.apiMessage.get_response(request)
    pdu = form.apiMessage.get_pdu(message)
    found = [
        (DESCR, form.OctetString("a router")),
        (OBJECT_ID, form.ObjectIdentifier("1.3.6.1.4.1.9.1.1")),
        ("1.3.6.1.2.1.1.7.0", form.Integer(72)),
    ]
    if version:
        found.append(("1.3.6.1.2.1.43.5.1.1.1.1", rfc1905.noSuchInstance))
    form.apiPDU.set_varbinds(pdu, found)
    form.apiPDU.set_error_status(pdu, status)
    return encoder.encode(message)


def reported(engine: bytes = bytes.fromhex("80001f8804616263"), boots: int = 7) -> bytes:
    message, _ = decoder.decode(snmpv3.discovery(ID), asn1Spec=SNMPv3Message())
    params = UsmSecurityParameters()
    for at, value in enumerate((engine, boots, 99, b"", b"", b"")):
        params.setComponentByPosition(at, value)
    message["msgSecurityParameters"] = encoder.encode(params)
    pdu = rfc1905.ReportPDU()
    api.v2c.apiPDU.set_defaults(pdu)
    api.v2c.apiPDU.set_varbinds(
        pdu, [(univ.ObjectIdentifier(snmpv3.UNKNOWN_ENGINE), api.v2c.Counter32(1))]
    )
    scoped = SNMPv3Message().getComponentByPosition(3).getComponentByPosition(0)
    scoped["contextEngineId"] = engine
    scoped["contextName"] = b""
    scoped["data"].setComponentByType(pdu.tagSet, pdu, innerFlag=True)
    message["msgData"] = message["msgData"].clone()
    message["msgData"]["plaintext"] = scoped
    return encoder.encode(message)


GOOD = {snmp.V1: responded(snmp.V1), snmp.V2C: responded(snmp.V2C)}
REPORT = reported()


@pytest.mark.parametrize("version", [snmp.V1, snmp.V2C])
def test_values_are_read_and_absent_objects_left_out(version: int) -> None:
    assert snmp.response(GOOD[version], version, ID) == snmp.Response(
        0,
        {DESCR: b"a router", OBJECT_ID: "1.3.6.1.4.1.9.1.1", "1.3.6.1.2.1.1.7.0": 72},
        absent=version == snmp.V2C,
    )


def test_an_error_status_is_a_response_without_values() -> None:
    assert snmp.response(responded(snmp.V1, 2), snmp.V1, ID) == snmp.Response(2, {})


def test_a_get_is_the_message_of_the_rfc() -> None:
    assert snmp.get(snmp.V2C, b"public", 77, ["1.3.6.1.2.1.1.1.0"]).hex() == (
        "302602010104067075626c6963a01902014d020100020100300e300c06082b060102010101000500"
    )


@pytest.mark.parametrize("version", [snmp.V1, snmp.V2C])
def test_a_getnext_differs_from_a_get_in_its_tag_alone(version: int) -> None:
    get, following = (
        snmp.get(version, b"public", 77, [DESCR], following=following)
        for following in (False, True)
    )
    differing = [
        at for at, (one, other) in enumerate(zip(get, following, strict=True)) if one != other
    ]
    assert [(get[at], following[at]) for at in differing] == [(0xA0, 0xA1)]


def test_a_discovery_has_an_empty_engine_id_and_is_reportable() -> None:
    message, rest = decoder.decode(snmpv3.discovery(ID), asn1Spec=SNMPv3Message())
    params, _ = decoder.decode(
        bytes(message["msgSecurityParameters"]), asn1Spec=UsmSecurityParameters()
    )
    assert not rest
    assert bytes(message["msgGlobalData"]["msgFlags"]) == b"\x04"
    assert bytes(params["msgAuthoritativeEngineId"]) == b""
    assert bytes(params["msgUserName"]) == b""


def test_a_report_tells_the_engine() -> None:
    assert snmpv3.report(REPORT, ID) == snmpv3.Report(
        bytes.fromhex("80001f8804616263"), 7, 99, snmpv3.UNKNOWN_ENGINE
    )


@pytest.mark.parametrize("engine", [b"", b"abcd", b"x" * 33])
def test_an_engine_id_of_an_impossible_length_is_malformed(engine: bytes) -> None:
    with pytest.raises(snmp.Malformed):
        snmpv3.report(reported(engine), ID)


def test_the_answer_to_another_question_is_malformed() -> None:
    with pytest.raises(snmp.Malformed, match="another question"):
        snmp.response(GOOD[snmp.V2C], snmp.V2C, ID + 1)
    with pytest.raises(snmp.Malformed, match="another question"):
        snmpv3.report(REPORT, ID + 1)


def test_the_answer_in_another_version_is_malformed() -> None:
    with pytest.raises(snmp.Malformed):
        snmp.response(GOOD[snmp.V1], snmp.V2C, ID)


@pytest.mark.parametrize(
    "echo",
    [snmp.get(snmp.V2C, b"public", ID, [DESCR]), snmpv3.discovery(ID)],
)
def test_our_own_question_is_not_an_answer(echo: bytes) -> None:
    with pytest.raises(snmp.Malformed):
        snmp.response(echo, snmp.V2C, ID)
    with pytest.raises(snmp.Malformed):
        snmpv3.report(echo, ID)


def test_a_deeply_nested_message_is_malformed() -> None:
    data = b""
    for _ in range(1500):
        size = len(data)
        head = bytes([size]) if size < 128 else b"\x82" + size.to_bytes(2, "big")
        data = b"\x30" + head + data
    with pytest.raises(snmp.Malformed):
        snmp.response(data, snmp.V2C, ID)
    with pytest.raises(snmp.Malformed):
        snmp.response(b"\x24\x80" * 2000, snmp.V2C, ID)


def test_a_number_of_thousands_of_digits_is_malformed() -> None:
    body = b"\x02\x01\x01\x04\x01x\xa2" + b"\x82\x0f\xf0" + b"\x02\x82\x0f\xec" + b"\x7f" * 0xFEC
    data = b"\x30\x82" + len(body).to_bytes(2, "big") + body
    with pytest.raises(snmp.Malformed):
        snmp.response(data, snmp.V2C, ID)


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (
            snmp.V2C,
            "30670201010406736563726574a25a020401020304020100020100304c308006082b06010201010100"
            "04086120726f75746572301406082b0601020101020006082b06010401090101300d06082b06010903"
            "0131310201010700060148300f060b2b060102012b05010101018100",
        ),
        (
            snmp.V3,
            "305e0201033011020401020304020300ffe304010402010304183016040880001f8804616263020107"
            "020163040004000400302c048880001f88046162630400a81e0203781ab40201000201003011300f06"
            "0a2b060106030f01010400410101",
        ),
    ],
)
def test_what_crashes_the_decoder_is_malformed(version: int, message: str) -> None:
    with pytest.raises(snmp.Malformed, match=r"IndexError|OverflowError"):
        if version == snmp.V3:
            snmpv3.report(bytes.fromhex(message), ID)
        else:
            snmp.response(bytes.fromhex(message), version, ID)


@given(st.binary(max_size=200))
def test_garbage_is_malformed(data: bytes) -> None:
    for version in (snmp.V1, snmp.V2C):
        with pytest.raises(snmp.Malformed):
            snmp.response(data, version, ID)
    with pytest.raises(snmp.Malformed):
        snmpv3.report(data, ID)


@given(st.data(), st.sampled_from([snmp.V1, snmp.V2C, snmp.V3]))
def test_changed_bytes_never_break_the_reader(data: st.DataObject, version: int) -> None:
    message = bytearray(REPORT if version == snmp.V3 else GOOD[version])
    for _ in range(data.draw(st.integers(1, 4))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    read = bytes(message[: data.draw(st.integers(0, len(message)))] or message)
    try:
        if version == snmp.V3:
            assert 5 <= len(snmpv3.report(read, ID).engine) <= 32
        else:
            assert isinstance(snmp.response(read, version, ID).status, int)
    except snmp.Malformed:
        pass

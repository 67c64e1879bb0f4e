from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pysnmp.proto import api, rfc1905
from pysnmp.proto.mpmod.rfc3412 import ScopedPDU, SNMPv3Message
from pysnmp.proto.secmod.rfc3414.service import UsmSecurityParameters

from probes.wire import snmp, snmpv3

ID = 0x01020304
DESCR = "1.3.6.1.2.1.1.1.0"
# An engine id may be almost all zeros, like the place a digest is counted over.
ZEROS = bytes.fromhex("80001f88") + bytes(28)
ENGINE = snmpv3.Report(ZEROS, 7, 99, snmpv3.UNKNOWN_ENGINE)
PASS = ("maplesyrup", "hidden-away")


def keys(auth: str = "", priv: str = "", variant: int = 0) -> snmpv3.Keys:
    return snmpv3.localised_keys("audit", auth, PASS[0], priv, PASS[1], ZEROS, variant)


def replied(
    own: snmpv3.Keys, *, sign: bool = True, counter: str = "", request: bytes | None = None
) -> bytes:
    """Answer of an agent with these keys to its user's request; a report with a counter."""
    message, _ = decoder.decode(
        request or snmpv3.request(own, ENGINE, ID, [DESCR]), asn1Spec=SNMPv3Message()
    )
    pdu = rfc1905.ReportPDU() if counter else rfc1905.ResponsePDU()
    api.v2c.apiPDU.set_defaults(pdu)
    api.v2c.apiPDU.set_request_id(pdu, ID)
    value = api.v2c.Counter32(1) if counter else api.v2c.OctetString("a router")
    api.v2c.apiPDU.set_varbinds(pdu, [(counter or DESCR, value)])
    scoped = ScopedPDU() if own.priv else message["msgData"]["plaintext"].clone()
    scoped["contextEngineId"] = b"another"
    scoped["contextName"] = b""
    scoped["data"].setComponentByType(pdu.tagSet, pdu, innerFlag=True)
    answer = SNMPv3Message()
    answer["msgVersion"] = 3
    answer["msgGlobalData"] = message["msgGlobalData"]
    level = (1 if own.auth and sign else 0) | (2 if own.priv else 0)
    answer["msgGlobalData"]["msgFlags"] = bytes([level])
    salt = b""
    if own.priv:
        hidden, salt = snmpv3.encrypt(own, 7, 99, encoder.encode(scoped))
        answer["msgData"]["encryptedPDU"] = hidden
    else:
        answer["msgData"]["plaintext"] = scoped
    params = UsmSecurityParameters()
    for at, field in enumerate((ZEROS, 7, 99, b"audit", bytes(own.digest_size), salt)):
        params.setComponentByPosition(at, field)
    answer["msgSecurityParameters"] = encoder.encode(params)
    data = encoder.encode(answer)
    if not own.auth or not sign:
        return data
    blank = data.rindex(bytes(own.digest_size) + b"\x04" + bytes([len(salt)]) + salt)
    return data[:blank] + own.digest(data) + data[blank + own.digest_size :]


PAIRS = [("", ""), *((auth, "") for auth in snmpv3.AUTH)]
PAIRS += [(auth, priv) for auth in snmpv3.AUTH for priv in snmpv3.PRIV]


@pytest.mark.parametrize(("auth", "priv"), PAIRS)
def test_an_answer_at_every_level_is_read(auth: str, priv: str) -> None:
    own = keys(auth, priv)
    assert snmpv3.answer(replied(own), own, ID) == snmp.Response(0, {DESCR: b"a router"})


def test_the_keys_are_those_of_the_rfc() -> None:
    # RFC 3414 A.3.1 and A.3.2; the privacy key is made in the same way from its own passphrase.
    engine = bytes.fromhex("000000000000000000000002")
    md5 = snmpv3.localised_keys("u", "MD5", "maplesyrup", "DES", "maplesyrup", engine)
    sha = snmpv3.localised_keys("u", "SHA", "maplesyrup", "AES", "maplesyrup", engine)
    assert md5.auth_key.hex() == "526f5eed9fcce26f8964c2930787d82b" == md5.priv_key.hex()
    assert sha.auth_key.hex() == "6695febc9288e36282235fc7151f128497b38f3f"
    assert sha.priv_key == sha.auth_key[:16]


def test_both_ways_to_a_long_key_are_known() -> None:
    assert snmpv3.key_variants("AES-256") == snmpv3.key_variants("AES-192") == 2
    assert snmpv3.key_variants("AES") == snmpv3.key_variants("DES") == snmpv3.key_variants("") == 1
    assert keys("SHA", "AES-256").priv_key != keys("SHA", "AES-256", 1).priv_key
    assert len(keys("SHA", "AES-256", 1).priv_key) == 32


def test_no_salt_is_used_twice() -> None:
    own = keys("SHA", "AES")
    salts = {snmpv3.encrypt(own, 7, 99, b"the same")[1] for _ in range(50)}
    assert len(salts) == 50


def test_a_response_less_protected_than_the_request_is_not_believed() -> None:
    nobody = snmpv3.Keys(b"audit")
    for own in (keys("SHA"), keys("SHA", "AES")):
        for forger in (nobody, snmpv3.Keys(b"audit", "SHA", bytes(20))):
            with pytest.raises(snmp.Malformed):
                snmpv3.answer(replied(forger), own, ID)
    with pytest.raises(snmp.Malformed, match="less protected"):
        snmpv3.answer(replied(keys("SHA")), keys("SHA", "AES"), ID)


def test_a_report_of_another_time_must_be_signed() -> None:
    own = keys("SHA")
    signed = replied(own, counter=snmpv3.NOT_IN_TIME)
    assert snmpv3.answer(signed, own, ID) == snmpv3.Report(ZEROS, 7, 99, snmpv3.NOT_IN_TIME)
    with pytest.raises(snmp.Malformed, match="unsigned"):
        snmpv3.answer(replied(own, sign=False, counter=snmpv3.NOT_IN_TIME), own, ID)


def test_a_report_of_a_wrong_digest_need_not_be_signed() -> None:
    said = snmpv3.answer(replied(snmpv3.ANONYMOUS, counter=snmpv3.WRONG_DIGEST), keys("SHA"), ID)
    assert isinstance(said, snmpv3.Report)
    assert said.counter == snmpv3.WRONG_DIGEST


def test_a_message_encrypted_with_another_key_is_malformed() -> None:
    another = snmpv3.localised_keys("audit", "SHA", PASS[0], "AES", "another-key", ZEROS)
    with pytest.raises(snmp.Malformed):
        snmpv3.answer(replied(another), keys("SHA", "AES"), ID)


def test_what_is_recorded_has_no_digest() -> None:
    own = keys("SHA-512")
    data = snmpv3.request(own, ENGINE, ID, [DESCR])
    shown = snmpv3.mask_digest(data)
    assert len(shown) == len(data)
    assert shown.count(b"*" * 48) == 1
    assert own.digest(shown.replace(b"*" * 48, bytes(48))) in data
    assert snmpv3.mask_digest(b"\x30garbage") == b"\x30garbage"


def test_the_secrets_are_in_no_message_and_no_repr() -> None:
    for auth, priv in PAIRS:
        own = keys(auth, priv)
        for text in (repr(own), snmpv3.request(own, ENGINE, ID, [DESCR]).decode("latin-1")):
            assert not any(secret in text for secret in PASS)


SIGNED, HIDDEN = keys("SHA-256"), keys("SHA", "AES")
GOOD = [(own, replied(own)) for own in (SIGNED, HIDDEN, keys("MD5", "DES"))]


@given(st.binary(max_size=300))
def test_garbage_is_malformed(data: bytes) -> None:
    for own in (snmpv3.ANONYMOUS, SIGNED, HIDDEN):
        with pytest.raises(snmp.Malformed):
            snmpv3.answer(data, own, ID)
    assert len(snmpv3.mask_digest(data)) == len(data)


@given(st.data(), st.sampled_from(GOOD))
def test_changed_bytes_are_not_believed(
    data: st.DataObject, good: tuple[snmpv3.Keys, bytes]
) -> None:
    own, whole = good
    message = bytearray(whole)
    at = data.draw(st.integers(0, len(message) - 1))
    message[at] ^= data.draw(st.integers(1, 255))
    # Everything is signed, and so is the length; only a report may come unsigned.
    try:
        said = snmpv3.answer(bytes(message), own, ID)
    except snmp.Malformed:
        return
    assert isinstance(said, snmpv3.Report)


@given(
    st.sampled_from(PAIRS),
    st.binary(min_size=5, max_size=32),
    st.integers(0, 2**31 - 1),
    st.integers(0, 2**31 - 1),
)
def test_every_request_is_read_by_its_engine(
    pair: tuple[str, str], engine: bytes, boots: int, time: int
) -> None:
    own = snmpv3.Keys(b"audit", pair[0], b"k" * 16, pair[1], b"p" * 32)
    data = snmpv3.request(own, snmpv3.Report(engine, boots, time, ""), ID, [DESCR])
    # Its own question is no answer, but is signed and deciphered before that is seen.
    with pytest.raises(snmp.Malformed, match=r"not a response|less protected"):
        snmpv3.answer(data, own, ID)


@given(st.binary(max_size=100), st.binary(max_size=16))
def test_deciphering_garbage_ends(hidden: bytes, salt: bytes) -> None:
    for own in (HIDDEN, keys("MD5", "DES")):
        try:
            assert isinstance(snmpv3.decrypt(own, 7, 99, salt, hidden), bytes)
        except snmp.Malformed:
            assert len(salt) != 8 or not hidden or (own.priv == "DES" and len(hidden) % 8)

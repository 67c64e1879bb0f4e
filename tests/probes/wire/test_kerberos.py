from __future__ import annotations

import contextlib
import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.der import decoder, encoder
from pyasn1.type import char, namedtype, tag, univ, useful

from probes.wire import ber, kerberos
from probes.wire.ber import Malformed, context, element, integer

REALM = st.from_regex(r"[A-Z0-9]{1,20}(\.[A-Z0-9]{1,10}){0,3}", fullmatch=True)
# What Samba 4.17 said to auditreach@CORP.AUDIT.TEST.
SAMBA = bytes.fromhex(
    "000000937e819030818da003020105a10302011ea411180f32303236313132333030303932345aa50402025d00"
    "a603020106a7111b0f434f52502e41554449542e54455354a8173015a003020101a10e300c1b0a617564697472"
    "65616368a9111b0f434f52502e41554449542e54455354aa243022a003020102a11b30191b066b72627467741b"
    "0f434f52502e41554449542e54455354"
)


def string(text: str) -> bytes:
    return element(ber.GENERAL_STRING, text.encode())


def framed(number: int, *fields: bytes) -> bytes:
    body = element(ber.application(number), element(ber.SEQUENCE, *fields))
    return struct.pack(">I", len(body)) + body


def krb_error(
    code: int, realm: str, *, stime: bytes = b"20261123000130Z", susec: int = 0, text: str = ""
) -> bytes:
    fields = [
        element(context(0), integer(5)),
        element(context(1), integer(30)),
        element(context(4), element(ber.GENERALIZED_TIME, stime)),
        element(context(5), integer(susec)),
        element(context(6), integer(code)),
        element(context(9), string(realm)),
        *([element(context(11), string(text))] if text else []),
    ]
    return framed(30, *fields)


def test_the_answer_of_samba_is_read() -> None:
    assert kerberos.size(SAMBA[:16]) == len(SAMBA)
    reply = kerberos.reply(SAMBA)
    assert (reply.error, reply.error_name) == (6, "KDC_ERR_C_PRINCIPAL_UNKNOWN")
    assert (reply.realm, reply.client_realm) == ("CORP.AUDIT.TEST", "CORP.AUDIT.TEST")
    assert reply.time == datetime(2026, 11, 23, 0, 9, 24, 23808, tzinfo=UTC)


@given(st.integers(1, 2**31 - 1), REALM, st.integers(0, 999_999))
def test_an_error_comes_back(code: int, realm: str, micros: int) -> None:
    data = krb_error(code, realm, susec=micros, text="because")
    assert kerberos.size(data[:16]) == len(data)
    reply = kerberos.reply(data)
    assert (reply.error, reply.realm, reply.text) == (code, realm, "because")
    assert reply.time == datetime(2026, 11, 23, 0, 1, 30, micros, tzinfo=UTC)


def test_an_error_without_a_name_is_shown_by_its_number() -> None:
    assert kerberos.reply(krb_error(99, "X")).error_name == "error 99"


def as_rep(**tags: int) -> bytes:
    """An AS-REP with a client, a ticket and an encrypted part of these tags."""
    inner = {"client": ber.SEQUENCE, "ticket": ber.application(1), "part": ber.SEQUENCE} | tags
    rest = [element(context(4 + at), element(tag)) for at, tag in enumerate(inner.values())]
    head = [element(context(0), integer(5)), element(context(1), integer(11))]
    return framed(11, *head, element(context(3), string("R")), *rest)


def test_a_ticket_tells_the_realm_and_no_time() -> None:
    reply = kerberos.reply(as_rep())
    assert (reply.error, reply.error_name, reply.realm, reply.time) == (None, "", "R", None)


def field(name: str, number: int, kind: object) -> namedtype.NamedType:
    explicit = tag.Tag(tag.tagClassContext, tag.tagFormatConstructed, number)
    return namedtype.NamedType(name, kind.subtype(explicitTag=explicit))


def sequence(*fields: namedtype.NamedType) -> univ.Sequence:
    return univ.Sequence(componentType=namedtype.NamedTypes(*fields))


STRINGS = univ.SequenceOf(componentType=char.GeneralString())
PRINCIPAL = sequence(field("type", 0, univ.Integer()), field("names", 1, STRINGS))
BODY = sequence(
    field("options", 0, univ.BitString()),
    field("cname", 1, PRINCIPAL),
    field("realm", 2, char.GeneralString()),
    field("sname", 3, PRINCIPAL),
    field("till", 5, useful.GeneralizedTime()),
    field("nonce", 7, univ.Integer()),
    field("etypes", 8, univ.SequenceOf(componentType=univ.Integer())),
)
REQUEST = sequence(
    field("pvno", 1, univ.Integer()), field("type", 2, univ.Integer()), field("body", 4, BODY)
).subtype(explicitTag=tag.Tag(tag.tagClassApplication, tag.tagFormatConstructed, 10))


@given(REALM, st.integers(0, 2**31 - 1))
def test_the_question_is_what_pyasn1_reads_by_the_schema_of_the_rfc(realm: str, nonce: int) -> None:
    data = kerberos.as_request("auditreach", realm, nonce)
    assert struct.unpack(">I", data[:4]) == (len(data) - 4,)
    request, rest = decoder.decode(data[4:], asn1Spec=REQUEST)
    assert (request["pvno"], request["type"], rest) == (5, 10, b"")
    body = request["body"]
    assert [str(name) for name in body["cname"]["names"]] == ["auditreach"]
    assert [str(name) for name in body["sname"]["names"]] == ["krbtgt", realm]
    assert (str(body["realm"]), body["nonce"]) == (realm, nonce)
    # RFC 4120 5.2.8: a KDC may drop a request whose flags have less than 32 bits.
    assert len(body["options"]) == 32
    assert encoder.encode(request) == data[4:]


def test_an_escape_sequence_in_realm_and_text_is_made_harmless() -> None:
    reply = kerberos.reply(krb_error(6, "\x1b[2J", text="\x1b]0;x\x07"))
    assert reply.realm.isprintable()
    assert reply.text.isprintable()


@pytest.mark.parametrize(
    "data",
    [
        *(as_rep(client=0), as_rep(ticket=0), as_rep(ticket=ber.SEQUENCE), as_rep(part=0)),
        *(
            krb_error(0, "X"),
            krb_error(-6, "X"),
            krb_error(6, "X", stime=b"yesterday"),
            krb_error(6, "X", susec=1_000_000),
        ),
        *(krb_error(6, "X", susec=-1), framed(30), framed(11), framed(10), struct.pack(">I", 0)),
        framed(30, element(context(0), integer(5)), element(context(1), integer(11))),
        framed(30, element(context(0), integer(4)), element(context(1), integer(30))),
    ],
)
def test_an_answer_with_a_part_missing_or_wrong_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        kerberos.reply(data)


@pytest.mark.parametrize("size", range(4, len(SAMBA)))
def test_an_answer_cut_short_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        kerberos.reply(SAMBA[:size])


@pytest.mark.parametrize(
    "start", [b"HTTP/", b"\0\0\0\0\x7e", b"\0\0\0\x20\x30", b"\x16\x03\x01\0\x7e"]
)
def test_what_cannot_become_an_answer_is_known_from_its_first_five_bytes(start: bytes) -> None:
    with pytest.raises(Malformed):
        kerberos.size(start)


@pytest.mark.parametrize("length", range(5))
def test_four_bytes_tell_nothing_yet(length: int) -> None:
    assert kerberos.size(SAMBA[:length]) is None


@given(st.binary(max_size=300))
def test_garbage_is_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        kerberos.size(data)
    with contextlib.suppress(Malformed):
        kerberos.reply(SAMBA[:4] + data)


@given(st.integers(0, len(SAMBA) - 1), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_reader(at: int, byte: int) -> None:
    data = bytearray(SAMBA)
    data[at] = byte
    with contextlib.suppress(Malformed):
        reply = kerberos.reply(bytes(data))
        assert reply.realm.isprintable()

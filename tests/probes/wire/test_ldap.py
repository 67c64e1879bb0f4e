from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder
from pyasn1.type import namedtype, tag, univ

from probes.wire import ber, ldap
from probes.wire.ber import Malformed, element, integer
from probes.wire.ldap import Entry, Refusal

NAME = st.from_regex(r"[a-z][a-z0-9-]{0,30}", fullmatch=True)
ATTRIBUTES = st.dictionaries(NAME, st.lists(st.binary(max_size=40), max_size=8), max_size=12)


def octets(content: bytes) -> bytes:
    return element(ber.OCTET_STRING, content)


def message(operation: int, *contents: bytes, id: int = ldap.MESSAGE_ID) -> bytes:
    return element(ber.SEQUENCE, integer(id), element(ber.application(operation), *contents))


def entry(attributes: dict[str, list[bytes]]) -> bytes:
    pairs = [
        element(ber.SEQUENCE, octets(name.encode()), element(ber.SET, *map(octets, values)))
        for name, values in attributes.items()
    ]
    return message(4, octets(b""), element(ber.SEQUENCE, *pairs))


def result(code: int, text: bytes = b"", *, operation: int = 5, id: int = 1) -> bytes:
    return message(operation, integer(code, ber.ENUMERATED), octets(b""), octets(text), id=id)


GOOD = entry({"defaultNamingContext": [b"DC=corp,DC=test"], "currentTime": [b"20261123000130.0Z"]})


@given(st.lists(st.from_regex(r"ldap://[a-z.]{1,20}/", fullmatch=True), max_size=12))
def test_referrals_come_back_from_a_result_and_from_a_reference(uris: list[str]) -> None:
    found = [octets(uri.encode()) for uri in uris]
    parts = integer(10, ber.ENUMERATED), octets(b""), octets(b"")
    done = message(5, *parts, element(ber.context(3), *found))
    expected = Refusal(10, "", tuple(uris[: ldap.MAX_REFERRALS]))
    assert ldap.reply(done) == expected
    assert ldap.reply(message(19, *found)) == expected
    with pytest.raises(Malformed):
        ldap.reply(message(19, *found, integer(1)))


@given(ATTRIBUTES)
def test_an_entry_comes_back(attributes: dict[str, list[bytes]]) -> None:
    data = entry(attributes)
    assert ldap.size(data[:16]) == len(data)
    reply = ldap.reply(data)
    assert reply == Entry("", {name: tuple(values) for name, values in attributes.items()})


def test_attributes_are_found_whatever_their_case() -> None:
    reply = ldap.reply(GOOD)
    assert isinstance(reply, Entry)
    assert reply.text("DEFAULTNAMINGCONTEXT") == "DC=corp,DC=test"
    assert reply.text("dnsHostName") == ""


def test_lengths_of_four_bytes_are_read_as_active_directory_writes_them() -> None:
    inner = integer(1) + element(0x64, octets(b""), element(ber.SEQUENCE))
    data = b"\x30\x84" + len(inner).to_bytes(4, "big") + inner
    assert ldap.size(data[:6]) == len(data)
    assert ldap.reply(data) == Entry("", {})


@given(st.integers(0, 200), st.text("abc ", max_size=20))
def test_a_refusal_comes_back(code: int, text: str) -> None:
    reply = ldap.reply(result(code, text.encode()))
    assert isinstance(reply, Refusal)
    assert (reply.code, reply.text.split()) == (code, text.split())


def test_a_notice_of_disconnection_is_a_refusal() -> None:
    reply = ldap.reply(result(52, b"going down", operation=24, id=0))
    assert isinstance(reply, Refusal)
    assert reply.name == "52, unavailable"


def application(number: int) -> tag.Tag:
    return tag.Tag(tag.tagClassApplication, tag.tagFormatConstructed, number)


def sequence(**fields: object) -> univ.Sequence:
    named = [namedtype.NamedType(name, kind) for name, kind in fields.items()]
    return univ.Sequence(componentType=namedtype.NamedTypes(*named))


PRESENT = tag.Tag(tag.tagClassContext, tag.tagFormatSimple, 7)
SEARCH = sequence(
    base=univ.OctetString(),
    scope=univ.Enumerated(),
    aliases=univ.Enumerated(),
    size=univ.Integer(),
    time=univ.Integer(),
    types_only=univ.Boolean(),
    filter=univ.OctetString().subtype(implicitTag=PRESENT),
    attributes=univ.SequenceOf(componentType=univ.OctetString()),
).subtype(implicitTag=application(3))
MESSAGE = sequence(id=univ.Integer(), search=SEARCH)


def test_the_question_is_what_pyasn1_reads_by_the_schema_of_the_rfc() -> None:
    read, rest = decoder.decode(ldap.root_request(("currentTime", "vendorName")), asn1Spec=MESSAGE)
    search = read["search"]
    assert (read["id"], rest) == (1, b"")
    assert (bytes(search["base"]), search["scope"]) == (b"", 0)
    assert bytes(search["filter"]) == b"objectClass"
    assert not search["types_only"]
    assert [bytes(name) for name in search["attributes"]] == [b"currentTime", b"vendorName"]


def test_an_escape_sequence_in_a_value_is_made_harmless() -> None:
    reply = ldap.reply(entry({"dnsHostName": [b"\x1b[2J"]}))
    assert isinstance(reply, Entry)
    assert reply.text("dnsHostName").isprintable()
    assert reply.texts("dnsHostName")[0].isprintable()


def test_values_without_end_are_cut() -> None:
    reply = ldap.reply(entry({"x": [b"v"] * 500}))
    assert isinstance(reply, Entry)
    assert len(reply.attributes["x"]) == ldap.MAX_VALUES


@pytest.mark.parametrize(
    "data",
    [
        *(result(0, id=7), result(0, operation=24), message(1), message(5), message(4)),
        *(element(ber.SEQUENCE), element(ber.SEQUENCE, integer(1)), b"", b"\x30\x02\x04\x00"),
        message(4, octets(b""), element(ber.SEQUENCE, octets(b"x"))),
        message(4, octets(b""), element(ber.SEQUENCE, element(ber.SEQUENCE, octets(b"x")))),
        entry({f"a{number}": [] for number in range(ldap.MAX_ATTRIBUTES + 1)}),
    ],
)
def test_what_does_not_answer_the_question_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        ldap.reply(data)


@pytest.mark.parametrize("start", [b"HTTP", b"\x30\x80\0\0", b"\x30\x84\x7f\xff\xff\xff", b"\0"])
def test_what_cannot_become_a_message_is_known_at_its_start(start: bytes) -> None:
    with pytest.raises(Malformed):
        ldap.size(start)


@pytest.mark.parametrize("size", range(len(GOOD)))
def test_an_answer_cut_short_is_malformed(size: int) -> None:
    with pytest.raises(Malformed):
        ldap.reply(GOOD[:size])


@given(st.binary(max_size=300))
def test_garbage_is_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        ldap.size(data)
    with contextlib.suppress(Malformed):
        ldap.reply(data)


@given(st.binary(max_size=200))
def test_garbage_inside_a_message_is_malformed_or_read(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        ldap.reply(message(4, data))
    with contextlib.suppress(Malformed):
        ldap.reply(message(5, data))


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_reader(at: int, byte: int) -> None:
    data = bytearray(GOOD)
    data[at] = byte
    with contextlib.suppress(Malformed):
        reply = ldap.reply(bytes(data))
        if isinstance(reply, Entry):
            assert all(name.isprintable() for name in reply.attributes)

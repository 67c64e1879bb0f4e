from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyasn1.codec.ber import decoder, encoder
from pyasn1.type import univ

from probes.wire import ber

INT64 = st.integers(-(2**63), 2**63 - 1)


@given(INT64)
def test_an_integer_is_read_by_pyasn1_and_by_us_and_is_as_short_as_can_be(value: int) -> None:
    written = ber.integer(value)
    assert decoder.decode(written) == (value, b"")
    # X.690 8.3.2: the first nine bits are neither all zeros nor all ones. pyasn1 itself breaks
    # that rule for -128, so it is only the reader here.
    assert len(written) == 3 or int.from_bytes(written[2:4], "big") >> 7 not in (0, 0x1FF)
    assert ber.to_integer(ber.single(written, ber.INTEGER)) == value


@given(st.binary(max_size=70_000))
def test_an_octet_string_is_written_as_pyasn1_writes_it_and_read_back(content: bytes) -> None:
    written = ber.element(ber.OCTET_STRING, content)
    assert written == encoder.encode(univ.OctetString(content))
    assert ber.single(written, ber.OCTET_STRING) == content
    assert ber.element_size(written[:16], len(written)) == len(written)


@given(st.lists(st.tuples(st.integers(0, 30), st.binary(max_size=300)), max_size=20))
def test_elements_come_back_in_their_order(items: list[tuple[int, bytes]]) -> None:
    data = b"".join(ber.element(ber.context(number), content) for number, content in items)
    found = [(item.tag ^ 0xA0, item.content) for item in ber.elements(data)]
    assert found == items


@given(st.binary(max_size=400))
def test_garbage_is_malformed_or_divides_without_loss(data: bytes) -> None:
    with contextlib.suppress(ber.Malformed):
        found = ber.elements(data)
        assert sum(2 + len(item.content) for item in found) <= len(data)


@given(st.binary(max_size=16), st.integers(0, 2**40))
def test_the_size_of_garbage_is_unknown_malformed_or_within_the_bound(
    head: bytes, most: int
) -> None:
    with contextlib.suppress(ber.Malformed):
        size = ber.element_size(head, most)
        assert size is None or 2 <= size <= most


def test_a_length_in_more_bytes_than_needed_is_read() -> None:
    # Active Directory writes every length in four.
    assert ber.single(b"\x30\x84\x00\x00\x00\x02\x05\x00", ber.SEQUENCE) == b"\x05\x00"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x30\x80\x00\x00", "indefinite"),
        (b"\x1f\x01\x00", "several bytes"),
        (b"\x30\x89" + bytes(9), "9 bytes"),
        (b"\x30\x05\x00", "an element of 7 bytes"),
        (b"\x30\x84\xff\xff\xff\xff", "an element of"),
        (b"\x30", "cut off"),
        (b"\x30\x82\x01", "cut off"),
    ],
)
def test_what_ldap_and_kerberos_do_not_write_is_malformed(data: bytes, why: str) -> None:
    with pytest.raises(ber.Malformed, match=why):
        ber.elements(data)


def test_more_elements_than_allowed_are_malformed() -> None:
    with pytest.raises(ber.Malformed, match="more than 512"):
        ber.elements(b"\x05\x00" * 100_000)


@pytest.mark.parametrize("content", [b"", bytes(9)])
def test_an_integer_of_no_or_too_many_bytes_is_malformed(content: bytes) -> None:
    with pytest.raises(ber.Malformed, match="integer"):
        ber.to_integer(content)


@pytest.mark.parametrize("data", [b"", b"\x04\x00", b"\x30\x00\x30\x00"])
def test_something_else_in_the_place_of_an_element_is_malformed(data: bytes) -> None:
    with pytest.raises(ber.Malformed):
        ber.single(data, ber.SEQUENCE)

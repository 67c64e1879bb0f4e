from __future__ import annotations

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.xml import MAX_DEPTH, MAX_ELEMENTS, MAX_TEXT, Element, NotXml, elements


def test_elements_are_listed_with_place_namespace_and_own_text() -> None:
    assert elements(b'<a xmlns="urn:x">one<b>two</b><c xmlns="urn:y"/> three</a>') == (
        Element(("a", "b"), "urn:x", "two"),
        Element(("a", "c"), "urn:y", ""),
        Element(("a",), "urn:x", "one three"),
    )


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"hello",
        b"<a>",
        b"<a></b>",
        b"<a/><b/>",
        b"\xff\xfe",
        b'<?xml version="1.0" encoding="no-such"?><a/>',
        b'<?xml version="1.0" encoding="shift_jis"?><a/>',
        b'<?xml version="1.0" encoding="zlib"?><a/>',
        b"<!DOCTYPE a><a/>",
        b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<!DOCTYPE a SYSTEM "http://192.0.2.1/x.dtd"><a/>',
        b"<a>\x1b</a>",
        b"<a" + b" b='c'" * 3 + b">",
    ],
)
def test_what_is_not_plain_xml_is_refused(data: bytes) -> None:
    with pytest.raises(NotXml):
        elements(data)


def test_depth_is_bounded() -> None:
    inside = b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH
    assert len(elements(inside)) == MAX_DEPTH
    with pytest.raises(NotXml, match="inside each other"):
        elements(b"<a>" + inside + b"</a>")
    with pytest.raises(NotXml, match="inside each other"):
        elements(b"<a>" * 100_000)


def test_number_and_length_are_bounded() -> None:
    with pytest.raises(NotXml, match="elements"):
        elements(b"<a>" + b"<b/>" * MAX_ELEMENTS + b"</a>")
    assert len(elements(b"<a>" + b"x" * 100_000 + b"</a>")[0].text) == MAX_TEXT


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"<a>", b"<?xml version='1.0'?><a>", b"<!DOCTYPE a ["]),
)
def test_any_bytes_give_elements_or_its_own_error(data: bytes, start: bytes) -> None:
    try:
        found = elements(start + data)
    except NotXml as error:
        assert str(error)
    else:
        assert found
        assert all(element.path for element in found)


@given(st.text(st.characters(min_codepoint=32, exclude_categories=["Cs", "Cn"]), max_size=80))
def test_text_comes_back_as_it_was_written(text: str) -> None:
    data = f"<a><b>{html.escape(text)}</b></a>".encode()
    assert elements(data)[0].text == text

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from probes.wire.unexpected import excerpt


def test_text_is_shown_by_its_first_line() -> None:
    assert excerpt(b"\r\nHTTP/1.1 400 Bad Request\r\nServer: x\r\n") == "HTTP/1.1 400 Bad Request"


def test_bytes_that_are_no_text_are_counted_and_shown_in_hex() -> None:
    assert (
        excerpt(b"\x15\x03\x01\x00\x02\x02\x0a") == "7 bytes that begin with 15 03 01 00 02 02 0a"
    )
    assert excerpt(bytes(40)).endswith("00 00 …")


def test_an_escape_sequence_in_text_is_made_harmless() -> None:
    assert excerpt(b"hello and welcome \x1b[2J to this server") == (
        "hello and welcome \\x1b[2J to this server"
    )


@given(st.binary(max_size=500))
def test_whatever_comes_is_one_short_printable_line(data: bytes) -> None:
    line = excerpt(data)
    assert line.isprintable()
    assert 0 < len(line) <= 110

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import netbios
from probes.wire.netbios import MalformedSession, SessionReply, session_reply, session_request

POSITIVE = b"\x82\0\0\0"
KEEP_ALIVE = b"\x85\0\0\0"


def test_the_request_calls_the_name_every_file_server_answers_to() -> None:
    data = session_request()
    assert len(data) == 72
    assert data[:4].hex() == "81000044"
    assert data[4:38] == netbios.encode_name(b"*SMBSERVER", 0x20)


def test_a_positive_answer_is_read_and_what_follows_left_alone() -> None:
    assert session_reply(POSITIVE) == (SessionReply(), 4)
    assert session_reply(POSITIVE + b"more") == (SessionReply(), 4)


def test_keep_alives_before_the_answer_are_passed_over() -> None:
    assert session_reply(KEEP_ALIVE) is None
    assert session_reply(KEEP_ALIVE * 3 + POSITIVE) == (SessionReply(), 16)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        (0x80, "not listening on called name"),
        (0x81, "not listening for calling name"),
        (0x82, "called name not present"),
        (0x83, "insufficient resources"),
        (0x8F, "unspecified error"),
    ],
)
def test_a_refusal_says_why_in_the_words_of_the_rfc(code: int, words: str) -> None:
    found = session_reply(b"\x83\0\0\x01" + bytes([code]))
    assert found is not None
    assert words in found[0].refused
    assert f"0x{code:02x}" in found[0].refused


def test_a_retarget_names_where_to_call() -> None:
    found = session_reply(b"\x84\0\0\x06\xc0\0\x02\x07\x00\x8b")
    assert found == (SessionReply(retarget="192.0.2.7:139"), 10)


@pytest.mark.parametrize("whole", [POSITIVE, b"\x83\0\0\x01\x82", b"\x84\0\0\x06abcdef"])
def test_an_answer_cut_short_waits_for_more(whole: bytes) -> None:
    for size in range(len(whole)):
        assert session_reply(whole[:size]) is None


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP",
        b"\0\0\0\x04",
        b"\x82\0\0\x01",
        b"\x83\0\0\0",
        b"\x83\0\0\x01\0",
        b"\x83\0\0\x01\x99",
        b"\x84\0\0\x06" + bytes(6),
        b"\x84\0\0\x06\xc0\0\x02\x07\0\0",
    ],
)
def test_anything_else_is_malformed_at_once(data: bytes) -> None:
    with pytest.raises(MalformedSession):
        session_reply(data)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x82", b"\x83\0\0\x01", b"\x84\0\0\x06"]))
def test_garbage_is_malformed_or_incomplete_or_read(data: bytes, head: bytes) -> None:
    with contextlib.suppress(MalformedSession):
        found = session_reply(head + data)
        assert found is None or found[1] <= len(head + data)

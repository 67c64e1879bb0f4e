"""The first bytes of what answers a TLS handshake."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.unexpected import is_tls, name_non_tls


@pytest.mark.parametrize("start", [b"\x16", b"\x16\x03", b"\x16\x03\x03\x00\x7a", b"\x15\x03\x01"])
def test_records_of_a_server_are_tls_from_the_first_byte_on(start: bytes) -> None:
    assert is_tls(start)


@pytest.mark.parametrize("start", [b"H", b"SSH-", b"\x16\x02", b"\x17\x03\x03", b"\x00"])
def test_everything_else_is_not(start: bytes) -> None:
    assert not is_tls(start)


@given(st.binary(min_size=1, max_size=600))
def test_every_foreign_answer_gets_a_short_harmless_name(start: bytes) -> None:
    text = name_non_tls(start)
    assert text.isprintable()
    assert 0 < len(text) < 200

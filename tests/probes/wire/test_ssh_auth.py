from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.ssh import (
    MAX_NAME,
    MAX_NAMES,
    MAX_REASON,
    AuthFailure,
    AuthRequest,
    Malformed,
    auth_failure,
    auth_request,
    disconnect_reason,
)

METHODS = ("publickey", "password", "keyboard-interactive", "hostbased")


def string(raw: bytes) -> bytes:
    return len(raw).to_bytes(4, "big") + raw


@given(st.lists(st.sampled_from(METHODS), max_size=MAX_NAMES), st.booleans())
def test_a_failure_tells_the_methods_in_the_servers_order_and_if_it_is_partial(
    methods: list[str], partial: bool
) -> None:
    payload = string(",".join(methods).encode()) + bytes([partial])
    assert auth_failure(payload) == AuthFailure(tuple(methods), partial)


@pytest.mark.parametrize("payload", [b"", b"\0\0", string(b"password"), b"\0\0\0\x09password\0"])
def test_a_failure_that_is_cut_off_is_refused(payload: bytes) -> None:
    with pytest.raises(Malformed):
        auth_failure(payload)


@pytest.mark.parametrize(
    ("method", "rest", "signed"),
    [
        (b"publickey", b"\1" + string(b"ssh-ed25519"), True),
        (b"publickey", b"\0" + string(b"ssh-ed25519"), False),
        (b"password", b"\1" + string(b"old"), False),
        (b"none", b"", False),
    ],
)
def test_a_request_tells_its_method_and_whether_a_key_is_used(
    method: bytes, rest: bytes, signed: bool
) -> None:
    payload = string(b"audit") + string(b"ssh-connection") + string(method) + rest
    assert auth_request(payload) == AuthRequest(method.decode(), signed)


def test_a_disconnect_tells_its_reason_and_makes_it_harmless() -> None:
    payload = (2).to_bytes(4, "big") + string(b"\x1b[2JToo many " + b"x" * 5000) + string(b"en")
    assert disconnect_reason(payload).startswith("\\x1b[2JToo many xxx")
    assert len(disconnect_reason(payload)) <= MAX_REASON


@given(st.binary(max_size=400))
def test_any_bytes_are_such_messages_or_refused(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert len(auth_failure(data).methods) <= MAX_NAMES
    with contextlib.suppress(Malformed):
        assert len(auth_request(data).method) <= MAX_NAME
    with contextlib.suppress(Malformed):
        assert len(disconnect_reason(data)) <= MAX_REASON

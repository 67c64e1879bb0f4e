from __future__ import annotations

import contextlib
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.dcerpc import Malformed
from probes.wire.dcerpc_datagram import KINDS, kind_of

ACTIVITY = bytes(range(1, 17))


def datagram(
    kind: int = 5,
    body: bytes = b"",
    *,
    order: str = "<",
    version: int = 4,
    drep: bytes | None = None,
    activity: bytes = ACTIVITY,
    size: int | None = None,
    authentication: int = 0,
) -> bytes:
    form = drep or (b"\x10\0\0" if order == "<" else b"\0\0\0")
    head = bytes([version, kind, 8, 0]) + form + bytes([0]) + bytes(32) + activity
    length = len(body) if size is None else size
    head += struct.pack(
        order + "IIIHHHHHBB", 7, 3, 0, 0, 0xFFFF, 0xFFFF, length, 0, authentication, 0
    )
    return head + body


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("body", [b"", b"\x03\0\1\x1c"])
def test_the_kinds_that_servers_send_are_named(kind: int, order: str, body: bytes) -> None:
    data = datagram(kind, body, order=order)
    assert len(data) == 80 + len(body)
    assert kind_of(data) == KINDS[kind]


def test_a_verifier_may_follow_where_the_head_says_so() -> None:
    assert kind_of(datagram(2, bytes(24), size=8, authentication=10)) == "response"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"whatever",
        bytes(80),
        datagram()[:79],
        datagram(version=5),
        datagram(kind=0),
        datagram(kind=1),
        datagram(kind=7),
        datagram(kind=8),
        datagram(kind=31),
        datagram(drep=b"\x30\0\0"),
        datagram(drep=b"\x10\4\0"),
        datagram(drep=b"\x10\0\1"),
        datagram(activity=bytes(16)),
        datagram(size=4),
        datagram(body=bytes(4), size=0),
        b"\x05\0\x0c\x03\x10\0\0\0" + bytes(72),
        b"\x04" + bytes(79),
        b"HTTP/1.1 400 Bad Request\r\n" * 4,
    ],
)
def test_anything_else_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        kind_of(data)


@given(st.binary(max_size=200), st.sampled_from([b"", b"\x04\x02", datagram()[:60]]))
def test_garbage_is_malformed_or_read(data: bytes, head: bytes) -> None:
    with contextlib.suppress(Malformed):
        assert kind_of(head + data) in KINDS.values()

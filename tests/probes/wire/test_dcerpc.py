from __future__ import annotations

import contextlib
import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import dcerpc
from probes.wire.dcerpc import Interface, Malformed

SVCCTL = Interface(UUID("367abb81-9844-35f1-ad32-98f038001003"), 2)
ORDERS = st.sampled_from(["<", ">"])


def fragment(
    kind: int, body: bytes, *, order: str = "<", call: int = 1, flags: int = 3, auth: bytes = b""
) -> bytes:
    drep = b"\x10\0\0\0" if order == "<" else bytes(4)
    trailer = bytes(8) + auth if auth else b""
    size = 16 + len(body) + len(trailer)
    head = bytes([5, 0, kind, flags]) + drep + struct.pack(order + "HHI", size, len(auth), call)
    return head + body + trailer


def ack(result: int, *, order: str = "<", port: bytes = b"135\0") -> bytes:
    body = struct.pack(order + "HHIH", 4280, 4280, 7, len(port)) + port
    body += bytes(-len(body) % 4) + struct.pack(order + "B3xHH", 1, result, 0) + bytes(20)
    return fragment(dcerpc.BIND_ACK, body, order=order)


def read(data: bytes) -> dcerpc.Pdu:
    found = dcerpc.pdu(data)
    assert found is not None
    assert found[1] == len(data)
    return found[0]


def test_a_bind_is_the_one_of_the_standard() -> None:
    data = dcerpc.bind(7, SVCCTL)
    assert len(data) == struct.unpack_from("<H", data, 8)[0] == 72
    assert data[:8].hex() == "05000b0310000000"
    assert data[32:48] == SVCCTL.uuid.bytes_le
    assert data[52:68] == dcerpc.NDR.uuid.bytes_le


def test_a_request_names_the_operation_and_carries_its_arguments() -> None:
    data = dcerpc.request(2, 15, b"stub")
    assert struct.unpack_from("<H", data, 8)[0] == len(data)
    assert struct.unpack_from("<IHH", data, 16) == (4, 0, 15)
    assert data.endswith(b"stub")


@given(ORDERS, st.integers(0, 2**32 - 1), st.binary(max_size=50), st.binary(max_size=20))
def test_what_is_sent_in_either_byte_order_is_read(
    order: str, call: int, body: bytes, auth: bytes
) -> None:
    pdu = read(fragment(dcerpc.RESPONSE, body, order=order, call=call, auth=auth))
    assert (pdu.order, pdu.call, pdu.body, pdu.flags) == (order, call, body, 3)


@given(st.integers(0, 59))
def test_a_fragment_cut_short_waits_for_more(size: int) -> None:
    assert dcerpc.pdu(ack(0)[:size]) is None


def test_what_follows_a_fragment_is_left_alone() -> None:
    first, second = ack(0), fragment(dcerpc.FAULT, bytes(16))
    found = dcerpc.pdu(first + second)
    assert found is not None
    assert found[1] == len(first)


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 400 Bad Request",
        b"\x05\x02" + bytes(14),
        bytes([5, 0, dcerpc.BIND, 3]) + bytes(12),
        b"\x05\0\x02\x03\x10\0\0\0" + struct.pack("<HHI", 15, 0, 1),
        b"\x05\0\x02\x03\x10\0\0\0" + struct.pack("<HHI", 40, 40, 1),
    ],
)
def test_what_is_no_answer_of_a_server_is_malformed_at_once(data: bytes) -> None:
    with pytest.raises(Malformed):
        dcerpc.pdu(data)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("port", [b"", b"135\0", b"49153\0", b"\\PIPE\\epmapper\0"])
def test_acceptance_is_read_behind_a_secondary_address_of_any_length(
    order: str, port: bytes
) -> None:
    assert dcerpc.is_accepted(read(ack(0, order=order, port=port)))
    assert not dcerpc.is_accepted(read(ack(2, order=order, port=port)))


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_status_of_a_fault_is_read(order: str) -> None:
    body = struct.pack(order + "IHBBI", 0, 0, 0, 0, dcerpc.ACCESS_DENIED) + bytes(4)
    assert dcerpc.fault_status(read(fragment(dcerpc.FAULT, body, order=order))) == 5


@given(st.integers(0, 43))
def test_a_bind_ack_with_a_short_body_is_malformed_or_read(size: int) -> None:
    body = read(ack(0)).body[:size]
    with contextlib.suppress(Malformed):
        dcerpc.is_accepted(dcerpc.Pdu(dcerpc.BIND_ACK, 3, "<", 1, body))


@given(st.binary(max_size=200))
def test_garbage_is_malformed_or_incomplete_or_read(data: bytes) -> None:
    for whole in (data, b"\x05\0\x02\x03\x10\0\0\0" + data, b"\x05\0\x0c\x03" + data):
        with contextlib.suppress(Malformed):
            found = dcerpc.pdu(whole)
            if found is not None:
                assert 16 <= found[1] <= len(whole)
                for reader in (dcerpc.is_accepted, dcerpc.fault_status, dcerpc.stub):
                    with contextlib.suppress(Malformed):
                        reader(found[0])

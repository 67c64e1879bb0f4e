from __future__ import annotations

import contextlib
import struct
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import dcerpc
from probes.wire.dcerpc import BindAnswer, Interface, Malformed

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


def ack(
    result: int = 0,
    reason: int = 0,
    *,
    order: str = "<",
    port: bytes = b"135\0",
    most: int = 4280,
    count: int = 1,
    syntax: bytes | None = None,
) -> bytes:
    body = struct.pack(order + "HHIH", most, most, 7, len(port)) + port
    body += bytes(-len(body) % 4) + struct.pack(order + "B3xHH", count, result, reason)
    uuid = dcerpc.NDR.uuid.bytes_le if order == "<" else dcerpc.NDR.uuid.bytes
    body += uuid + struct.pack(order + "I", dcerpc.NDR.major) if syntax is None else syntax
    return fragment(dcerpc.BIND_ACK, body, order=order)


def nak(reason: int, versions: bytes = b"\x01\x05\0", *, order: str = "<") -> bytes:
    return fragment(dcerpc.BIND_NAK, struct.pack(order + "H", reason) + versions, order=order)


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
@pytest.mark.parametrize("port", [b"", b"135\0", b"135", b"49153\0", b"\\PIPE\\epmapper\0"])
def test_acceptance_is_read_behind_a_secondary_address_of_any_length(
    order: str, port: bytes
) -> None:
    assert dcerpc.bind_answer(read(ack(order=order, port=port))) == BindAnswer()
    refused = dcerpc.bind_answer(read(ack(2, 1, order=order, port=port)))
    assert refused.no_interface
    assert refused.refusal


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (ack(1), "no reason"),
        (ack(2, 2), "transfer syntax"),
        (ack(2, 3), "local limit"),
        (nak(1), "congestion"),
        (nak(4, b"\x02\x04\0\x05\0"), "protocol version"),
        (nak(8, b"\x01\x05\0" + bytes(16)), "authentication type"),
        (nak(2, b""), "local limit"),
        (nak(0, bytes(3)), "no reason"),
        (fragment(dcerpc.FAULT, bytes(8) + struct.pack("<I", 5) + bytes(4)), "without a login"),
        (fragment(dcerpc.FAULT, bytes(8) + struct.pack("<I", 0x1C01000B) + bytes(4)), "0x1c01000b"),
    ],
)
def test_a_refusal_of_a_bind_says_why(data: bytes, words: str) -> None:
    refused = dcerpc.bind_answer(read(data))
    assert words in refused.refusal
    assert not refused.no_interface


BODY = ack()[16:]
ZEROS = {
    f"{name} of {size} zeros": fragment(kind, bytes(size))
    for name, kind in (("ack", dcerpc.BIND_ACK), ("nak", dcerpc.BIND_NAK), ("fault", dcerpc.FAULT))
    for size in (8, 16, 44, 200)
}


@pytest.mark.parametrize(
    "data",
    [
        *ZEROS.values(),
        fragment(dcerpc.BIND_ACK, b""),
        fragment(dcerpc.BIND_NAK, b""),
        fragment(dcerpc.RESPONSE, bytes(24)),
        fragment(15, BODY),
        fragment(dcerpc.BIND_ACK, BODY, flags=0),
        fragment(dcerpc.BIND_ACK, BODY, flags=dcerpc.FIRST),
        fragment(dcerpc.BIND_ACK, BODY[:-1]),
        fragment(dcerpc.BIND_ACK, BODY + bytes(4)),
        ack(most=0),
        ack(most=1431),
        ack(count=0),
        ack(count=2),
        ack(3),
        ack(2, 4),
        ack(syntax=bytes(20)),
        ack(syntax=b"\xff" * 20),
        ack(port=b"\x1b[2J\0"),
        ack(port=b"\xff\xfe\0"),
        nak(10),
        nak(0xFFFF),
        nak(4, b"\x01\x04\0"),
        nak(4, b"\x09\x05\0"),
        nak(0, b"\0HTTP"),
    ],
)
def test_what_is_no_answer_to_a_bind_is_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        dcerpc.bind_answer(read(data))


@pytest.mark.parametrize("drep", [b"\x20\0\0\0", b"\x12\0\0\0", b"\x10\x04\0\0", b"\x10\0\0\1"])
def test_a_data_representation_that_does_not_exist_is_malformed(drep: bytes) -> None:
    with pytest.raises(Malformed):
        dcerpc.pdu(ack()[:4] + drep + ack()[8:])


@pytest.mark.parametrize("order", ["<", ">"])
def test_the_status_of_a_fault_is_read(order: str) -> None:
    body = struct.pack(order + "IHBBI", 0, 0, 0, 0, dcerpc.ACCESS_DENIED) + bytes(4)
    assert dcerpc.fault_status(read(fragment(dcerpc.FAULT, body, order=order))) == 5


@given(st.integers(0, 43))
def test_a_bind_ack_with_a_short_body_is_malformed(size: int) -> None:
    body = read(ack()).body[:size]
    with pytest.raises(Malformed):
        dcerpc.bind_answer(dcerpc.Pdu(dcerpc.BIND_ACK, 3, "<", 1, body))


@given(st.sampled_from([dcerpc.BIND_ACK, dcerpc.BIND_NAK, dcerpc.FAULT]), st.binary(max_size=80))
def test_an_answer_to_a_bind_of_any_bytes_is_never_an_acceptance(kind: int, body: bytes) -> None:
    with contextlib.suppress(Malformed):
        answer = dcerpc.bind_answer(dcerpc.Pdu(kind, 3, "<", 1, body))
        assert answer.refusal
        assert answer.refusal.isprintable()


@given(st.integers(0, 59), st.integers(0, 255))
def test_a_changed_byte_of_a_bind_ack_never_breaks_the_reader(at: int, byte: int) -> None:
    data = bytearray(ack())
    data[at] = byte
    with contextlib.suppress(Malformed):
        found = dcerpc.pdu(bytes(data))
        if found is not None:
            dcerpc.bind_answer(found[0])


@given(st.binary(max_size=200))
def test_garbage_is_malformed_or_incomplete_or_read(data: bytes) -> None:
    for whole in (data, b"\x05\0\x02\x03\x10\0\0\0" + data, b"\x05\0\x0c\x03" + data):
        with contextlib.suppress(Malformed):
            found = dcerpc.pdu(whole)
            if found is not None:
                assert 16 <= found[1] <= len(whole)
                for reader in (dcerpc.bind_answer, dcerpc.fault_status, dcerpc.stub):
                    with contextlib.suppress(Malformed):
                        reader(found[0])

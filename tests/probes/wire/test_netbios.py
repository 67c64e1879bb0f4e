from __future__ import annotations

import contextlib
import ipaddress
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire import netbios

ID = 0x1234


def answer(names: list[tuple[bytes, int, int]], mac: bytes, *, name: bytes = b"") -> bytes:
    table = b"".join(
        struct.pack(">15sBH", text.ljust(15), kind, bits) for text, kind, bits in names
    )
    rdata = bytes([len(names)]) + table + mac + bytes(40)
    head = struct.pack(">6H", ID, 0x8400, 0, 1, 0, 0)
    record = struct.pack(">HHIH", netbios.NBSTAT, netbios.INTERNET, 0, len(rdata))
    return head + (name or netbios.WILDCARD) + record + rdata


GOOD = answer(
    [(b"FILESRV", 0x00, 0x0400), (b"WORKGROUP", 0x00, 0x8400), (b"FILESRV", 0x20, 0x0400)],
    bytes.fromhex("001122334455"),
)


def test_the_request_is_the_one_of_the_rfc() -> None:
    request = netbios.node_status_request(ID)
    assert request[:12].hex() == "123400000001000000000000"
    assert request[12:46] == b"\x20CK" + b"A" * 30 + b"\0"
    assert request[46:] == b"\x00\x21\x00\x01"


def test_names_workgroup_and_mac_are_read() -> None:
    status = netbios.node_status(GOOD, ID)
    assert (status.computer, status.workgroup) == ("FILESRV", "WORKGROUP")
    assert status.mac == "00:11:22:33:44:55"
    assert [name.suffix for name in status.names] == [0x00, 0x00, 0x20]
    assert [name.group for name in status.names] == [False, True, False]


def test_a_mac_of_zeros_is_no_mac() -> None:
    assert netbios.node_status(answer([], bytes(6)), ID).mac == ""


def test_a_name_may_be_a_pointer() -> None:
    status = netbios.node_status(answer([(b"X", 0, 0)], bytes(6), name=b"\xc0\x0c"), ID)
    assert status.computer == "X"


def test_an_escape_sequence_in_a_name_is_made_harmless() -> None:
    status = netbios.node_status(answer([(b"\x1b[2J", 0, 0)], bytes(6)), ID)
    assert "\x1b" not in status.computer


@pytest.mark.parametrize("size", range(len(GOOD) - 46))
def test_an_answer_cut_short_is_malformed(size: int) -> None:
    with pytest.raises(netbios.Malformed):
        netbios.node_status(GOOD[:size], ID)


def test_the_answer_to_another_question_is_malformed() -> None:
    with pytest.raises(netbios.Malformed, match="another question"):
        netbios.node_status(GOOD, ID + 1)


def test_our_own_request_is_not_an_answer() -> None:
    with pytest.raises(netbios.Malformed):
        netbios.node_status(netbios.node_status_request(ID), ID)


@given(st.binary(max_size=300))
def test_garbage_is_malformed_or_read(data: bytes) -> None:
    with contextlib.suppress(netbios.Malformed):
        netbios.node_status(ID.to_bytes(2, "big") + data, ID)


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_a_changed_byte_never_breaks_the_reader(at: int, byte: int) -> None:
    data = bytearray(GOOD)
    data[at] = byte
    try:
        status = netbios.node_status(bytes(data), ID)
    except netbios.Malformed:
        return
    assert len(status.names) <= 255


@given(st.binary(max_size=15), st.integers(0, 255))
def test_a_name_encodes_to_34_bytes_of_letters(name: bytes, suffix: int) -> None:
    encoded = netbios.encode_name(name, suffix)
    assert len(encoded) == 34
    assert all(0x41 <= byte <= 0x50 for byte in encoded[1:33])


def test_a_name_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="15 bytes"):
        netbios.encode_name(b"x" * 16, 0)


def test_a_datagram_query_carries_a_name_and_no_user_data() -> None:
    datagram = netbios.datagram_query(ID, "192.0.2.9", 138)
    assert datagram[:10].hex() == "14021234c0000209008a"
    assert datagram[10:] == netbios.encode_name(b"*SMBSERVER", 0x20)


HOST, OTHER = "192.0.2.7", "192.0.2.8"
SERVER = netbios.encode_name(b"*SMBSERVER", 0x20)


def reply(
    kind: int, rest: bytes, *, id: int = ID, flags: int = 2, source: str = HOST, port: int = 138
) -> bytes:
    address = ipaddress.IPv4Address(source).packed
    return struct.pack(">BBH4sH", kind, flags, id, address, port) + rest


def direct(kind: int = 0x10, data: bytes = b"data", **head: int | str) -> bytes:
    names = netbios.encode_name(b"PC", 0x20) + netbios.encode_name(b"LAB", 0x1D)
    rest = names + data
    return reply(kind, struct.pack(">HH", len(rest), 0) + rest, **head)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (reply(0x15, SERVER), "knows the name"),
        (reply(0x16, SERVER, source=OTHER), "does not know the name"),
        (reply(0x13, b"\x82"), "destination name not present (0x82)"),
        (reply(0x13, b"\x83"), "invalid source name format (0x83)"),
        (reply(0x13, b"\x84"), "invalid destination name format (0x84)"),
        (direct(0x10), "sends datagrams"),
        (direct(0x11, id=1), "sends datagrams"),
        (direct(0x12, b""), "sends datagrams"),
    ],
)
def test_an_answer_of_the_datagram_service_is_read(data: bytes, words: str) -> None:
    assert words in netbios.datagram_reply(data, ID, HOST)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"whatever it is, longer than a head",
        bytes(44),
        netbios.datagram_query(ID, HOST, 138),
        reply(0x15, SERVER, id=ID + 1),
        reply(0x15, SERVER, flags=0x12),
        reply(0x15, SERVER[:-1]),
        reply(0x15, SERVER + b"more"),
        reply(0x15, netbios.encode_name(b"OTHER", 0x20)),
        reply(0x16, b""),
        reply(0x13, b""),
        reply(0x13, b"\0"),
        reply(0x13, b"\x82", id=ID + 1),
        reply(0x17, SERVER),
        reply(0x0F, SERVER),
        direct(source=OTHER),
        direct()[:-1],
        direct() + b"x",
        reply(0x10, bytes(72)),
        GOOD,
    ],
)
def test_what_the_datagram_service_would_not_say_is_malformed(data: bytes) -> None:
    with pytest.raises(netbios.Malformed):
        netbios.datagram_reply(data, ID, HOST)


@pytest.mark.parametrize("address", ["::ffff:192.0.2.7", HOST])
def test_a_datagram_of_the_host_is_known_by_its_address(address: str) -> None:
    assert netbios.datagram_reply(direct(), ID, address)
    for other in ("2001:db8::7", "fe80::7%eth0", OTHER):
        with pytest.raises(netbios.Malformed):
            netbios.datagram_reply(direct(), ID, other)


@given(st.binary(max_size=120), st.sampled_from([b"", reply(0x15, b""), direct()[:14]]))
def test_a_garbled_datagram_is_malformed_or_read(data: bytes, head: bytes) -> None:
    with contextlib.suppress(netbios.Malformed):
        assert netbios.datagram_reply(head + data, ID, HOST).isprintable()

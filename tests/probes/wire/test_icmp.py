"""ICMP packets: what we send, and what anyone may send us."""

import ipaddress
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icmplib.sockets import ICMPv4Socket

from probes.wire.icmp import (
    EchoError,
    EchoReply,
    QuotedRequest,
    checksum,
    echo_request,
    parse,
    parse_quoted,
)

U16 = st.integers(0, 0xFFFF)
VERSION = st.sampled_from([4, 6])


def ip_header(version, destination, options=b"", protocol=None, fragment=0):
    packed = ipaddress.ip_address(destination).packed
    if version == 6:
        return bytes([0x60, 0, 0, 0, 0, 0, protocol or 58, 64]) + bytes(16) + packed
    first = 0x40 | (5 + len(options) // 4)
    head = bytes([first, 0, 0, 0, 0, 0]) + fragment.to_bytes(2, "big")
    return head + bytes([64, protocol or 1, 0, 0]) + bytes(4) + packed + options


@given(U16, U16, st.binary(max_size=64))
def test_a_request_is_the_packet_icmplib_would_send(identifier, sequence, payload):
    # Its sockets cannot be made without opening one; its packets can.
    peer = SimpleNamespace(
        _ICMP_ECHO_REQUEST=ICMPv4Socket._ICMP_ECHO_REQUEST,
        _checksum=lambda data: ICMPv4Socket._checksum(None, data),
    )
    theirs = ICMPv4Socket._create_packet(peer, identifier, sequence, payload)
    assert echo_request(4, identifier, sequence, payload) == theirs


def test_the_checksum_is_the_one_of_rfc_1071():
    assert checksum(bytes.fromhex("0001f203f4f5f6f7")) == 0x220D
    assert checksum(b"") == 0xFFFF


def test_a_request_is_byte_for_byte_what_ping_sends():
    assert echo_request(4, 0x1234, 1, b"ab") == bytes.fromhex("0800846812340001") + b"ab"
    assert echo_request(6, 0x1234, 1, b"ab") == bytes.fromhex("8000000012340001") + b"ab"


@given(U16, U16, st.binary(max_size=100))
def test_a_request_carries_a_checksum_that_sums_to_zero(identifier, sequence, payload):
    assert checksum(echo_request(4, identifier, sequence, payload)) == 0


@given(VERSION, U16, U16, st.binary(max_size=64))
def test_a_reply_is_read_back_as_it_was_asked(version, identifier, sequence, payload):
    reply = (
        bytes([0 if version == 4 else 129])
        + echo_request(version, identifier, sequence, payload)[1:]
    )
    assert parse(version, reply) == EchoReply(identifier, sequence, payload)


@pytest.mark.parametrize("options", [b"", b"\1" * 4, b"\1" * 40])
def test_an_ip_header_in_front_is_skipped_whatever_its_length(options):
    reply = b"\0" + echo_request(4, 7, 8, b"nonce")[1:]
    assert parse(4, ip_header(4, "10.0.0.1", options) + reply) == EchoReply(7, 8, b"nonce")


@pytest.mark.parametrize(
    ("version", "kind", "code", "destination"),
    [
        (4, 3, 1, "10.1.2.3"),
        (4, 3, 13, "10.1.2.3"),
        (4, 11, 0, "192.0.2.1"),
        (6, 1, 4, "2001:db8::1"),
        (6, 3, 0, "fe80::1"),
    ],
)
@pytest.mark.parametrize("quoted", [8, 24])
def test_an_error_names_the_request_it_is_about(version, kind, code, destination, quoted):
    request = echo_request(version, 5, 6, b"0123456789abcdef")[:quoted]
    packet = bytes([kind, code]) + bytes(6) + ip_header(version, destination) + request
    assert parse(version, packet) == EchoError(
        kind, code, destination, QuotedRequest(5, 6, request[8:])
    )


@pytest.mark.parametrize(
    "inner",
    [
        ip_header(4, "10.0.0.1", protocol=17) + echo_request(4, 1, 1, b""),
        ip_header(4, "10.0.0.1", fragment=100) + echo_request(4, 1, 1, b""),
        ip_header(4, "10.0.0.1") + b"\0" + echo_request(4, 1, 1, b"")[1:],
        ip_header(4, "10.0.0.1")[:19],
        ip_header(4, "10.0.0.1") + b"\x08\0\0\0\0\0\0",
        b"\x41" + ip_header(4, "10.0.0.1")[1:] + echo_request(4, 1, 1, b""),
    ],
)
def test_an_error_about_something_else_is_not_ours(inner):
    assert parse(4, bytes([3, 3]) + bytes(6) + inner) is None


@pytest.mark.parametrize("version", [4, 6])
def test_requests_and_other_types_are_not_replies(version):
    request = echo_request(version, 1, 2, b"x")
    assert parse(version, request) is None
    assert parse(version, b"\x05" + request[1:]) is None
    assert parse_quoted(version, request) == QuotedRequest(1, 2, b"x")


@given(VERSION, st.binary(max_size=200))
def test_no_bytes_whatever_make_it_fail(version, data):
    parse(version, data)
    parse_quoted(version, data)


@given(VERSION, st.binary(max_size=120), st.sampled_from([0, 1, 3, 11, 129]))
def test_no_quoted_bytes_whatever_make_it_fail(version, data, kind):
    parse(version, bytes([kind, 0]) + bytes(6) + data)
    parse(
        version,
        bytes([kind, 0])
        + bytes(6)
        + ip_header(version, "::1" if version == 6 else "127.0.0.1")
        + data,
    )

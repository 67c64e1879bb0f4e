"""Numeric addresses: what is one, and when two are the same."""

import socket

import pytest

from probes.vantage.local.receive import canonical_address, socket_address, source_towards


@pytest.mark.parametrize(
    ("address", "family", "where"),
    [
        ("10.0.0.1", socket.AF_INET, ("10.0.0.1", 53)),
        ("::ffff:10.0.0.1", socket.AF_INET, ("10.0.0.1", 53)),
        ("::FFFF:a00:1", socket.AF_INET, ("10.0.0.1", 53)),
        ("2001:DB8:0::1", socket.AF_INET6, ("2001:db8::1", 53, 0, 0)),
        ("fe80::1%lo", socket.AF_INET6, ("fe80::1", 53, 0, socket.if_nametoindex("lo"))),
    ],
)
def test_an_address_becomes_what_the_socket_calls_take(address, family, where):
    assert socket_address(address, 53) == (family, where)


@pytest.mark.parametrize(
    "address", ["", "1", "10.1", "010.0.0.1", "10.0.0.256", "localhost", "::g", "[::1]", "1\0", "é"]
)
def test_what_only_resembles_an_address_is_refused_with_a_sentence(address):
    with pytest.raises(ValueError, match="is not an address this machine can use"):
        socket_address(address, 53)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("fe80::1%eth0", "fe80::1"),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("2001:DB8:0:0::1", "2001:db8::1"),
    ],
)
def test_two_writings_of_one_address_are_the_same(one, other):
    assert canonical_address(one) == canonical_address(other)


def test_addresses_of_different_hosts_stay_different():
    assert canonical_address("10.0.0.1") != canonical_address("10.0.0.2")
    assert canonical_address("not an address") == "not an address"


def test_the_source_towards_loopback_is_loopback_and_nowhere_is_none():
    assert source_towards(*socket_address("127.0.0.1", 0)) == "127.0.0.1"
    assert source_towards(socket.AF_INET, ("255.255.255.255", 9)) is None

from __future__ import annotations

import ipaddress

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from probes.wire.address import is_ipv4, unusable_address


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("0.0.0.0", "the address of no host"),
        ("::", "the address of no host"),
        ("::ffff:0.0.0.0", "the address of no host"),
        ("::%eth0", "the address of no host"),
        ("224.0.0.1", "a multicast group"),
        ("239.255.255.255", "a multicast group"),
        ("ff02::1", "a multicast group"),
        ("ff02::1%eth0", "a multicast group"),
        ("::ffff:224.0.0.251", "a multicast group"),
        ("255.255.255.255", "the broadcast address"),
        ("fe80::1", "as in fe80::1%eth0"),
        ("febf::1", "as in febf::1%eth0"),
    ],
)
def test_an_address_of_no_single_host_is_told_why(address: str, said: str) -> None:
    assert said in unusable_address(address)


@pytest.mark.parametrize(
    "address",
    [
        *("10.0.0.1", "127.0.0.1", "169.254.1.1", "240.0.0.1", "255.255.255.254", "0.0.0.1"),
        *("::1", "2001:db8::1", "fe80::1%eth0", "fe80::1%7", "fec0::1", "::ffff:10.0.0.1"),
        *("server1", "", "10.1", "0.0.0", "%eth0"),
    ],
)
def test_an_address_a_host_may_have_and_what_is_none_pass(address: str) -> None:
    assert not unusable_address(address)


@example(ipaddress.ip_address("::ffff:224.0.0.0"))
@given(st.ip_addresses())
def test_only_what_python_calls_special_is_refused(
    address: ipaddress.IPv4Address | ipaddress.IPv6Address,
) -> None:
    mapped = address.ipv4_mapped if address.version == 6 else None
    one = mapped or address
    if unusable_address(str(address)):
        assert not one.is_global or one.is_multicast


@given(st.text(max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    assert isinstance(unusable_address(text), str)


@pytest.mark.parametrize(
    ("address", "is_so"),
    [
        *((one, True) for one in ("10.0.0.1", "::ffff:10.0.0.1", "::ffff:a00:1", "127.0.0.1")),
        *((one, False) for one in ("::1", "fe80::1%eth0", "2001:db8::1", "::10.0.0.1", "")),
        *((one, False) for one in ("64:ff9b::10.0.0.1", "::ffff:0:10.0.0.1", "pc1", "10.0.0")),
    ],
)
def test_packets_for_an_address_go_over_ipv4_where_it_is_one_or_holds_one(
    address: str, is_so: bool
) -> None:
    assert is_ipv4(address) is is_so

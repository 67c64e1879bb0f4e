"""One HOST: every form that is understood, and a sentence for every form that is not."""

import ipaddress
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.model import Target
from probes.targets.host import (
    AddressRange,
    DomainName,
    HostName,
    InvalidEntry,
    parse_host,
    redacted,
)


def labels(typed):
    """The targets one HOST means, as they are shown."""
    what, port = parse_host(typed)
    hosts = list(what.addresses()) if isinstance(what, AddressRange) else [what.text]
    return [Target("role", host, port).label for host in hosts]


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("dc1", ["dc1"]),
        ("DC1.Corp.Example.", ["DC1.Corp.Example"]),
        ("my_host-1", ["my_host-1"]),
        ("bücher.example", ["xn--bcher-kva.example"]),
        ("web1-20", ["web1-20"]),
        ("1.2.3.4-static.isp.example", ["1.2.3.4-static.isp.example"]),
        ("3com", ["3com"]),
        ("domain", ["domain"]),
        ("domain:22", ["domain:22"]),
        ("10.0.0.1", ["10.0.0.1"]),
        ("10.0.0.1.", ["10.0.0.1"]),
        ("2001:DB8:0:0::1", ["2001:db8::1"]),
        ("[2001:db8::1]", ["2001:db8::1"]),
        ("fe80::1%eth0.100", ["fe80::1%eth0.100"]),
        ("[fe80::1%br-lan]", ["fe80::1%br-lan"]),
        ("::ffff:10.0.0.1", ["::ffff:10.0.0.1"]),
        ("::ffff:a00:1", ["::ffff:10.0.0.1"]),
        ("host:2222", ["host:2222"]),
        ("10.0.0.1:2222", ["10.0.0.1:2222"]),
        ("[2001:db8::1]:2222", ["[2001:db8::1]:2222"]),
        ("[10.0.0.1]:2222", ["10.0.0.1:2222"]),
        ("[10.0.0.1]", ["10.0.0.1"]),
        ("[web1]:2222", ["web1:2222"]),
        ("10.0.0.9/30", ["10.0.0.9", "10.0.0.10"]),
        ("10.0.0.9/31", ["10.0.0.8", "10.0.0.9"]),
        ("10.0.0.9/32", ["10.0.0.9"]),
        ("10.0.0.9/255.255.255.252", ["10.0.0.9", "10.0.0.10"]),
        ("10.0.0.9/30:2222", ["10.0.0.9:2222", "10.0.0.10:2222"]),
        ("2001:db8::2/127", ["2001:db8::2", "2001:db8::3"]),
        ("[2001:db8::2/127]:9", ["[2001:db8::2]:9", "[2001:db8::3]:9"]),
        ("[2001:db8::2]/127:9", ["[2001:db8::2]:9", "[2001:db8::3]:9"]),
        ("10.0.0.254-10.0.1.1", ["10.0.0.254", "10.0.0.255", "10.0.1.0", "10.0.1.1"]),
        ("10.0.0.1-2", ["10.0.0.1", "10.0.0.2"]),
        ("10.0.0.1-2:2222", ["10.0.0.1:2222", "10.0.0.2:2222"]),
        ("10.0.0.1-10.0.0.1", ["10.0.0.1"]),
        ("10.0.0.1–2", ["10.0.0.1", "10.0.0.2"]),
        ("2001:db8::f-2001:db8::10", ["2001:db8::f", "2001:db8::10"]),
        ("[2001:db8::f]-[2001:db8::10]:9", ["[2001:db8::f]:9", "[2001:db8::10]:9"]),
        ("fe80::1%br-lan-fe80::2", ["fe80::1%br-lan", "fe80::2%br-lan"]),
    ],
)
def test_every_form_of_a_host_is_understood(typed, meant):
    assert labels(typed) == meant


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("10.0.0.300", "from 0 to 255"),
        ("10.0.0.0001", "leading zeros"),
        ("010.0.0.1", "leading zeros"),
        ("10.0.1", "four numbers"),
        ("10.0.0.0.1", "four numbers"),
        ("0x7f000001", "read as an address"),
        ("host.123", "read as an address"),
        ("１２７.０.０.１", "read as an address"),
        ("10.0.0.0/33", "number from 0 to 32"),
        ("10.0.0.0/", "number from 0 to 32"),
        ("10.0.0.0/x", "number from 0 to 32"),
        ("2001:db8::/129", "number from 0 to 128"),
        ("10.0.0.0/255.0.255.0", "gaps"),
        ("10.0.0.20-10.0.0.1", "ends before it begins"),
        ("10.0.0.20-1", "ends before it begins"),
        ("10.0.0.1-2001:db8::1", "within IPv4 or within IPv6"),
        ("2001:db8::1-10.0.0.1", "within IPv4 or within IPv6"),
        ("2001:db8::1-20", "written in full"),
        ("fe80::1%a-fe80::2%b", "different scopes"),
        ("10.0.0.1-1O", "ends in an address or a number"),
        ("10.0.0.0/24-10.0.1.0/24", "a slash follows only an address"),
        ("2001:db8::1::2", "no IPv6 address"),
        ("[web1]", "IPv6 address only"),
        ("[web1]:x", "IPv6 address only"),
        ("[10.0.0.1]-[10.0.0.2]:22", "IPv6 address only"),
        ("[2001:db8::1", "IPv6 address only"),
        ("00:11:22:33:44:55", "MAC address"),
        ("0.0.0.0", "no single host"),
        ("::", "no single host"),
        ("224.0.0.1", "no single host"),
        ("255.255.255.255", "no single host"),
        ("::ffff:0.0.0.0", "no single host"),
        ("a:0", "from 1 to 65535"),
        ("a:65536", "from 1 to 65535"),
        ("a:" + "9" * 100, "from 1 to 65535"),
        ("a:", "a port is expected"),
        ("*.example.com", "wildcard"),
        ("10.0.0.?", "wildcard"),
        ("https://x.example/", "write the host name only, here x.example"),
        ("srv/share", "a slash follows only an address"),
        ("\\\\srv\\share", "backslash"),
        ("root@srv", "write the host only, here srv"),
        ("-", "letters, digits"),
        ("-a", "letters, digits"),
        ("a..b", "letters, digits"),
        ("a_b.c$", "letters, digits"),
        ("a" * 64, "at most 63"),
        (".".join(["a" * 60] * 5), "at most 253"),
        ("a." * 200 + "a", "too many"),
        ("straße.example", "xn-- form"),
        ("ü" * 70, "cannot be written in DNS"),
        ("℀.example", "a symbol"),
        ("┌──────┬───────┐", "a symbol"),
        ("→", "a symbol"),
        ("☃.example", "a symbol"),
        ("│web1│", "a symbol"),
        ("domain:", "followed by a DNS name"),
        ("domain:10.0.0.0/8", "followed by a DNS name"),
    ],
)
def test_every_mistake_has_its_own_sentence(typed, sentence):
    with pytest.raises(InvalidEntry, match=re.escape(sentence)):
        parse_host(typed)


def test_a_domain_is_told_from_a_host_called_domain():
    assert parse_host("domain:corp.example") == (DomainName("corp.example"), None)
    assert parse_host("Domain:corp.example:389") == (DomainName("corp.example"), 389)
    assert parse_host("domain:389") == (HostName("domain"), 389)


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("user:secret", "user:…"),
        ("user:secret@srv", "…@srv"),
        ("user:secret@http://srv", "…@http://srv"),
        ("https://user:secret@srv/x", "https://…@srv/x"),
        ("https://srv:secret/x", "https://srv:…"),
        ("user@srv", "…@srv"),
        ("ada:fade", "ada:…"),
        ("https://srv/?key=1", "https://srv/…"),
        ("https://srv/", "https://srv/"),
        ("srv:0", "srv:0"),
        ("2001:db8::1::2", "2001:db8::1::2"),
        ("domain:a b", "domain:a b"),
        ("10.0.0.300", "10.0.0.300"),
    ],
)
def test_a_refused_host_is_repeated_without_what_may_be_secret(typed, shown):
    assert redacted(typed) == shown


def one_host(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    return not (address.is_multicast or address.is_unspecified or int(address) == 2**32 - 1)


@given(st.ip_addresses(v=4), st.integers(20, 32))
def test_a_network_holds_what_the_standard_library_says(address, length):
    network = ipaddress.ip_network((address, length), strict=False)
    expected = [str(host) for host in network.hosts()]
    if one_host(network.network_address) and one_host(network.broadcast_address):
        assert labels(f"{address}/{length}") == expected


@given(st.text(max_size=400) | st.from_regex(r"[0-9a-f:.%/\[\]-]{1,40}", fullmatch=True))
def test_any_text_is_understood_or_refused(text):
    try:
        what, port = parse_host(text)
    except InvalidEntry as wrong:
        assert str(wrong)
    else:
        assert port is None or 1 <= port <= 65535
        if isinstance(what, AddressRange):
            assert what.count >= 1
        else:
            assert what.text.isascii() and what.text.isprintable()


@pytest.mark.parametrize(
    "typed",
    [
        "fe80::1",
        "FE80::1",
        "[fe80::1]:22",
        "[fe80::1]",
        "febf:ffff::1",
        "fe80::1-fe80::9",
        "[fe80::1]-[fe80::9]:22",
        "fe80::/120",
        "fe80::1/128",
    ],
)
def test_a_link_local_address_without_its_interface_is_refused_with_the_right_form(typed):
    with pytest.raises(InvalidEntry, match=r"interface it is on; write it as fe80::1%eth0"):
        parse_host(typed)


@pytest.mark.parametrize(
    ("typed", "hosts"),
    [
        ("fe80::1%eth0", ["fe80::1%eth0"]),
        ("[fe80::1%br-lan]:22", ["fe80::1%br-lan"]),
        ("fe80::1%2-fe80::2", ["fe80::1%2", "fe80::2%2"]),
        ("fec0::1", ["fec0::1"]),
        ("2001:db8::1", ["2001:db8::1"]),
    ],
)
def test_a_link_local_address_with_its_interface_is_taken(typed, hosts):
    assert list(parse_host(typed)[0].addresses()) == hosts

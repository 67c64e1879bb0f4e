"""Proxy URLs and NO_PROXY lists, as people write them and as nobody should."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.wire.proxy import Proxy, ProxyError, is_bypassed, parse_proxy


@pytest.mark.parametrize(
    ("url", "proxy"),
    [
        ("http://proxy.corp:3128", Proxy("proxy.corp", 3128)),
        ("http://proxy.corp:3128/", Proxy("proxy.corp", 3128)),
        ("HTTP://Proxy.Corp:3128", Proxy("proxy.corp", 3128)),
        ("proxy.corp:3128", Proxy("proxy.corp", 3128)),
        (" proxy.corp ", Proxy("proxy.corp", 80)),
        ("10.0.0.1:8080", Proxy("10.0.0.1", 8080)),
        ("http://[2001:db8::1]:3128", Proxy("2001:db8::1", 3128)),
        ("http://audit:p%40ss:w@proxy:3128", Proxy("proxy", 3128, "audit", "p@ss:w")),
        ("http://audit@proxy:3128", Proxy("proxy", 3128, "audit", "")),
    ],
)
def test_a_proxy_is_understood_as_people_write_it(url: str, proxy: Proxy) -> None:
    assert parse_proxy(url) == proxy
    assert parse_proxy(url).has_login is bool(proxy.user)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("https://proxy:3128", "https:// is not spoken here, only http:// is"),
        ("socks5h://proxy:1080", "socks5h:// is not spoken here, only http:// is"),
        ("http://", "its URL cannot be read; it looks like http://proxy:3128"),
        ("http://proxy:0", "its URL cannot be read; it looks like http://proxy:3128"),
        ("http://proxy:99999", "its URL cannot be read; it looks like http://proxy:3128"),
        ("http://proxy:port", "its URL cannot be read; it looks like http://proxy:3128"),
        ("http://[::1", "its URL cannot be read; it looks like http://proxy:3128"),
        ("http://pro xy:3128", "its URL has a space or a control character in it"),
        ("http://proxy\x1b[2J:3128", "its URL has a space or a control character in it"),
        ("http://proxy:3128/?a", "its URL cannot be read; it looks like http://proxy:3128"),
        ("x" * 3000, "its URL is too long"),
    ],
)
def test_what_is_no_proxy_is_refused_in_words(url: str, why: str) -> None:
    with pytest.raises(ProxyError) as error:
        parse_proxy(url)
    assert str(error.value) == why


def test_a_refusal_and_a_repr_never_hold_the_password() -> None:
    assert "hunter2" not in repr(parse_proxy("http://audit:hunter2@proxy:3128"))
    for url in ("http://audit:hunter2@pro xy", "ftp://audit:hunter2@proxy", "http://a:hunter2@"):
        with pytest.raises(ProxyError) as error:
            parse_proxy(url)
        assert "hunter2" not in str(error.value)


@given(st.text(max_size=80))
def test_no_text_raises_anything_else(url: str) -> None:
    try:
        proxy = parse_proxy(url)
    except ProxyError:
        return
    assert proxy.host and 0 < proxy.port < 65536


@given(st.text(max_size=80), st.sampled_from(["h.test", "10.0.0.1", "fe80::1%eth0", "", "::1"]))
def test_no_list_of_exceptions_raises(no_proxy: str, host: str) -> None:
    assert is_bypassed(no_proxy, host, 443) in (True, False)


@pytest.mark.parametrize(
    ("no_proxy", "host", "without"),
    [
        ("", "a.corp.test", False),
        ("*", "a.corp.test", True),
        ("corp.test", "a.corp.test", True),
        ("corp.test", "corp.test", True),
        ("corp.test", "notcorp.test", False),
        (".corp.test", "a.corp.test", True),
        ("*.corp.test", "a.corp.test", True),
        ("CORP.test", "A.corp.TEST.", True),
        ("x.test, corp.test", "a.corp.test", True),
        ("x.test corp.test", "a.corp.test", True),
        ("corp.test:443", "a.corp.test", True),
        ("corp.test:8443", "a.corp.test", False),
        ("10.0.0.1", "10.0.0.1", True),
        ("10.0.0.1", "10.0.0.10", False),
        ("10.0.0.0/8", "10.1.2.3", True),
        ("10.0.0.0/8", "11.1.2.3", False),
        ("10.0.0.1:443", "10.0.0.1", True),
        ("2001:db8::/32", "2001:db8::1", True),
        ("[2001:db8::1]:443", "2001:db8::1", True),
        ("[2001:db8::1]:80", "2001:db8::1", False),
        ("fe80::1", "fe80::1%eth0", True),
        (".", "a.corp.test", False),
        (",,", "a.corp.test", False),
    ],
)
def test_no_proxy_is_read_as_curl_reads_it(no_proxy: str, host: str, without: bool) -> None:
    assert is_bypassed(no_proxy, host, 443) is without

"""HTTP proxy URL and NO_PROXY list, as environment and command line give them. Pure.

NO_PROXY has no standard; it is read as curl and Go read it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from probes.wire.text import printable

DEFAULT_PORT = 80
"""The port of a proxy whose URL has none (RFC 9110 4.2.1)."""
_MAX_URL = 2048
_HOST = re.compile(r"[A-Za-z0-9._:%-]{1,253}")
_ENTRY = re.compile(r"[\s,]+")


class ProxyError(Exception):
    """This is no proxy that can be used; the text is the end of a sentence, without secrets."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy, with the login for it where its URL has one."""

    host: str
    port: int
    user: str = field(default="", repr=False)
    password: str = field(default="", repr=False)

    @property
    def has_login(self) -> bool:
        """True if the URL contains a login."""
        return bool(self.user or self.password)


def parse_proxy(url: str) -> Proxy:
    """The proxy of `http://[user:password@]host[:port]`, with or without `http://`.

    Raises ProxyError, which names the host at most.
    """
    text = url.strip()
    if len(text) > _MAX_URL:
        raise ProxyError("its URL is too long")
    if not text.isprintable() or any(char.isspace() for char in text):
        raise ProxyError("its URL has a space or a control character in it")
    try:
        parts = urlsplit(text if "://" in text else f"http://{text}")
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise ProxyError("its URL cannot be read; it looks like http://proxy:3128") from None
    if parts.scheme != "http":
        scheme = printable(parts.scheme, 16)
        raise ProxyError(f"{scheme}:// is not spoken here, only http:// is")
    if not _HOST.fullmatch(host) or port == 0 or parts.query or parts.fragment:
        raise ProxyError("its URL cannot be read; it looks like http://proxy:3128")
    return Proxy(host, DEFAULT_PORT if port is None else port, *_login(parts))


def is_bypassed(no_proxy: str, host: str, port: int | None) -> bool:
    """True if a host is reached without the proxy, by a NO_PROXY list.

    An entry is `*`, a domain (with its subdomains, a leading dot or not), an address or a network
    such as 10.0.0.0/8; HOST:PORT limits it to one port.
    """
    name = host.partition("%")[0].rstrip(".").lower()
    return any(_matches(entry, name, port) for entry in _ENTRY.split(no_proxy.lower()) if entry)


def _login(parts: SplitResult) -> tuple[str, str]:
    return unquote(parts.username or ""), unquote(parts.password or "")


def _matches(entry: str, name: str, port: int | None) -> bool:
    if entry == "*":
        return True
    bare, own = _split(entry)
    if own is not None and own != port:
        return False
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        domain = bare.removeprefix("*").strip(".")
        return bool(domain) and (name == domain or name.endswith(f".{domain}"))
    try:
        return address in ipaddress.ip_network(bare, strict=False)
    except ValueError:
        return False


def _split(entry: str) -> tuple[str, int | None]:
    """An entry and its port; a bare IPv6 address has colons and no port."""
    if entry.startswith("["):
        bare, _, rest = entry[1:].partition("]")
        port = rest.removeprefix(":")
    else:
        bare, colon, port = entry.rpartition(":")
        if not colon or ":" in bare:
            return entry, None
    return bare, int(port) if port.isdecimal() and port.isascii() and len(port) < 6 else None

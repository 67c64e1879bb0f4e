"""IP addresses, networks and ranges as an operator writes them, never expanded here. Pure."""

from __future__ import annotations

import ipaddress
import re
import socket
from collections.abc import Iterator
from dataclasses import dataclass

DIGITS_AND_DOTS = re.compile(r"[0-9.]+")
"""What is meant as an IPv4 address, right or wrong."""
ADDRESS_LIKE = re.compile(r"[0-9A-Fa-f:.\[\]/-]+(?:%[A-Za-z0-9._-]*)?")
"""What may be meant as an address, network or range of either version."""

_SCOPE = re.compile(r"[A-Za-z0-9._-]{1,32}")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_BITS = {4: 32, 6: 128}


class Wrong(Exception):
    """The text is no host; the message says what was wrong and what would be right."""


@dataclass(frozen=True, slots=True)
class Span:
    """The addresses from first to last, both included, as integers; one address is a span too."""

    first: int
    last: int
    version: int
    scope: str = ""

    @property
    def count(self) -> int:
        """How many addresses it holds."""
        return self.last - self.first + 1

    def addresses(self) -> Iterator[str]:
        """Every address as text, in order."""
        for number in range(self.first, self.last + 1):
            yield _text(number, self.version, self.scope)


def version4(text: str) -> Span:
    """The one IPv4 address that digits and dots mean; raises Wrong."""
    number = _parse4(text)
    return _span(number, number, 4)


def range4(first: str, last: str) -> Span:
    """The IPv4 range from an address to another, or to another last number; raises Wrong."""
    end = last if "." in last else f"{first.rpartition('.')[0]}.{last}"
    return _span(_parse4(first), _parse4(end), 4)


def version6(text: str) -> Span:
    """The IPv6 address (RFC 4291, scope as in RFC 4007 11) or range a text means; raises Wrong."""
    single = _parse6(text)
    if single:
        return _span(single[0], single[0], 6, single[1])
    begun = False
    # A scope may hold hyphens (br-lan), so every hyphen may be the one of the range.
    for dash in (at for at, char in enumerate(text) if char == "-"):
        first, last = text[:dash], text[dash + 1 :]
        start, end = _parse6(first), _parse6(last)
        if start and end:
            if end[1] not in ("", start[1]):
                raise Wrong("the two ends of a range have different scopes; write one range each")
            return _span(start[0], end[0], 6, start[1])
        if (start and _dotted(last)) or (end and _dotted(first)):
            raise Wrong("a range stays within IPv4 or within IPv6; write one range of each")
        begun = begun or start is not None
    if begun:
        raise Wrong("the last address of an IPv6 range is written in full, as the first is")
    if _MAC.fullmatch(text):
        raise Wrong("this is a MAC address; write the name or the IP address of the host")
    if ADDRESS_LIKE.fullmatch(text):
        raise Wrong("this is no IPv6 address; write one such as 2001:db8::1 or [2001:db8::1]:443")
    raise Wrong("there are too many colons; write HOST, HOST:PORT or domain:NAME")


def network(text: str) -> Span:
    """The hosts of ADDRESS/PREFIX, whose host bits may be set; raises Wrong.

    The network and broadcast address of IPv4 are left out, except of a /31 (RFC 3021) and a /32.
    """
    address, _, prefix = text.rpartition("/")
    scope, version = "", 4
    if ":" in address:
        parsed = _parse6(address)
        if not parsed:
            raise Wrong("before the slash stands no IPv6 address; write one as in 2001:db8::/120")
        (number, scope), version = parsed, 6
    elif DIGITS_AND_DOTS.fullmatch(address):
        number = _parse4(address)
    else:
        raise Wrong("a slash follows only an address, as in 10.0.0.0/24; write the host alone")
    length = _prefix(prefix, version)
    size = 1 << (_BITS[version] - length)
    first = number & ~(size - 1)
    last = first + size - 1
    if version == 4 and length < 31:
        first, last = first + 1, last - 1
    return _span(first, last, version, scope)


def is_number(text: str) -> bool:
    """Whether a text is nothing but ASCII digits."""
    return text.isascii() and text.isdigit()


def _dotted(text: str) -> bool:
    return "." in text and DIGITS_AND_DOTS.fullmatch(text) is not None


def _parse4(text: str) -> int:
    parts = text.split(".")
    if len(parts) != 4 or not all(map(is_number, parts)):
        raise Wrong("an IPv4 address has four numbers; write one such as 10.0.0.20")
    for part in parts:
        if len(part) > 1 and part.startswith("0"):
            raise Wrong("some programs read leading zeros as octal; write the numbers without")
        if len(part) > 3 or int(part) > 255:
            raise Wrong("the numbers of an IPv4 address go from 0 to 255")
    return int.from_bytes(bytes(map(int, parts)), "big")


def _parse6(text: str) -> tuple[int, str] | None:
    address, percent, scope = text.partition("%")
    if percent and not _SCOPE.fullmatch(scope):
        return None
    try:
        return int(ipaddress.IPv6Address(address)), scope
    except ValueError:
        return None


def _prefix(text: str, version: int) -> int:
    if version == 4 and "." in text:
        mask = _parse4(text)
        length = mask.bit_count()
        if mask != (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF:
            raise Wrong("the netmask has gaps; write a prefix length, as in 10.0.0.0/24")
        return length
    most = _BITS[version]
    if not is_number(text) or int(text) > most:
        raise Wrong(f"the prefix length of an IPv{version} network is a number from 0 to {most}")
    return int(text)


def _span(first: int, last: int, version: int, scope: str = "") -> Span:
    if first > last:
        raise Wrong("the range ends before it begins; write the lower address first")
    for number in {first, last}:
        _refuse_groups(number, version)
    return Span(first, last, version, scope)


def _refuse_groups(number: int, version: int) -> None:
    # Linux connects 0.0.0.0 to itself: it would look like a host that answers.
    address = ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)
    inner = (address.ipv4_mapped if address.version == 6 else None) or address
    if inner.is_unspecified or inner.is_multicast or str(inner) == "255.255.255.255":
        raise Wrong("no single host has this address; write the address of a host")


def _text(number: int, version: int, scope: str) -> str:
    if version == 4:
        return socket.inet_ntoa(number.to_bytes(4, "big"))
    address = ipaddress.IPv6Address(number)
    # str() of a mapped address changed with Python 3.13; a key of the log may not.
    text = f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)
    return f"{text}%{scope}" if scope else text

"""One typed host: a name, an address, a network or a range, with or without a port."""

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


LONGEST = 320
"""Characters one HOST may have; a range of scoped IPv6 addresses with a port fits."""

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_BRACKETS = re.compile(r"\[([^\[\]]*)\](?:-\[([^\[\]]*)\])?(/[^:/]*)?(?::(.*))?")
_TIDY = str.maketrans(
    dict.fromkeys("\ufeff\u200b\u2060\u00ad", "")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)
# IDNA 2003 and 2008 disagree about these, so either reading may be another machine.
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d")


@dataclass(frozen=True, slots=True)
class Name:
    """A DNS or NetBIOS name in ASCII, in the case it was written in, without the root's dot."""

    text: str


@dataclass(frozen=True, slots=True)
class DomainName:
    """A DNS domain whose controllers are to be looked up."""

    text: str


def read(text: str) -> tuple[Name | Span | DomainName, int | None]:
    """What one HOST means, and its :PORT; raises Wrong with a clause for the operator."""
    text = tidy(text)
    if not text:
        raise Wrong("a host is missing; write a name or an address")
    if len(text) > LONGEST:
        raise Wrong(f"{len(text):,} characters are too many; a host name has at most 253")
    _refuse_what_names_more(text)
    head, colon, rest = text.partition(":")
    if colon and head.casefold() == "domain" and not is_number(rest):
        domain, digits = _split_port(rest)
        if not domain or "/" in domain or ":" in domain:
            raise Wrong("domain: is followed by a DNS name, as in domain:corp.example")
        return DomainName(name(domain)), _port(digits)
    host, digits = _split_port(text)
    return _host(host), _port(digits)


def tidy(text: str) -> str:
    """A pasted word with plain hyphens and without invisible characters."""
    return text if text.isascii() else text.translate(_TIDY)


def discreet(text: str) -> str:
    """A refused HOST as it may be repeated: what may be a password or a token is left out."""
    scheme, slashes, rest = text.partition("://")
    if slashes:
        return f"{scheme}://…" if set("@?#") & set(rest) else text
    head, colon, rest = text.partition(":")
    if "@" in text[1:]:
        return f"{head}:…" if colon else f"…{text[text.rindex('@') :]}"
    if not colon or is_number(rest) or (":" in rest and ADDRESS_LIKE.fullmatch(text)):
        return text
    return text if head.casefold() == "domain" or head.startswith("@") else f"{head}:…"


def name(text: str) -> str:
    """A DNS or NetBIOS name in ASCII (RFC 1123 2.1, RFC 3490); raises Wrong."""
    plain = text if text.isascii() else _ascii(text)
    plain = plain[:-1] if plain.endswith(".") else plain
    if len(plain) > 253:
        raise Wrong("a host name has at most 253 characters")
    if any(len(label) > 63 for label in plain.split(".")):
        raise Wrong("a part of a host name between dots has at most 63 characters")
    if not _NAME.fullmatch(plain):
        raise Wrong(
            "a host name has letters, digits, hyphens and underscores,"
            " and dots between its parts, as in server1.corp.example"
        )
    if _NUMERIC.fullmatch(plain.rpartition(".")[2]):
        raise Wrong("with a number at its end it is read as an address; an IPv4 address has four")
    return plain


def port(text: str) -> int:
    """The number of a port, 1 to 65535; raises Wrong."""
    if not is_number(text):
        raise Wrong("a port is expected after the colon; write HOST:PORT, as in server1:8443")
    if len(text) > 5 or not 1 <= int(text) <= 65535:
        raise Wrong("a port is a number from 1 to 65535")
    return int(text)


def _host(text: str) -> Name | Span:
    if "/" in text:
        return network(text)
    if ":" in text:
        return version6(text)
    plain = text[:-1] if text.endswith(".") else text
    if DIGITS_AND_DOTS.fullmatch(plain):
        return version4(plain)
    first, dash, last = plain.partition("-")
    if dash and DIGITS_AND_DOTS.fullmatch(first) and first.count(".") == 3:
        if DIGITS_AND_DOTS.fullmatch(last):
            return range4(first, last)
        if "." not in last:
            raise Wrong("a range ends in an address or a number, as in 10.0.0.1-20")
    return Name(name(text))


def _refuse_what_names_more(text: str) -> None:
    _, slashes, rest = text.partition("://")
    if slashes:
        host = re.split(r"[/?#:]", rest, maxsplit=1)[0]
        shown = f", here {host}" if "@" not in rest and _NAME.fullmatch(host) else ""
        raise Wrong(f"this is a URL; write the host name only{shown}")
    if "@" in text:
        user, _, host = text.rpartition("@")
        if ":" in user:
            raise Wrong("a user name and a password do not belong here; write the host only")
        shown = f", here {host}" if _NAME.fullmatch(host) else ""
        raise Wrong(f"a user name does not belong here; write the host only{shown}")
    if "\\" in text:
        raise Wrong("a backslash is in no host name; write the name or the address alone")
    if "*" in text or "?" in text:
        raise Wrong("a wildcard names no host; write a network or a range, as in 10.0.0.1-20")


def _split_port(text: str) -> tuple[str, str | None]:
    """HOST without its brackets, and what follows the colon of the port."""
    if "[" in text or "]" in text:
        match = _BRACKETS.fullmatch(text)
        if not match or ":" not in match[1]:
            raise Wrong("brackets go around an IPv6 address only, as in [2001:db8::1]:443")
        first, last, prefix, port = match.groups()
        return first + (f"-{last}" if last is not None else "") + (prefix or ""), port
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, None


def _port(text: str | None) -> int | None:
    return None if text is None else port(text)


def _ascii(text: str) -> str:
    if _DEVIATIONS & set(text):
        raise Wrong("DNS knows two spellings of this name; write the one meant in its xn-- form")
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        raise Wrong("this name cannot be written in DNS; check its letters") from None

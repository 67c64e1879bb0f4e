"""Parser of one HOST: a name, an address, a network or a range, with or without a port."""

from __future__ import annotations

import ipaddress
import re
import socket
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass

from probes.targets.errors import InvalidEntry

MAX_HOST_LENGTH = 320
"""Characters of one HOST; a range of scoped IPv6 addresses with a port fits."""

DIGITS_AND_DOTS = re.compile(r"[0-9.]+")
"""Text that is meant as an IPv4 address, right or wrong."""
ADDRESS_LIKE = re.compile(r"[0-9A-Fa-f:.\[\]/-]+(?:%[A-Za-z0-9._-]*)?")
"""Text that may be meant as an address, network or range of either IP version."""

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_NAME = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NUMERIC = re.compile(r"[0-9]+|0[xX][0-9A-Fa-f]*")
_BRACKETS = re.compile(r"\[([^\[\]]*)\](?:-\[([^\[\]]*)\])?(/[^:/]*)?(?::(.*))?")

_SCOPE_ID = re.compile(r"[A-Za-z0-9._-]{1,32}")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}")
_BITS = {4: 32, 6: 128}
_NORMALIZED_CHARACTERS = str.maketrans(
    dict.fromkeys("\ufeff\u200b\u2060\u00ad", "")
    | dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2212", "-")
)
# IDNA 2003 and 2008 disagree about these, so either reading may be another machine.
_DEVIATIONS = frozenset("\u00df\u03c2\u200c\u200d")
_MARKS = frozenset(".-_\u3002\uff0e\uff61\u00b7\u0375\u05f3\u05f4\u30fb") | _DEVIATIONS
"""Characters of a name beside letters and digits: dots (RFC 3490 3.1) and RFC 5892 2.6."""


@dataclass(frozen=True, slots=True)
class HostName:
    """DNS or NetBIOS name in ASCII, in the case it was typed in, without the root's dot."""

    text: str


@dataclass(frozen=True, slots=True)
class DomainName:
    """DNS domain whose controllers are to be looked up."""

    text: str


@dataclass(frozen=True, slots=True)
class AddressRange:
    """Addresses from `first` to `last`, both included, as integers; one address is a range too."""

    first: int
    last: int
    version: int
    scope: str = ""

    @property
    def count(self) -> int:
        """Number of addresses."""
        return self.last - self.first + 1

    def addresses(self) -> Iterator[str]:
        """Every address as text, in order."""
        for number in range(self.first, self.last + 1):
            yield _address_text(number, self.version, self.scope)

    @property
    def text(self) -> str:
        """NETWORK/PREFIX, else FIRST-LAST, as a host line takes it; the address if it is one."""
        if self.count == 1:
            return _address_text(self.first, self.version, self.scope)
        # Of an IPv4 network the two addresses that no host has are not in the range.
        ends = ((0, 0), (1, 1)) if self.version == 4 else ((0, 0),)
        for before, after in ends:
            first, size = self.first - before, self.count + before + after
            is_network = size & (size - 1) == 0 and first % size == 0
            if is_network and (not before or size > 2):
                length = _BITS[self.version] - (size.bit_length() - 1)
                if self.version == 6 or before or length == 31:
                    return f"{_address_text(first, self.version, self.scope)}/{length}"
        ends_text = (_address_text(n, self.version, self.scope) for n in (self.first, self.last))
        return "-".join(ends_text)


def parse_host(text: str) -> tuple[HostName | AddressRange | DomainName, int | None]:
    """Parse one HOST with its optional :PORT; raises InvalidEntry."""
    text = normalized(text)
    if not text:
        raise InvalidEntry("a host is missing; write a name or an address")
    if len(text) > MAX_HOST_LENGTH:
        raise InvalidEntry(f"{len(text):,} characters are too many; a host name has at most 253")
    _reject_urls_and_wildcards(text)
    head, colon, rest = text.partition(":")
    if colon and head.casefold() == "domain" and not is_decimal(rest):
        domain, digits = _split_port(rest)
        if not domain or "/" in domain or ":" in domain:
            raise InvalidEntry("domain: is followed by a DNS name, as in domain:corp.example")
        return DomainName(parse_name(domain)), _parse_optional_port(digits)
    host, digits = _split_port(text)
    return _parse_unported(host), _parse_optional_port(digits)


def parse_name(text: str) -> str:
    """DNS or NetBIOS name in ASCII (RFC 1123 2.1, RFC 3490); raises InvalidEntry."""
    plain = text if text.isascii() else _idna_ascii(text)
    plain = plain[:-1] if plain.endswith(".") else plain
    if len(plain) > 253:
        raise InvalidEntry("a host name has at most 253 characters")
    if any(len(label) > 63 for label in plain.split(".")):
        raise InvalidEntry("a part of a host name between dots has at most 63 characters")
    if not _NAME.fullmatch(plain):
        raise InvalidEntry(
            "a host name has letters, digits, hyphens and underscores,"
            " and dots between its parts, as in server1.corp.example"
        )
    if _NUMERIC.fullmatch(plain.rpartition(".")[2]):
        raise InvalidEntry(
            "with a number at its end it is read as an address; an IPv4 address has four"
        )
    return plain


def parse_port(text: str) -> int:
    """Port number, 1 to 65535; raises InvalidEntry."""
    if not is_decimal(text):
        raise InvalidEntry(
            "a port is expected after the colon; write HOST:PORT, as in server1:8443"
        )
    if len(text) > 5 or not 1 <= int(text) <= 65535:
        raise InvalidEntry("a port is a number from 1 to 65535")
    return int(text)


def parse_ipv4(text: str) -> AddressRange:
    """One IPv4 address of four decimal numbers, as a range; raises InvalidEntry."""
    number = _ipv4_number(text)
    return _address_range(number, number, 4)


def parse_ipv4_range(first: str, last: str) -> AddressRange:
    """IPv4 range that ends in an address or in a last number; raises InvalidEntry."""
    end = last if "." in last else f"{first.rpartition('.')[0]}.{last}"
    return _address_range(_ipv4_number(first), _ipv4_number(end), 4)


def parse_ipv6(text: str) -> AddressRange:
    """IPv6 address or range (RFC 4291, scope as in RFC 4007 11); raises InvalidEntry."""
    single = _ipv6_number(text)
    if single:
        return _address_range(single[0], single[0], 6, single[1])
    valid_start = False
    # A scope may hold hyphens (br-lan), so every hyphen may be the one of the range.
    for dash in (index for index, char in enumerate(text) if char == "-"):
        first, last = text[:dash], text[dash + 1 :]
        start, end = _ipv6_number(first), _ipv6_number(last)
        if start and end:
            if end[1] not in ("", start[1]):
                raise InvalidEntry(
                    "the two ends of a range have different scopes; write one range each"
                )
            return _address_range(start[0], end[0], 6, start[1])
        if (start and _is_dotted_number(last)) or (end and _is_dotted_number(first)):
            raise InvalidEntry("a range stays within IPv4 or within IPv6; write one range of each")
        valid_start = valid_start or start is not None
    if valid_start:
        raise InvalidEntry("the last address of an IPv6 range is written in full, as the first is")
    if _MAC.fullmatch(text):
        raise InvalidEntry("this is a MAC address; write the name or the IP address of the host")
    if ADDRESS_LIKE.fullmatch(text):
        raise InvalidEntry(
            "this is no IPv6 address; write one such as 2001:db8::1 or [2001:db8::1]:443"
        )
    raise InvalidEntry("there are too many colons; write HOST, HOST:PORT or domain:NAME")


def parse_network(text: str) -> AddressRange:
    """Hosts of ADDRESS/PREFIX or ADDRESS/NETMASK, host bits allowed; raises InvalidEntry.

    The network and broadcast address of IPv4 are left out, except of a /31 (RFC 3021) and a /32.
    """
    address, _, prefix = text.rpartition("/")
    scope, version = "", 4
    if ":" in address:
        parsed = _ipv6_number(address)
        if not parsed:
            raise InvalidEntry(
                "before the slash there is no IPv6 address; write one as in 2001:db8::/120"
            )
        (number, scope), version = parsed, 6
    elif DIGITS_AND_DOTS.fullmatch(address):
        number = _ipv4_number(address)
    else:
        raise InvalidEntry(
            "a slash follows only an address, as in 10.0.0.0/24; write the host alone"
        )
    length = _prefix_length(prefix, version)
    size = 1 << (_BITS[version] - length)
    first = number & ~(size - 1)
    last = first + size - 1
    if version == 4 and length < 31:
        first, last = first + 1, last - 1
    return _address_range(first, last, version, scope)


def normalized(text: str) -> str:
    """The word with plain hyphens and without invisible characters, as pasting brings them."""
    return text if text.isascii() else text.translate(_NORMALIZED_CHARACTERS)


def redacted(text: str) -> str:
    """A refused HOST without anything that may be a password or a token, to be shown."""
    url = re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", text)
    scheme = url[0] if url else ""
    _, at, host = text[len(scheme) :].rpartition("@")
    if at and (scheme or host != text[1:]):
        return f"{scheme}…@{_before_query(host)}"
    return scheme + _unsecret(_before_query(host) if scheme else text)


def _before_query(url: str) -> str:
    query = re.search("[?#]", url)
    return f"{url[: query.start()]}…" if query else url


def _unsecret(text: str) -> str:
    """HOST:PORT without what is no port."""
    head, colon, rest = text.partition(":")
    port = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    if not colon or is_decimal(port) or (":" in rest and ADDRESS_LIKE.fullmatch(text)):
        return text
    return text if head.casefold() == "domain" or head.startswith("@") else f"{head}:…"


def is_decimal(text: str) -> bool:
    """True for text of ASCII digits only."""
    return text.isascii() and text.isdigit()


def _parse_unported(text: str) -> HostName | AddressRange:
    if "/" in text:
        return parse_network(text)
    if ":" in text:
        return parse_ipv6(text)
    plain = text[:-1] if text.endswith(".") else text
    if DIGITS_AND_DOTS.fullmatch(plain):
        return parse_ipv4(plain)
    first, dash, last = plain.partition("-")
    if dash and DIGITS_AND_DOTS.fullmatch(first) and first.count(".") == 3:
        if DIGITS_AND_DOTS.fullmatch(last):
            return parse_ipv4_range(first, last)
        if "." not in last:
            raise InvalidEntry("a range ends in an address or a number, as in 10.0.0.1-20")
    return HostName(parse_name(text))


def _split_port(text: str) -> tuple[str, str | None]:
    """Split HOST, brackets removed, from the text behind the colon of its port."""
    if "[" in text or "]" in text:
        match = _BRACKETS.fullmatch(text)
        first, last, prefix, port = match.groups() if match else ("", None, None, None)
        if first and ":" not in first and last is None and prefix is None and _in_brackets(text):
            # As ssh writes a host beside a port (known_hosts).
            return first, port
        if ":" not in first:
            raise InvalidEntry("brackets go around an IPv6 address only, as in [2001:db8::1]:443")
        return first + (f"-{last}" if last is not None else "") + (prefix or ""), port
    if text.count(":") == 1:
        host, _, port = text.partition(":")
        return host, port
    return text, None


def _in_brackets(text: str) -> bool:
    """True for `[name]:port` and `[IPv4]`, which mean a host; `[name]` is a heading."""
    head, _, port = text[1:].partition("]")
    return is_decimal(port[1:]) or (not port and DIGITS_AND_DOTS.fullmatch(head) is not None)


def _parse_optional_port(text: str | None) -> int | None:
    return None if text is None else parse_port(text)


def _reject_urls_and_wildcards(text: str) -> None:
    _, slashes, rest = text.partition("://")
    if slashes:
        host = re.split(r"[/?#:]", rest, maxsplit=1)[0]
        shown = f", here {host}" if "@" not in rest and _NAME.fullmatch(host) else ""
        raise InvalidEntry(f"this is a URL; write the host name only{shown}")
    if "@" in text:
        user, _, host = text.rpartition("@")
        if ":" in user:
            raise InvalidEntry("a user name and a password do not belong here; write the host only")
        shown = f", here {host}" if _NAME.fullmatch(host) else ""
        raise InvalidEntry(f"a user name does not belong here; write the host only{shown}")
    if "\\" in text:
        raise InvalidEntry("a backslash is in no host name; write the name or the address alone")
    if "*" in text or "?" in text:
        raise InvalidEntry(
            "a wildcard names no host; write a network or a range, as in 10.0.0.1-20"
        )


def _idna_ascii(text: str) -> str:
    if any(unicodedata.category(char)[0] not in "LMN" and char not in _MARKS for char in text):
        # IDNA 2003 takes every symbol, an arrow and a frame as well.
        raise InvalidEntry("a symbol is in no host name; write it in its xn-- form if it is meant")
    if _DEVIATIONS & set(text):
        raise InvalidEntry(
            "DNS knows two spellings of this name; write the one meant in its xn-- form"
        )
    try:
        return text.encode("idna").decode("ascii")
    except UnicodeError:
        raise InvalidEntry("this name cannot be written in DNS; check its letters") from None


def _ipv4_number(text: str) -> int:
    parts = text.split(".")
    if len(parts) != 4 or not all(map(is_decimal, parts)):
        raise InvalidEntry("an IPv4 address has four numbers; write one such as 10.0.0.20")
    for part in parts:
        if len(part) > 1 and part.startswith("0"):
            raise InvalidEntry(
                "some programs read leading zeros as octal; write the numbers without"
            )
        if len(part) > 3 or int(part) > 255:
            raise InvalidEntry("the numbers of an IPv4 address go from 0 to 255")
    return int.from_bytes(bytes(map(int, parts)), "big")


def _ipv6_number(text: str) -> tuple[int, str] | None:
    address, percent, scope = text.partition("%")
    if percent and not _SCOPE_ID.fullmatch(scope):
        return None
    try:
        return int(ipaddress.IPv6Address(address)), scope
    except ValueError:
        return None


def _is_dotted_number(text: str) -> bool:
    return "." in text and DIGITS_AND_DOTS.fullmatch(text) is not None


def _prefix_length(text: str, version: int) -> int:
    if version == 4 and "." in text:
        mask = _ipv4_number(text)
        length = mask.bit_count()
        if mask != (0xFFFFFFFF << (32 - length)) & 0xFFFFFFFF:
            raise InvalidEntry("the netmask has gaps; write a prefix length, as in 10.0.0.0/24")
        return length
    longest = _BITS[version]
    if not is_decimal(text) or int(text) > longest:
        raise InvalidEntry(
            f"the prefix length of an IPv{version} network is a number from 0 to {longest}"
        )
    return int(text)


def _address_range(first: int, last: int, version: int, scope: str = "") -> AddressRange:
    if first > last:
        raise InvalidEntry("the range ends before it begins; write the lower address first")
    for number in {first, last}:
        _reject_non_unicast(number, version)
        if version == 6 and not scope and ipaddress.IPv6Address(number).is_link_local:
            raise InvalidEntry(
                "a link-local address wants the interface it is on; write it as fe80::1%eth0"
            )
    return AddressRange(first, last, version, scope)


def _reject_non_unicast(number: int, version: int) -> None:
    # Linux connects 0.0.0.0 to itself: it would look like a host that answers.
    address = ipaddress.IPv4Address(number) if version == 4 else ipaddress.IPv6Address(number)
    unmapped = (address.ipv4_mapped if address.version == 6 else None) or address
    if unmapped.is_unspecified or unmapped.is_multicast or str(unmapped) == "255.255.255.255":
        raise InvalidEntry("no single host has this address; write the address of a host")


def _address_text(number: int, version: int, scope: str) -> str:
    if version == 4:
        return socket.inet_ntoa(number.to_bytes(4, "big"))
    address = ipaddress.IPv6Address(number)
    # str() of a mapped address changed with Python 3.13; a key of the log may not.
    text = f"::ffff:{address.ipv4_mapped}" if address.ipv4_mapped else str(address)
    return f"{text}%{scope}" if scope else text

"""One HOST as an operator writes it: a name, an address, a network, a range or a domain. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.engine.addresses import (
    ADDRESS_LIKE,
    DIGITS_AND_DOTS,
    Span,
    Wrong,
    is_number,
    network,
    range4,
    version4,
    version6,
)

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

"""Addresses and names of hosts as texts: compared, and told from what is none."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache

_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,252}")
_LIMITED_BROADCAST = ipaddress.IPv4Address("255.255.255.255")
"""Broadcast on the own network (RFC 919 7)."""


def is_same_host(named: str, host: str, address: str) -> bool:
    """True if a name or address that a host gives is its own: as it was asked, or its address.

    Two names are alike with the same first label, since a host may be asked by its short one.
    """
    names = (named.casefold().rstrip("."), host.casefold().rstrip("."))
    if names[0] == names[1] or same_address(named, address):
        return True
    are_names = all(any(char.isalpha() for char in name) and ":" not in name for name in names)
    return are_names and names[0].partition(".")[0] == names[1].partition(".")[0]


def same_address(one: str | None, other: str | None) -> bool:
    """True for two texts of one address; scope ids (RFC 4007 section 11) count for nothing."""
    if not one or not other:
        return False
    if not (":" in one or ":" in other or "%" in one or "%" in other):
        # An IPv4 address has one spelling.
        return one == other and bool(plain_address(one))
    known = plain_address(one)
    return bool(known) and known == plain_address(other)


@lru_cache(maxsize=4096)
def plain_address(text: str) -> str:
    """Usual spelling of an address, without its scope id; empty for anything else.

    Cached: the addresses of routers and of this machine are asked for in every row.
    """
    try:
        return str(ipaddress.ip_address(text.partition("%")[0]))
    except ValueError:
        return ""


@lru_cache(maxsize=4096)
def is_ipv4(text: str) -> bool:
    """True for an address that packets reach over IPv4: also an IPv4-mapped one (RFC 4291 2.5.5.2).

    False for anything else, a name too.
    """
    try:
        address = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return False
    return address.version == 4 or address.ipv4_mapped is not None


def plain_name(text: object) -> str:
    """A host or domain name that no tool takes for an option or a URL; empty for anything else."""
    return text if isinstance(text, str) and _NAME.fullmatch(text) else ""


def unusable_address(address: str) -> str:
    """Clause about an address that no single host can be reached by; empty for any other.

    Linux connects an unspecified address to itself, and sends a datagram for a group to many hosts.
    """
    plain, _, scope = address.partition("%")
    try:
        parsed = ipaddress.ip_address(plain)
    except ValueError:
        return ""
    one = (parsed.ipv4_mapped if parsed.version == 6 else None) or parsed
    if one.is_unspecified:
        return f"{plain} is the address of no host"
    if one.is_multicast:
        return f"{plain} is the address of a multicast group, not of one host"
    if one == _LIMITED_BROADCAST:
        return f"{plain} is the broadcast address, not that of one host"
    if one.version == 6 and one.is_link_local and not scope:
        return f"{plain} is link-local and wants the interface it is on, as in {plain}%eth0"
    return ""

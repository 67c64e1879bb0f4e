"""Comparison of addresses as texts."""

from __future__ import annotations

import ipaddress
from functools import lru_cache


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

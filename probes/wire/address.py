"""Comparison of addresses as texts."""

from __future__ import annotations

import ipaddress


def same_address(one: str | None, other: str | None) -> bool:
    """True for two texts of one address; scope ids (RFC 4007 section 11) count for nothing."""
    if not one or not other:
        return False
    try:
        return ipaddress.ip_address(one.partition("%")[0]) == ipaddress.ip_address(
            other.partition("%")[0]
        )
    except ValueError:
        return False

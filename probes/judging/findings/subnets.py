"""Addresses as numbers with the subnets around them, each computed once. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field

_PREFIX = {4: 24, 6: 64}
"""Prefix length by version; hosts within it count as one network, as the true one is unknown."""
_BITS = {4: 32, 6: 128}

Number = tuple[int, int]
"""Version and value of an address; sorts."""


@dataclass(slots=True)
class Subnets:
    """Cache of the addresses of one session."""

    _numbers: dict[str, Number | None] = field(default_factory=dict)
    _networks: dict[str, str] = field(default_factory=dict)

    def number(self, text: str | None) -> Number | None:
        """Number of an address without its scope; None for anything else."""
        if not text:
            return None
        if text not in self._numbers:
            try:
                address = ipaddress.ip_address(text.partition("%")[0])
            except ValueError:
                self._numbers[text] = None
            else:
                self._numbers[text] = address.version, int(address)
        return self._numbers[text]

    def same(self, one: str | None, other: str | None) -> bool:
        """True if two texts are the same address."""
        if not one or not other:
            return False
        return one == other or (
            (number := self.number(one)) is not None and number == self.number(other)
        )

    def network(self, text: str) -> str:
        """Subnet `10.2.0.0/24` or `2001:db8::/64` around an address; empty for anything else."""
        if text not in self._networks:
            self._networks[text] = self._subnet(text)
        return self._networks[text]

    def _subnet(self, text: str) -> str:
        number = self.number(text)
        if number is None:
            return ""
        version, value = number
        prefix = _PREFIX[version]
        host_bits = _BITS[version] - prefix
        first = value >> host_bits << host_bits
        address = ipaddress.IPv4Address(first) if version == 4 else ipaddress.IPv6Address(first)
        return f"{address}/{prefix}"

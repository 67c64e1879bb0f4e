"""Pseudonyms for IP and MAC addresses, from the ranges for documentation. Pure.

Addresses of one /24 (IPv6: one /64) stay together in another one. Those that have the first bits in
common still have them (as Crypto-PAn does it, Xu et al., 2002): what could be one rule can still be
one, and an address that somebody knows tells no other.
"""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass

Address = ipaddress.IPv4Address | ipaddress.IPv6Address

_IPV4 = r"(?<![0-9])(?<![0-9]\.)(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?![0-9]|\.[0-9])"
# What may be IPv6 is cut to size by `_ipv6`.
_ADDRESS = re.compile(
    r"(?P<mac>(?<![0-9A-Za-z:-])[0-9A-Fa-f]{2}(?P<by>[:-])(?:[0-9A-Fa-f]{2}(?P=by)){4}"
    r"[0-9A-Fa-f]{2}(?![0-9A-Za-z]|(?P=by))"
    r"|(?<![0-9A-Za-z.])(?:[0-9A-Fa-f]{4}\.){2}[0-9A-Fa-f]{4}(?![0-9A-Za-z.]))"
    r"|(?P<nibbles>(?<![0-9A-Za-z])(?:[0-9A-Fa-f]\.){32}ip6\.arpa)"
    r"|(?P<six>(?:(?<![0-9A-Za-z])[0-9A-Fa-f]{1,4})?:[0-9A-Fa-f:.]{1,64})"
    rf"|(?P<four>{_IPV4})(?P<arpa>\.in-addr\.arpa)?",
    re.IGNORECASE,
)
_PREFIX_LENGTH = re.compile(r"/([0-9]{1,3})(?![0-9])")
"""Of a prefix, behind its address."""
_IPV4_ONLY = re.compile(_IPV4)
# RFC 5737, then RFC 2544 and, for the largest sites, the reserved class E (RFC 1112 4).
_DOCUMENTATION = (0xC0000200, 0xC6336400, 0xCB007100)
_BENCHMARK, _BENCHMARKS = 0xC6120000, 512
_RESERVED, _RESERVED_MOST = 0xF0000000, 1 << 20
_IPV6_DOCUMENTATION = 0x20010DB8 << 96
"""RFC 3849."""
_LOCAL_MULTICAST = ipaddress.IPv4Network("224.0.0.0/24")
_MAC = "00005E0053"
"""RFC 7042 2.1.2: how MAC addresses for documentation begin."""


@dataclass(frozen=True, slots=True)
class FoundAddress:
    """An address in a text, from `begin` to `end`."""

    begin: int
    end: int
    address: Address | None
    """None if it is a MAC address."""
    reverse: bool = False
    """Written as a name of the reverse zone, RFC 1035 3.5 and RFC 3596 2.5."""


def find_addresses(text: str) -> Iterator[FoundAddress]:
    """Every address in a text, in any spelling, in order."""
    at = 0
    while match := _ADDRESS.search(text, at):
        found = _found(text, match)
        if found is not None:
            yield found
        at = match.end() if found is None else found.end


def _found(text: str, match: re.Match[str]) -> FoundAddress | None:
    begin, end = match.span()
    if match["mac"]:
        return FoundAddress(begin, end, None)
    if match["nibbles"]:
        number = int(match["nibbles"][:64:2][::-1], 16)
        return FoundAddress(begin, end, ipaddress.IPv6Address(number), reverse=True)
    if match["four"]:
        address = _reverse_ipv4(match["four"], reverse=bool(match["arpa"]))
        return None if address is None else FoundAddress(begin, end, address, bool(match["arpa"]))
    return _ipv6(text, begin, end) or _ipv4(text, begin, end)


def _reverse_ipv4(text: str, *, reverse: bool = False) -> ipaddress.IPv4Address | None:
    numbers = [int(part) for part in text.split(".")]
    if max(numbers) > 255:
        return None
    return ipaddress.IPv4Address(bytes(numbers[::-1] if reverse else numbers))


def _ipv4(text: str, begin: int, end: int) -> FoundAddress | None:
    match = _IPV4_ONLY.search(text, begin, end)
    address = _reverse_ipv4(match[0]) if match else None
    return FoundAddress(*match.span(), address) if match and address else None


def _ipv6(text: str, begin: int, end: int) -> FoundAddress | None:
    """The longest IPv6 address that begins at the beginning or behind a colon."""
    start = begin
    while text.count(":", start, end) >= 2:
        for stop in (end, start + len(text[start:end].rstrip(":.")), text.rfind(":", start, end)):
            try:
                return FoundAddress(start, stop, ipaddress.IPv6Address(text[start:stop]))
            except ValueError:
                continue
        start = text.index(":", start, end) + 1
    return None


class AddressPseudonyms:
    """Pseudonyms for the addresses of all the texts it was given.

    The same key and texts give the same pseudonyms, in whatever order the texts came.
    """

    def __init__(self, key: bytes, learned: Iterator[str]) -> None:
        networks: dict[int, set[str]] = {4: set(), 6: set()}
        macs = set[str]()
        known = set[Address]()
        for text in learned:
            for found in find_addresses(text):
                if found.address is None:
                    macs.add(_digits(text[found.begin : found.end]))
                else:
                    address = _inner(found.address)
                    known.add(address)
                    networks[address.version].add(str(_split(address)[0]))
        self._key = key
        self.known = frozenset(known)
        """Every IP address that was learned."""
        self._networks = {version: self._ranks(some) for version, some in networks.items()}
        self._macs = self._ranks(macs)
        self._turned = dict[tuple[str, int], int]()

    def replacement(self, text: str, found: FoundAddress) -> str | None:
        """The pseudonym for an address found in a text, in the same spelling; None if unknown."""
        try:
            return self._replacement(text, found)
        except KeyError:
            return None

    def _replacement(self, text: str, found: FoundAddress) -> str:
        if found.address is None:
            return self._mac(text[found.begin : found.end])
        other = self.pseudonym(found.address)
        if not found.reverse:
            other = _masked(text, found, other)
        return other.reverse_pointer if found.reverse else _written(other)

    def pseudonym(self, address: Address) -> Address:
        """Another address for a learned one; one that names no host stays as it is."""
        inner = _inner(address)
        if inner is not address:
            other = self.pseudonym(inner)
            return ipaddress.IPv6Address(0xFFFF << 32 | int(other))
        if _is_not_a_host(address):
            return address
        network, host = _split(address)
        turned = self._turned_host(f"{address.version} {network}", host, address.max_prefixlen)
        rank = self._networks[address.version][str(network)]
        if isinstance(address, ipaddress.IPv6Address):
            return ipaddress.IPv6Address(_IPV6_DOCUMENTATION | rank << 64 | turned)
        return ipaddress.IPv4Address(_network(rank) + turned)

    def _turned_host(self, network: str, host: int, bits: int) -> int:
        """Another host part: each bit is turned over or not by a hash of those before it."""
        if (network, host) not in self._turned:
            width = 8 if bits == 32 else 64
            other = 0
            for left in range(width - 1, -1, -1):
                turned = self._hash(f"{network} {left} {host >> left + 1}")[0] & 1
                other = other << 1 | (host >> left & 1 ^ turned)
            self._turned[network, host] = other
        return self._turned[network, host]

    def _mac(self, text: str) -> str:
        digits = f"{_MAC}{self._macs[_digits(text)] % 256:02X}"
        if text.count(".") == 2:
            return f"{digits[:4]}.{digits[4:8]}.{digits[8:]}"
        return text[2].join(digits[at : at + 2] for at in range(0, 12, 2))

    def _ranks(self, items: set[str]) -> dict[str, int]:
        return {item: rank for rank, item in enumerate(sorted(items, key=self._hash))}

    def _hash(self, text: str) -> bytes:
        return hmac.digest(self._key, text.encode(), "sha256")


def _masked(text: str, found: FoundAddress, other: Address) -> Address:
    """The pseudonym for the first address of a prefix is that of the other prefix."""
    address, length = found.address, _PREFIX_LENGTH.match(text, found.end)
    if address is None or length is None or int(length[1]) > address.max_prefixlen:
        return other
    spare = (1 << address.max_prefixlen - int(length[1])) - 1
    return other if int(address) & spare else type(other)(int(other) & ~spare)


def _inner(address: Address) -> Address:
    return (address.ipv4_mapped if address.version == 6 else None) or address


def _split(address: Address) -> tuple[int, int]:
    """Network and host: a /24, IPv6 a /64."""
    return divmod(int(address), 1 << (8 if address.version == 4 else 64))


def _network(rank: int) -> int:
    if rank < len(_DOCUMENTATION):
        return _DOCUMENTATION[rank]
    rank -= len(_DOCUMENTATION)
    if rank < _BENCHMARKS:
        return _BENCHMARK + (rank << 8)
    return _RESERVED + ((rank - _BENCHMARKS) % _RESERVED_MOST << 8)


def _is_not_a_host(address: Address) -> bool:
    """True for loopback, unspecified, netmasks and what is multicast everywhere (RFC 5771 4).

    They identify nobody.
    """
    if address.version == 4:
        spare = ~int(address) & 0xFFFFFFFF
        is_netmask = int(address) >> 24 == 255 and spare & spare + 1 == 0
        return is_netmask or address in _LOCAL_MULTICAST or int(address) in (0, 0x7F000001)
    return address.is_loopback or address.is_unspecified


def _written(address: Address) -> str:
    mapped = address.ipv4_mapped if address.version == 6 else None
    # str() of a mapped address changed with Python 3.13.
    return f"::ffff:{mapped}" if mapped else str(address)


def _digits(mac: str) -> str:
    return re.sub("[^0-9A-F]", "", mac.upper())

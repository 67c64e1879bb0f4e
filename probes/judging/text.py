"""Lists and counts for sentences. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

_MAX_PORTS = 6
"""Ports of one transport that are named; more are counted."""
_MAX_NAMES = 4
_ORDER = {"tcp": 0, "udp": 1, "icmp": 2}


@dataclass(frozen=True, slots=True)
class Port:
    """Port for a sentence: transport (`tcp`, `udp`, `icmp`), number (0 for ICMP), its text."""

    transport: str
    number: int
    text: str

    @property
    def sort_key(self) -> tuple[int, int, str]:
        """TCP before UDP before ICMP, then by number."""
        return _ORDER.get(self.transport, 3), self.number, self.text


def ports_text(ports: Iterable[Port]) -> str:
    """Ports as `TCP 135, 139 and 445, UDP 137 and ICMP`."""
    texts: dict[str, list[str]] = {}
    for port in sorted(set(ports), key=lambda port: port.sort_key):
        texts.setdefault(port.transport, []).append(port.text)
    parts = []
    for transport, numbers in texts.items():
        if transport == "icmp":
            parts.append("ICMP")
        elif len(numbers) > _MAX_PORTS:
            parts.append(f"{len(numbers)} {transport.upper()} ports")
        else:
            parts.append(f"{transport.upper()} {joined(numbers)}")
    return joined(parts)


def joined(parts: Sequence[str]) -> str:
    """Words as `a`, `a and b` or `a, b and c`."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def some(names: Sequence[str], limit: int = _MAX_NAMES) -> str:
    """The first names and the number of the others: `a, b, c, d and 9 more`."""
    if len(names) <= limit + 1:
        return joined(names)
    return f"{', '.join(names[:limit])} and {len(names) - limit:,} more"


def count(number: int, noun: str, plural: str = "") -> str:
    """Number with its noun: `1 host`, `14 hosts`."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def count_of(number: int, whole: int, noun: str, plural: str = "") -> str:
    """`14 hosts` where it is all of them, else `13 of 14 hosts`."""
    everything = count(whole, noun, plural)
    return everything if number >= whole else f"{number:,} of {everything}"

"""MAC addresses of hosts on the own segment, as the kernel's ARP cache has them (Linux proc(5))."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

ARP = Path("/proc/net/arp")
_MOST = 4 * 1024 * 1024
_FORGETS = 128
"""Entries from which on the kernel may drop some (arp(7), gc_thresh1)."""
_COMPLETE, _PUBLISHED = 0x2, 0x8
_ETHERNET = "0x1"
_MAC = re.compile(r"[0-9a-f]{2}(?::[0-9a-f]{2}){5}")
_NONE = "00:00:00:00:00:00"


class Neighbours:
    """Looks neighbours up; costs no packet, and one reading of the cache for each turn of a loop.

    Where there is no such file nobody has a MAC address.
    """

    def __init__(self, path: Path = ARP) -> None:
        self._path = path
        self._text: str | None = None

    def mac(self, address: str) -> str:
        """The MAC address an IPv4 host on an Ethernet segment of ours has just answered from.

        Empty for a host behind a router, for an entry that is not complete, and where two
        interfaces disagree.
        """
        found = {_complete(line) for line in self._lines(address)} - {""}
        return found.pop() if len(found) == 1 else ""

    def missing(self, address: str) -> bool:
        """Whether an IPv4 host would be on a segment of ours and has not answered ARP so far."""
        lines = self._lines(address)
        return bool(lines) and all(_flags(line) == 0 for line in lines)

    def unanswered(self, address: str, router: str | None) -> str | None:
        """Who does not answer ARP on the way to an IPv4 address: itself, or the next `router`.

        Empty where neither is so, None where that cannot be told.
        """
        hop = router or address
        if router is None or ":" in hop:
            return None
        if self.missing(hop):
            return hop
        # A full cache forgets whom it has just asked in vain.
        known = (self._text or "").count("\n")
        return "" if 0 < known < _FORGETS else None

    def _lines(self, address: str) -> list[str]:
        if self._text is None:
            self._text = self._read()
            # What is answered in this turn is in the cache already; later answers may not be.
            asyncio.get_running_loop().call_soon(self._forget)
        begin = f"\n{address} "
        return [part.partition("\n")[0] for part in self._text.split(begin)[1:]]

    def _forget(self) -> None:
        self._text = None

    def _read(self) -> str:
        try:
            with self._path.open("rb") as file:
                return file.read(_MOST).decode("ascii", "replace")
        except OSError:
            return ""


def _flags(line: str) -> int | None:
    words = line.split()
    try:
        return int(words[1], 16)
    except (IndexError, ValueError):
        return None


def _complete(line: str) -> str:
    """The MAC address in a line after its IP address; empty if it is none to rely on."""
    kind, _, mac = (*line.split(), "", "", "")[:3]
    known = _flags(line) or 0
    usable = known & _COMPLETE and not known & _PUBLISHED and kind == _ETHERNET
    return mac if usable and mac != _NONE and _MAC.fullmatch(mac) else ""

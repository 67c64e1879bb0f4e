"""Fuzzy search: names that a few typed letters may mean, the likeliest first."""

from __future__ import annotations

import re
from collections.abc import Iterable

_PART = re.compile(r"[.\-_:]")


def nearest(typed: str, names: Iterable[str], most: int = 8) -> list[str]:
    """At most `most` names: those that begin with what was typed, then a part of which does, then
    those that contain it, then those that have its letters in this order. Case does not matter.
    """
    wanted = typed.strip().casefold()
    found: dict[int, list[str]] = {0: [], 1: [], 2: [], 3: []}
    for name in names:
        rank = _rank(wanted, name.casefold())
        if rank is not None and len(found[rank]) < most:
            found[rank].append(name)
    return [name for rank in found for name in found[rank]][:most]


def _rank(wanted: str, name: str) -> int | None:
    if name.startswith(wanted):
        return 0
    if wanted in name:
        parts = (match.end() for match in _PART.finditer(name))
        return 1 if any(name.startswith(wanted, at) for at in parts) else 2
    at = 0
    for letter in wanted:
        at = name.find(letter, at) + 1
        if not at:
            return None
    return 3

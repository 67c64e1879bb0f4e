"""Orders for the eye: web9 before web10, 10.0.0.9 before 10.0.0.10."""

from __future__ import annotations

import re
import socket
from array import array
from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

_DIGITS = re.compile("([0-9]+)")
_Part = TypeVar("_Part", bound=Hashable)


def natural(text: str) -> tuple[tuple[int, str], ...]:
    """A sort key that ignores case and compares runs of digits by value, however long."""
    return tuple(
        (len(digits := part.lstrip("0")), digits) if place % 2 else (0, part)
        for place, part in enumerate(_DIGITS.split(text.casefold()))
    )


def host_key(host: tuple[str, int]) -> tuple[object, ...]:
    """A sort key for (host, port): IPv4 by value, then IPv6, then names naturally."""
    name, port = host
    version = 6 if ":" in name else 4
    try:
        value = socket.inet_pton(socket.AF_INET6 if version == 6 else socket.AF_INET, name)
    except (OSError, ValueError):
        return (9, natural(name), port)
    return (version, value, port)


def ranks(parts: Sequence[_Part], key: Callable[[_Part], tuple[Any, ...]]) -> array[int]:
    """The place of each part among the different ones, so that a key is made once a value."""
    place = {part: rank for rank, part in enumerate(sorted(set(parts), key=key))}
    return array("I", map(place.__getitem__, parts))

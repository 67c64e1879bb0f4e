"""Ranges in host names as Ansible writes them: `web[01:20].corp`, `db-[a:f]`, `n[1:9:2]`. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import product

from probes.targets.errors import InvalidEntry

_RANGE = re.compile(r"\[([0-9]{1,9}|[A-Za-z]):([0-9]{1,9}|[A-Za-z])(?::([0-9]{1,9}))?\]")
_MAX_RANGES = 4


def has_range(text: str) -> bool:
    """True for a name with a range in it; brackets around a whole host are none."""
    match = _RANGE.search(text)
    return match is not None and (match.start() > 0 or text[match.end() : match.end() + 1] != ":")


def expand(text: str, room: int) -> Iterator[str]:
    """Names of a range, at most `room`; raises InvalidEntry."""
    *texts, last = _RANGE.sub("\0", text).split("\0")
    matches = list(_RANGE.finditer(text))
    if len(matches) > _MAX_RANGES:
        raise InvalidEntry(f"a name has at most {_MAX_RANGES} ranges")
    ranges = [_members(*match.groups()) for match in matches]
    count = 1
    for members in ranges:
        count *= len(members[1])
    if count > room:
        raise InvalidEntry(f"its ranges hold {count:,} names, more than there is room for")
    for values in product(*([first % one for one in numbers] for first, numbers in ranges)):
        yield "".join(part for pair in zip(texts, values, strict=True) for part in pair) + last


def _members(first: str, last: str, step: str | None) -> tuple[str, range]:
    """Format of one member and the members as numbers."""
    stride = int(step or 1)
    if first.isdigit() != last.isdigit() or stride < 1:
        raise InvalidEntry("a range in a name goes from a number to a number, as in web[01:20]")
    if first.isdigit():
        form, low, high = f"%0{len(first)}d" if first[0] == "0" else "%d", int(first), int(last)
    else:
        form, low, high = "%c", ord(first), ord(last)
    if low > high:
        raise InvalidEntry("the range ends before it begins; write the lower end first")
    return form, range(low, high + 1, stride)

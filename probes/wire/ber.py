"""BER: tags, lengths, integers, strings and times (X.690)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

BOOLEAN, INTEGER, BIT_STRING, OCTET_STRING, ENUMERATED = 0x01, 0x02, 0x03, 0x04, 0x0A
SEQUENCE, SET = 0x30, 0x31
GENERAL_STRING, GENERALIZED_TIME = 0x1B, 0x18
MAX_CHILDREN = 512
"""Elements one constructed element may hold."""
_MAX_INTEGER = 8


class Malformed(Exception):
    """The bytes are not what was expected; the text says why."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element: its identifier octet, class and constructed bit included, and its content."""

    tag: int
    content: bytes


def application(number: int) -> int:
    """The identifier octet of a constructed [APPLICATION n], n below 31."""
    return 0x60 | number


def context(number: int) -> int:
    """The identifier octet of a constructed [n], n below 31."""
    return 0xA0 | number


def element(tag: int, *contents: bytes) -> bytes:
    """An element with its length in the fewest bytes (X.690 8.1.3, 10.1)."""
    content = b"".join(contents)
    size = len(content)
    if size < 0x80:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + content


def integer(value: int, tag: int = INTEGER) -> bytes:
    """An INTEGER or ENUMERATED in the fewest bytes of two's complement (X.690 8.3)."""
    magnitude = value if value >= 0 else ~value
    return element(tag, value.to_bytes(magnitude.bit_length() // 8 + 1, "big", signed=True))


def element_size(data: bytes, limit: int) -> int | None:
    """The size in bytes of the element that starts here, its head included; None if too short.

    Raises Malformed for a tag of several bytes, an indefinite length or more than `limit` bytes.
    """
    if data[:1] and data[0] & 0x1F == 0x1F:
        raise Malformed("a tag of several bytes")
    if len(data) < 2:
        return None
    head, size = 2, data[1]
    if size == 0x80:
        raise Malformed("an indefinite length")
    if size > 0x80:
        head += size & 0x7F
        if head > 10:
            raise Malformed(f"a length of {head - 2} bytes")
        if len(data) < head:
            return None
        size = int.from_bytes(data[2:head], "big")
    if head + size > limit:
        raise Malformed(f"an element of {head + size} bytes")
    return head + size


def elements(data: bytes, limit: int = MAX_CHILDREN) -> list[Element]:
    """All elements of a content, in order; raises Malformed if it does not divide into them."""
    found: list[Element] = []
    at = 0
    while at < len(data):
        if len(found) >= limit:
            raise Malformed(f"more than {limit} elements")
        # The head of an element has at most ten bytes; a slice to the end would cost the square.
        size = element_size(data[at : at + 10], len(data) - at)
        if size is None:
            raise Malformed("cut off in an element")
        head = 2 if data[at + 1] < 0x80 else 2 + (data[at + 1] & 0x7F)
        found.append(Element(data[at], data[at + head : at + size]))
        at += size
    return found


def single(data: bytes, tag: int) -> bytes:
    """The content of the one element of this tag that is all there is; raises Malformed."""
    found = elements(data, 1)
    if not found or found[0].tag != tag:
        what = f"{found[0].tag:#04x}" if found else "nothing"
        raise Malformed(f"{what} in the place of {tag:#04x}")
    return found[0].content


def to_integer(content: bytes) -> int:
    """The value of an INTEGER's content of at most 8 bytes; raises Malformed."""
    if not 0 < len(content) <= _MAX_INTEGER:
        raise Malformed(f"an integer of {len(content)} bytes")
    return int.from_bytes(content, "big", signed=True)


_TIME = re.compile(rb"(\d{14})(?:[.,](\d{1,9}))?Z")


def generalized(raw: bytes) -> datetime | None:
    """`20261123000130Z`, with fractions of a second or without; None for anything else."""
    match = _TIME.fullmatch(raw)
    if match is None:
        return None
    digits, fraction = match[1].decode(), (match[2] or b"0").decode()
    # A leap second is written as 60 and has no place in a datetime.
    leap = digits.endswith("60")
    try:
        moment = datetime.strptime(digits[:-2] + ("59" if leap else digits[-2:]), "%Y%m%d%H%M%S")
        moment += timedelta(seconds=1 if leap else 0)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=int(fraction.ljust(6, "0")[:6]), tzinfo=UTC)


def duration_text(seconds: float) -> str:
    """A time difference as a person says it: `0.4 s`, `12 s`, `6 min 12 s`, `3 h 20 min`."""
    seconds = abs(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

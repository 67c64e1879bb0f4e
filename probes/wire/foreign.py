"""What a service said that was not the one asked for, in a few harmless words."""

from __future__ import annotations

from probes.wire.text import printable

_SHOWN = 16


def said(data: bytes) -> str:
    """The first line where it is text, else how many bytes came and how they begin, in hex."""
    line = data.strip().partition(b"\n")[0].rstrip()
    strange = sum(not 0x20 <= byte < 0x7F for byte in line)
    if line and strange * 8 <= len(line):
        return printable(line, 100)
    more = " …" if len(data) > _SHOWN else ""
    return f"{len(data)} bytes that begin with {data[:_SHOWN].hex(' ')}{more}"

"""What an SSH server says first: its identification, or why it will not talk (RFC 4253 4.2)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.wire.text import printable

BEFORE_MOST = 32 * 1024
"""Bytes a server may send before its identification."""
LINES_MOST = 200
"""Lines a server may send before its identification."""
LINE_MOST = 1024
"""Bytes of an identification; RFC 4253 allows 255, some servers send more."""

_IDENT = re.compile(rb"SSH-([0-9]{1,3}\.[0-9]{1,3})-([^\r\n]*)")
_IDENT_LINE = re.compile(rb"^SSH-[^\n]*\n", re.MULTILINE)
_VERSION = re.compile(r"(.+?)[_-]v?(\d.*)")
_BUSY = (b"Exceeded MaxStartups", b"Not allowed at this time")
_FOREIGN = (
    *(b"HTTP/", b"<", b"220 ", b"220-", b"421 ", b"500 ", b"+OK", b"-ERR", b"* OK", b"* BYE"),
    *(b"RFB ", b"\x16\x03", b"\x15\x03", b"\xff\xfb", b"\xff\xfd", b"@RSYNCD"),
)


@dataclass(frozen=True, slots=True)
class Ident:
    """An SSH identification; `version` is empty where the software does not show one."""

    banner: str
    protocol: str
    product: str
    version: str
    comments: str

    @property
    def speaks_2(self) -> bool:
        """Whether protocol 2 is offered: 2.0, or 1.99, which means both (RFC 4253 5.1)."""
        return self.protocol == "1.99" or not self.protocol.startswith("1.")


@dataclass(frozen=True, slots=True)
class Greeting:
    """What is known from the bytes so far; at most one field is set, none means wait for more."""

    ident: Ident | None = None
    busy: str = ""
    """The words of a server that turns us away before it identifies itself."""
    foreign: str = ""
    """What something that is not an SSH server said."""


NOTHING_YET = Greeting()


def greeting(data: bytes, *, ended: bool = False) -> Greeting:
    """Read what a server sent first; `ended` says that no more will come."""
    at = lines = 0
    while 0 <= at < len(data) and lines < LINES_MOST:
        end = data.find(b"\n", at)
        line = data[at:] if end < 0 else data[at:end]
        if line.startswith(b"SSH-"):
            return _identified(line.rstrip(b"\r"), whole=end >= 0 or ended)
        if line.startswith(_BUSY) and (end >= 0 or ended):
            return Greeting(busy=printable(line))
        if at == 0 and line.startswith(_FOREIGN):
            return Greeting(foreign=printable(line))
        at = end + 1 if end >= 0 else -1
        lines += 1
    whatever = bool(data) and not b"SSH-".startswith(data)
    if whatever and (ended or len(data) >= BEFORE_MOST or lines >= LINES_MOST):
        return Greeting(foreign=printable(data[:LINE_MOST]) or "nothing but white space")
    return NOTHING_YET


def behind(data: bytes | bytearray) -> bytes:
    """What follows the identification in what a server sent; empty before its line has ended."""
    line = _IDENT_LINE.search(data)
    return b"" if line is None else bytes(data[line.end() :])


def _identified(line: bytes, *, whole: bool) -> Greeting:
    if not whole and len(line) < LINE_MOST:
        return NOTHING_YET
    match = _IDENT.fullmatch(line)
    if match is None or len(line) > LINE_MOST:
        return Greeting(foreign=printable(line))
    software, _, comments = printable(match[2], LINE_MOST).partition(" ")
    named = _VERSION.fullmatch(software)
    product, version = (named[1], named[2]) if named else (software, "")
    protocol = match[1].decode("ascii")
    return Greeting(Ident(printable(line), protocol, product, version, comments))

"""Name of a protocol that answered where another was expected."""

from __future__ import annotations

import html
import re

from probes.wire.masking import byte_count, dump
from probes.wire.text import printable

_MAX_SHOWN = 16

MAX_PAGE = 32 * 1024
"""Bytes of a page that are looked through; a title stands before them."""
MAX_TITLE = 120

_TITLE = re.compile(rb"<title(?:\s[^>]{0,200})?>([^<]{1,2000})", re.IGNORECASE)
_CHARSET = re.compile(r'charset="?(iso-8859-1|latin1|windows-1252)\b', re.IGNORECASE)

_FIRST_RECORDS = frozenset({0x15, 0x16})
"""A server's first record is a handshake or an alert."""
_MAJOR = 0x03
_PROTOCOLS = (
    (b"SSH-", "an SSH server"),
    (b"RFB ", "a VNC server"),
    (b"220 ", "a mail or file transfer server"),
    (b"\x03\x00\x00", "a Remote Desktop server"),
)


def excerpt(data: bytes) -> str:
    """The first line where it is text, else the number of bytes and the first ones in hex."""
    line = data.strip().partition(b"\n")[0].rstrip()
    strange = sum(not 0x20 <= byte < 0x7F for byte in line)
    if line and strange * 8 <= len(line):
        return printable(line, 100)
    return f"{byte_count(data)} that begin with {dump(data, _MAX_SHOWN, ' ')}"


def is_html(content_type: str) -> bool:
    """True if a Content-Type field names HTML, or is missing."""
    return not content_type or "html" in content_type.lower()


def title(page: bytes, content_type: str = "") -> str:
    """The text of the first title, one harmless line; empty without one.

    Read as UTF-8, or as Windows-1252 where the Content-Type field says so or its subset.
    """
    found = _TITLE.search(page[:MAX_PAGE])
    if found is None:
        return ""
    charset = "windows-1252" if _CHARSET.search(content_type) else "utf-8"
    return printable(html.unescape(found[1].decode(charset, "replace")), MAX_TITLE)


def is_tls(start: bytes) -> bool:
    """True if these bytes, one or more, can be the start of a server's TLS records."""
    return start[0] in _FIRST_RECORDS and start[1:2] in (b"", bytes([_MAJOR]))


def name_non_tls(start: bytes) -> str:
    """Short text for bytes that are not TLS: the protocol if it is known, else an excerpt."""
    line = start.split(b"\n", 1)[0]
    if start.startswith(b"HTTP/"):
        return f"plain HTTP without TLS ({printable(line, 60)})"
    for prefix, name in _PROTOCOLS:
        if start.startswith(prefix):
            return f"{name}, not TLS: {printable(line, 60)}"
    return f"not TLS: {excerpt(start)}"

"""PJL query of a printer's name, and unasked reports (HP PJL Technical Reference)."""

from __future__ import annotations

from probes.wire.text import printable
from probes.wire.unexpected import excerpt

UEL = b"\x1b%-12345X"
"""Universal Exit Language: what stands around PJL so that no printer takes it for a page."""
INFO_ID = UEL + b"@PJL \r\n@PJL INFO ID\r\n" + UEL

MAX_ANSWER = 2048
MAX_STATUS = 32
"""Bytes of a status in a form of the maker's own."""
_ECHO = b"@PJL INFO ID"
_UNASKED = (UEL, b"@PJL", b"%%[")
"""Beginnings of what printers report by themselves, in PJL and in PostScript."""


class NotPjl(Exception):
    """An answer that is not PJL's; the text names or quotes it."""


def identity(data: bytes, *, ended: bool = False) -> str | None:
    """The name in an answer, None while it is unfinished; raises NotPjl.

    An answer is the question again, a line with the name in quotes and a form feed.
    """
    answer = data.lstrip(b"\0\r\n\x0c")
    if not _ECHO.startswith(answer[: len(_ECHO)]):
        raise NotPjl(excerpt(data))
    lines = answer[len(_ECHO) :].replace(b"\r", b"\n").lstrip(b" \n")
    name, end, _ = lines.replace(b"\x0c", b"\n").partition(b"\n")
    if not end and not ended and len(data) <= MAX_ANSWER:
        return None
    named = printable(name.strip().strip(b'"'), 120)
    if not named:
        raise NotPjl(excerpt(data))
    return named


def is_report(data: bytes) -> bool:
    """True for what a printer says unasked, in PJL or PostScript."""
    return data.lstrip(b"\0\r\n\x0c\x11\x13").startswith(_UNASKED)


def encode_answer(name: str) -> bytes:
    """A printer's answer; the name must be one line without quotes."""
    return f'@PJL INFO ID\r\n"{name}"\r\n\f'.encode()

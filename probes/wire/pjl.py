"""PJL's question for a printer's name (HP Printer Job Language Technical Reference)."""

from __future__ import annotations

from probes.wire.text import printable
from probes.wire.unexpected import said

UEL = b"\x1b%-12345X"
"""Universal Exit Language: what stands around PJL so that no printer takes it for a page."""
INFO_ID = UEL + b"@PJL \r\n@PJL INFO ID\r\n" + UEL

ANSWER_MOST = 2048
_ECHO = b"@PJL INFO ID"


class NotPjl(Exception):
    """What came is no answer to the question; the text says what it is instead."""


def identity(data: bytes, *, ended: bool = False) -> str | None:
    """The name in an answer, None while it is unfinished; raises NotPjl.

    An answer is the question again, a line with the name in quotes and a form feed.
    """
    answer = data.lstrip(b"\0\r\n\x0c")
    if not _ECHO.startswith(answer[: len(_ECHO)]):
        raise NotPjl(said(data))
    lines = answer[len(_ECHO) :].replace(b"\r", b"\n").lstrip(b" \n")
    name, end, _ = lines.replace(b"\x0c", b"\n").partition(b"\n")
    if not end and not ended and len(data) <= ANSWER_MOST:
        return None
    named = printable(name.strip().strip(b'"'), 120)
    if not named:
        raise NotPjl(said(data))
    return named


def written(name: str) -> bytes:
    """A printer's answer; the name must be one line without quotes."""
    return f'@PJL INFO ID\r\n"{name}"\r\n\f'.encode()

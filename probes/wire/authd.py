"""What a VMware authentication daemon says first on TCP 902; VMware has not published it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.wire.text import printable
from probes.wire.unexpected import said

GREETING = b"220 VMware Authentication Daemon Version "
LINE_MOST = 512
"""Bytes of a greeting."""

_LINE = re.compile(r"220 VMware Authentication Daemon Version ([0-9][0-9.]{0,20})(.*)")


class NotAuthd(Exception):
    """What came is no greeting of the daemon; the text says what it is instead."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The greeting: its version and, for example, `SSL Required` and `NFCSSL supported`."""

    banner: str
    version: str
    features: tuple[str, ...]

    @property
    def ssl_required(self) -> bool:
        """Whether a login must be encrypted."""
        return "SSL Required" in self.features


def greeting(data: bytes, *, ended: bool = False) -> Greeting | None:
    """Read what came so far, None while it is unfinished; raises NotAuthd.

    `ended` says that no more will come.
    """
    line, newline, _ = data.partition(b"\n")
    if not GREETING.startswith(line[: len(GREETING)]):
        raise NotAuthd(said(data))
    if not newline and not ended and len(line) <= LINE_MOST:
        return None
    banner = printable(line[:LINE_MOST])
    match = _LINE.fullmatch(banner)
    if match is None or len(line) > LINE_MOST:
        raise NotAuthd(said(data))
    features = (part.strip() for part in match[2].lstrip(": ").split(","))
    # Every known version ends its line with a slip of the pen: "/t" for a tab.
    return Greeting(banner, match[1], tuple(f.removesuffix("/t") for f in features if f)[:16])

"""Banner of VMware's authentication daemon on TCP 902, a protocol that is not published."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.wire.text import printable
from probes.wire.unexpected import excerpt

GREETING = b"220 VMware Authentication Daemon Version "
MAX_LINE = 512
"""Bytes of a greeting."""

_LINE = re.compile(r"220 VMware Authentication Daemon Version ([0-9][0-9.]{0,20})(.*)")


class NotAuthd(Exception):
    """An answer that is no greeting of the daemon; the text names or quotes it."""


@dataclass(frozen=True, slots=True)
class Greeting:
    """The greeting: its version and, for example, `SSL Required` and `NFCSSL supported`."""

    banner: str
    version: str
    features: tuple[str, ...]

    @property
    def ssl_required(self) -> bool:
        """True if a login must be encrypted."""
        return any(feature.casefold() == "ssl required" for feature in self.features)


def greeting(data: bytes, *, ended: bool = False) -> Greeting | None:
    """Read what came so far, None while it is unfinished; raises NotAuthd.

    `ended` says that no more will come.
    """
    line, newline, _ = data.partition(b"\n")
    if not GREETING.startswith(line[: len(GREETING)]):
        raise NotAuthd(excerpt(data))
    if not newline and not ended and len(line) <= MAX_LINE:
        return None
    banner = printable(line)
    match = _LINE.fullmatch(banner)
    if match is None or len(line) > MAX_LINE:
        raise NotAuthd(excerpt(data))
    features = (part.strip() for part in match[2].lstrip(": ").split(","))
    # Every known version ends its line with a slip of the pen: "/t" for a tab.
    return Greeting(banner, match[1], tuple(f.removesuffix("/t") for f in features if f)[:16])

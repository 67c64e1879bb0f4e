"""Watch options and their parser: `30`, `60 failed`, `5 all bell`, `off`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.wire.text import printable

MIN_INTERVAL, MAX_INTERVAL = 1.0, 86400.0
"""Seconds between two rounds."""

_NUMBER = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(s|m|min|h)?")
_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}


class WatchOptionsError(Exception):
    """Invalid watch options; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """Interval in seconds of a watch, and its rows: all, or only those that are not ok."""

    interval: float
    failed_only: bool = False
    bell: bool = False
    """Ring when a row changes."""

    @property
    def text(self) -> str:
        """As it is typed."""
        words = [f"{self.interval:g}", *(["failed"] if self.failed_only else [])]
        return " ".join((*words, "bell") if self.bell else words)


def parse_options(text: str) -> WatchOptions | None:
    """Parse watch options; None for an empty line and `off`; raises WatchOptionsError."""
    interval: float | None = None
    failed_only = bell = False
    words = text.casefold().split()
    if words in ([], ["off"]):
        return None
    for word in words:
        number = _NUMBER.fullmatch(word)
        if number and interval is None:
            interval = float(number[1]) * _UNITS[number[2] or ""]
        elif word in ("failed", "failures"):
            failed_only = True
        elif word == "bell":
            bell = True
        elif word not in ("all", "s"):
            raise WatchOptionsError(
                f"'{printable(word, 30)}' does not belong here. Write seconds (30), minutes "
                "(5m) or off; all, failed and bell may follow."
            )
    if interval is None or not MIN_INTERVAL <= interval <= MAX_INTERVAL:
        raise WatchOptionsError(
            f"Every how many seconds? Type {MIN_INTERVAL:g} to {MAX_INTERVAL:g}, such as 30 or 5m."
        )
    return WatchOptions(interval, failed_only, bell)

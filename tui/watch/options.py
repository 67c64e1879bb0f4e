"""What is to be repeated, as it is typed: `30`, `60 failed`, `5 all bell`, `off`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.wire.text import printable

LEAST, MOST = 1.0, 86400.0
"""Seconds between two rounds."""

_NUMBER = re.compile(r"(\d{1,5}(?:\.\d{1,3})?)(s|m|min|h)?")
_UNITS = {"": 1, "s": 1, "m": 60, "min": 60, "h": 3600}


class BadOrder(Exception):
    """What was typed cannot be repeated; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Order:
    """Measure again every so many seconds: everything, or only what is not ok."""

    every: float
    failed: bool = False
    bell: bool = False
    """Ring when a row changes."""

    @property
    def text(self) -> str:
        """As it is typed."""
        words = [f"{self.every:g}", *(["failed"] if self.failed else [])]
        return " ".join((*words, "bell") if self.bell else words)


def order(text: str) -> Order | None:
    """The order in a line; None for an empty one and `off`; raises BadOrder."""
    every: float | None = None
    failed = bell = False
    words = text.casefold().split()
    if words in ([], ["off"]):
        return None
    for word in words:
        number = _NUMBER.fullmatch(word)
        if number and every is None:
            every = float(number[1]) * _UNITS[number[2] or ""]
        elif word in ("failed", "failures"):
            failed = True
        elif word == "bell":
            bell = True
        elif word not in ("all", "s"):
            raise BadOrder(
                f"'{printable(word, 30)}' is neither seconds nor one of all, failed, bell, off."
            )
    if every is None or not LEAST <= every <= MOST:
        raise BadOrder(f"Every how many seconds? Type {LEAST:g} to {MOST:g}, such as 30 or 5m.")
    return Order(every, failed, bell)

"""What a value on the command line may be; what it may not is said by argparse."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

from probes.model import Status
from probes.wire.text import printable

_LABEL = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")
_DECIMAL = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}")


_PASSING = (Status.QUEUED, Status.RUNNING)
"""Statuses that no row of a log has."""
_WELL = (Status.OK, Status.NOT_NEEDED)


def quoted(text: str) -> str:
    """What was typed, for a sentence about it."""
    return f"'{printable(text, 60)}'"


def seconds(text: str) -> float:
    """A time, 0.1 to 300 seconds."""
    value = float(text) if _DECIMAL.fullmatch(text) else 0.0
    if not 0.1 <= value <= 300:
        raise ArgumentTypeError(f"{quoted(text)} is not a number of seconds from 0.1 to 300")
    return value


def speed(text: str) -> float:
    """How many times as fast a session is played."""
    from tui.sessions import player

    try:
        return player.speed(text)
    except player.BadSpeed as error:
        raise ArgumentTypeError(f"{quoted(text)} is no speed. {error}") from None


def dns_name(text: str) -> str:
    """A name for DNS."""
    labels = text.rstrip(".").split(".")
    if len(text) > 253 or not all(_LABEL.fullmatch(label) for label in labels):
        raise ArgumentTypeError(f"{quoted(text)} is no DNS name, such as www.corp.example")
    return text


def statuses(text: str) -> tuple[Status, ...]:
    """The statuses in a list; `failed` is all that are not well."""
    known: dict[str, tuple[Status, ...]] = {
        status.replace(" ", "-"): (status,) for status in Status if status not in _PASSING
    }
    known["failed"] = tuple(status for status in Status if status not in (*_PASSING, *_WELL))
    found: dict[Status, None] = {}
    for word in text.split(","):
        name = word.strip().lower().replace(" ", "-")
        if name not in known:
            raise ArgumentTypeError(f"{quoted(word)} is none of {', '.join(known)}")
        found.update(dict.fromkeys(known[name]))
    return tuple(found)


def count(text: str) -> int:
    """A number of attempts in flight."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= 60000:
        raise ArgumentTypeError(f"{quoted(text)} is not a number from 1 to 60000")
    return int(text)

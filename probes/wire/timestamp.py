"""Times as LDAP and Kerberos write them: GeneralizedTime in UTC (X.680 46, RFC 4120 5.2.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

_TIME = re.compile(rb"(\d{14})(?:[.,](\d{1,9}))?Z")


def generalized(raw: bytes) -> datetime | None:
    """`20261123000130Z`, with fractions of a second or without; None for anything else."""
    match = _TIME.fullmatch(raw)
    if match is None:
        return None
    digits, fraction = match[1].decode(), (match[2] or b"0").decode()
    # A leap second is written as 60 and has no place in a datetime.
    leap = digits.endswith("60")
    try:
        moment = datetime.strptime(digits[:-2] + ("59" if leap else digits[-2:]), "%Y%m%d%H%M%S")
        moment += timedelta(seconds=1 if leap else 0)
    except (ValueError, OverflowError):
        return None
    return moment.replace(microsecond=int(fraction.ljust(6, "0")[:6]), tzinfo=UTC)


def distance(seconds: float) -> str:
    """A time difference as a person says it: `0.4 s`, `12 s`, `6 min 12 s`, `3 h 20 min`."""
    seconds = abs(seconds)
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    if days:
        return f"{days} d {hours} h"
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"

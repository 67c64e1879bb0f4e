"""Exit statuses of the program."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from probes.model import Ruling


class Exit(IntEnum):
    """The statuses a run can end with."""

    READY = 0
    DIFFERS = 1
    """Of `diff`: something regressed; of `verify`: the log is not as it was written."""
    USAGE = 2
    BLOCKED = 3
    DEGRADED = 4
    UNTESTED = 5
    NOT_SAVED = 6
    """Of `run`: everything was measured, and the session log lacks something of it."""
    FAULT = 70
    """An error in the program itself ended it; EX_SOFTWARE of sysexits.h."""
    INTERRUPTED = 130


def exit_status(rulings: Iterable[Ruling | None]) -> Exit:
    """The status of a finished run: blocked before unknown before degraded.

    None stands for a target without a verdict. A run without a single target has shown nothing, so
    it is untested.
    """
    seen = set(rulings)
    if Ruling.BLOCKED in seen:
        return Exit.BLOCKED
    if not seen or seen & {Ruling.UNKNOWN, None}:
        return Exit.UNTESTED
    return Exit.DEGRADED if Ruling.DEGRADED in seen else Exit.READY

"""Exit statuses: what a script learns without reading a line."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum

from probes.engine.model import Status


class Exit(IntEnum):
    """The statuses a run can end with."""

    READY = 0
    USAGE = 2
    BLOCKED = 3
    DEGRADED = 4
    UNTESTED = 5
    INTERRUPTED = 130


def exit_status(statuses: Iterable[Status]) -> Exit:
    """The status of a finished run: blocked before untested before degraded.

    A run without a single row has shown nothing, so it is untested.
    """
    seen = set(statuses)
    if Status.BLOCKED in seen:
        return Exit.BLOCKED
    if not seen or seen & {Status.ERROR, Status.CANCELLED, Status.QUEUED, Status.RUNNING}:
        return Exit.UNTESTED
    return Exit.DEGRADED if Status.DEGRADED in seen else Exit.READY

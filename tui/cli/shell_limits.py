"""Limits of the shell that leave a command too little (getrlimit(2)); Windows has none."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import NamedTuple

from tui.cli.options import UsageError

if sys.platform != "win32":
    import resource


class Needs(NamedTuple):
    """Least limits under which a command comes to its end or to a sentence of its own."""

    memory: int
    """kB of address space, stacks and arenas of its threads included.

    With less, a library that is not Python aborts in the middle, and no sentence can be said.
    """
    descriptors: int = 0
    """Open files; the demo's servers have theirs open as well.

    With less, rows wait for one that never comes, and what fails first is a matter of chance.
    """


NEEDED = {
    "screen": Needs(1_000_000, 64),
    "demo": Needs(1_000_000, 256),
    "open": Needs(1_000_000, 64),
    "run": Needs(400_000, 32),
    "export": Needs(150_000, 16),
    "diff": Needs(150_000, 16),
    "verify": Needs(100_000, 16),
    "checks": Needs(100_000),
}
"""Needs by command, measured and rounded up generously."""


def require_limits(command: str) -> None:
    """Raise UsageError where a limit of the shell leaves a command too little.

    The soft limit of open files is raised to what it needs where the hard one allows it: the
    vantage raises it further, but only after an event loop has taken some.
    """
    needs = NEEDED.get(command)
    if sys.platform == "win32" or needs is None:
        return
    for name, limit in (("ulimit -v", resource.RLIMIT_AS), ("ulimit -d", resource.RLIMIT_DATA)):
        allowed, _ = resource.getrlimit(limit)
        if allowed != resource.RLIM_INFINITY and allowed < needs.memory * 1024:
            raise UsageError(
                f"A limit of this shell leaves the program {allowed // 1024:,} kB of memory, "
                f"and it may need {needs.memory:,}; raise it with `{name} unlimited`."
            )
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needs.descriptors:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (needs.descriptors, hard))
        return
    raise UsageError(
        f"A limit of this shell lets the program open {hard} files at once, and it needs "
        f"{needs.descriptors}; raise it with `ulimit -n {needs.descriptors}`, in a new shell where "
        "this one may not."
    )

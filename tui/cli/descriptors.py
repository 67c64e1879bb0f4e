"""Descriptors that this program may have open (getrlimit(2), RLIMIT_NOFILE)."""

from __future__ import annotations

from contextlib import suppress

from tui.cli.options import UsageError

try:
    import resource
except ImportError:  # Windows has no such limit.
    resource = None  # type: ignore[assignment]

NEEDED = {"screen": 64, "demo": 256, "open": 64, "run": 32, "export": 16, "diff": 16, "verify": 16}
"""Least limit of a command (measured); the demo's servers have theirs open as well.

With less, rows wait for a descriptor that never comes, and what fails first is a matter of chance.
"""


def require_descriptors(command: str) -> None:
    """Raise the soft limit to what a command needs; raises UsageError where the hard one is less.

    The vantage raises it further, but only after an event loop has taken some.
    """
    needed = NEEDED.get(command, 0)
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= needed:
        return
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
        return
    raise UsageError(
        f"A limit of this shell lets the program open {hard} files at once, and it needs {needed}; "
        f"raise it with `ulimit -n {needed}`, in a new shell where this one may not."
    )

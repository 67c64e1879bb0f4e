"""Memory that this program may take (getrlimit(2), RLIMIT_AS and RLIMIT_DATA)."""

from __future__ import annotations

from tui.cli.options import UsageError

try:
    import resource
except ImportError:  # Windows has no such limits.
    _LIMITS: dict[str, int] = {}
else:
    _LIMITS = {"ulimit -v": resource.RLIMIT_AS, "ulimit -d": resource.RLIMIT_DATA}

NEEDED = {
    "screen": 1_000_000,
    "demo": 1_000_000,
    "open": 1_000_000,
    "run": 400_000,
    "export": 150_000,
    "diff": 150_000,
    "verify": 100_000,
    "checks": 100_000,
}
"""kB of address space of a command, stacks and arenas of its threads included (measured).

With less, a library that is not Python aborts in the middle, and no sentence can be said.
"""


def require_memory(command: str) -> None:
    """Raise UsageError where a limit of the shell leaves a command too little."""
    for name, limit in _LIMITS.items():
        allowed, _ = resource.getrlimit(limit)
        needed = NEEDED.get(command, 0)
        if allowed != resource.RLIM_INFINITY and allowed < needed * 1024:
            raise UsageError(
                f"A limit of this shell leaves the program {allowed // 1024:,} kB of memory, "
                f"and it may need {needed:,}; raise it with `{name} unlimited`."
            )

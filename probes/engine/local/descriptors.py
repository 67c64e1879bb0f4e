"""How many sockets may be open at once."""

from __future__ import annotations

import sys


def descriptor_limit() -> int:
    """Raise the soft descriptor limit to the hard one and return it (RLIMIT_NOFILE)."""
    if sys.platform == "win32":
        return 512
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = 1 << 20
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    except (OSError, ValueError):
        # macOS refuses more than OPEN_MAX although the hard limit is infinite.
        return soft
    return wanted

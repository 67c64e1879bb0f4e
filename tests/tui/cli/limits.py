"""Commands under a limit of the shell."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def limited(option: str, limit: int, *words: str) -> subprocess.CompletedProcess[str]:
    """A command under `ulimit`, whose exit status is not that of a signal."""
    return subprocess.run(
        [
            *("sh", "-c", f'ulimit {option} {limit}; exec "$@"', "sh"),
            *(sys.executable, "-m", "tui", *words),
        ],
        cwd=Path(__file__).parents[3],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )

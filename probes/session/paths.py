"""Where a session log lies when the operator names no file, and how a path is shown."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path

import platformdirs

from probes.session.header import Header


def default_path(header: Header) -> Path:
    """A new file in the state directory (XDG_STATE_HOME on Linux): `sessions/TIME-ID.jsonl`.

    That of a demo begins with `demo-`.
    """
    started = datetime.fromisoformat(header.started)
    prefix = "demo-" if header.vantage.simulated else ""
    name = f"{prefix}{started:%Y%m%d-%H%M%S}-{header.id[:8]}.jsonl"
    return sessions_folder() / name


def sessions_folder() -> Path:
    """Where sessions lie for which the operator named no file; it may not be there yet."""
    return platformdirs.user_state_path("auditreach", appauthor=False) / "sessions"


def make_parents(path: Path) -> None:
    """Create the directories above a file that are missing, mode 0700; raises OSError."""
    missing = []
    for parent in path.parents:
        if parent.exists():
            break
        missing.append(parent)
    for parent in reversed(missing):
        parent.mkdir(mode=0o700, exist_ok=True)


def printable_path(path: str | os.PathLike[str]) -> str:
    """A path without anything a terminal would act on."""
    return "".join(char if char.isprintable() else "?" for char in os.fspath(path))


def error_text(error: OSError) -> str:
    """The operating system's reason, for the end of a sentence."""
    return (error.strerror or str(error)).lower() or "unknown reason"

"""Default path of a session log, and the error of a file that is no session."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from probes.session.header import Header
from probes.state_directory import UnsafeDirectory, state_directory


class SessionError(Exception):
    """File that is no session this version reads; the message is one sentence."""


def default_path(header: Header) -> Path:
    """Path of a new file in the state directory (XDG_STATE_HOME on Linux).

    It is `sessions/TIME-ID.jsonl`; the name of a demo begins with `demo-`.
    """
    started = datetime.fromisoformat(header.started)
    prefix = "demo-" if header.vantage.simulated else ""
    name = f"{prefix}{started:%Y%m%d-%H%M%S}-{header.id[:8]}.jsonl"
    return sessions_folder() / name


def sessions_folder() -> Path:
    """Folder of sessions for which the operator named no file; it need not exist yet."""
    return state_directory() / "sessions"


def error_text(error: OSError) -> str:
    """Reason of an error from the operating system, as the end of a sentence."""
    if isinstance(error, UnsafeDirectory):
        return str(error.strerror)
    return (error.strerror or str(error)).lower() or "unknown reason"

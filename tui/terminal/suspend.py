"""Suspension of the program, where a shell can resume it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.terminal.app_base import TerminalApp

NO_SHELL = "Cannot suspend: there is no shell to return to. q quits."


def suspend_to_shell(app: TerminalApp) -> str:
    """Give the terminal back to the shell until it resumes the program; return why not, or nothing.

    What is in flight meanwhile is begun anew (probes.engine.pacing).
    """
    if not resumable():
        return NO_SHELL
    app.suspend_to_shell()
    return ""


def resumable() -> bool:
    """Return True if a parent in this session can resume this process group (POSIX: not orphaned).

    Without one nobody would ever resume it, though a stop by SIGSTOP would succeed.
    """
    if not hasattr(os, "getsid"):
        return False
    parent = os.getppid()
    try:
        while os.getpgid(parent) == os.getpgrp():
            parent = _parent(parent)
        return os.getsid(parent) == os.getsid(0)
    except (OSError, ValueError):
        # It is gone, is another user's, or this system has no /proc to ask.
        return False


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])

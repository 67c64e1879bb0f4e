"""The program's own directory on this machine, and paths that are taken."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import platformdirs


class UnsafeDirectory(OSError):
    """Directory that another user can put files into, or none; the text is a clause with a path."""

    def __init__(self, text: str) -> None:
        super().__init__(errno.EACCES, text)


def state_directory() -> Path:
    """Directory of sessions, sets and preferences (below XDG_STATE_HOME on Linux)."""
    return platformdirs.user_state_path("auditreach", appauthor=False)


def make_state_directory(folder: Path) -> None:
    """Create a directory of the program's own, mode 0700, with what is missing above it.

    Raises OSError, and UnsafeDirectory for one that another user can put files into.
    """
    missing = []
    for each in (folder, *folder.parents):
        if each.exists():
            break
        missing.append(each)
    for each in reversed(missing):
        try:
            each.mkdir(mode=0o700, exist_ok=True)
        except FileExistsError:
            # The error is about this one, not about the file that was to be made in it.
            text = taken_text(each) if each.is_symlink() else "is no directory"
            raise UnsafeDirectory(f"{_printable(each)} {text}") from None
    check_state_directory(folder)


def check_state_directory(folder: Path) -> None:
    """Check a directory and those above it up to the state directory; raises OSError.

    Windows has its own permissions, which a profile's folder has by default.
    """
    if os.name == "nt":
        return
    root = state_directory()
    for each in (folder, *folder.parents):
        found = each.stat()
        if each.is_symlink():
            _check_link(each)
        if found.st_uid != os.geteuid():
            raise UnsafeDirectory(f"{_printable(each)} belongs to another user")
        if found.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
            raise UnsafeDirectory(f"others can write to {_printable(each)} (chmod go-w ends that)")
        if each == root or root not in each.parents:
            _check_above(each)
            break


def _check_link(link: Path) -> None:
    """Check a link to a directory of the program's own: others may neither set it nor its end."""
    if link.lstat().st_uid not in (0, os.geteuid()):
        raise UnsafeDirectory(f"the symbolic link {_printable(link)} belongs to another user")
    _check_above(link.resolve(), f", where {_printable(link)} leads")


def _check_above(folder: Path, why: str = "") -> None:
    # In a sticky directory, such as /tmp, nobody else can rename what is ours.
    above = folder.parent.stat().st_mode
    if above & stat.S_IWOTH and not above & stat.S_ISVTX:
        raise UnsafeDirectory(f"others can write to {_printable(folder.parent)}{why}")


def taken_text(path: str | os.PathLike[str]) -> str:
    """Predicate of a path that is taken, also by a link that leads nowhere."""
    if Path(path).is_symlink() and not Path(path).exists():
        return "is a symbolic link that leads nowhere"
    return "exists already"


def _printable(path: Path) -> str:
    return "".join(char if char.isprintable() else "?" for char in str(path))

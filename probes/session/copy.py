"""A session saved under another name: whole or not at all, and nothing overwritten unasked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from probes.session.paths import because, make_parents, shown
from probes.session.reader import SessionError


class AlreadyThere(SessionError):
    """There is a file of that name; ask before `overwrite=True`."""


def copy(
    path: str | os.PathLike[str], to: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Copy a session log to a file of mode 0600; raises AlreadyThere and SessionError."""
    source, target = Path(path), Path(to)
    try:
        if target.is_dir():
            raise SessionError(f"{shown(to)} is a directory; name a file.")
        if target.exists() and target.samefile(source):
            raise SessionError(f"{shown(to)} is the session log itself; name another file.")
        make_parents(target)
        part = target.with_name(f".{target.name[:64]}.{os.urandom(4).hex()}")
        try:
            _copied(source, part)
            if not overwrite:
                _claim(target)
            try:
                part.replace(target)
            except OSError:
                if not overwrite:
                    target.unlink(missing_ok=True)
                raise
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise AlreadyThere(f"{shown(to)} exists already.") from None
    except OSError as error:
        raise SessionError(f"Cannot save {shown(to)}: {because(error)}.") from None
    except ValueError:
        raise SessionError(f"{shown(to)} cannot be a file name.") from None


def _copied(source: Path, part: Path) -> None:
    with source.open("rb") as reading:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(part, flags, 0o600), "wb") as writing:
            shutil.copyfileobj(reading, writing)
            writing.flush()
            os.fsync(writing.fileno())


def _claim(target: Path) -> None:
    """Take the name, so that nobody's file can come between the look and the move."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

"""Private files, written atomically; saved copies and reports."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import TextIO

from probes.state_directory import check_state_directory, make_state_directory, taken_text
from profiles.errors import printable_path
from profiles.files import FileKind, read_text

# Absent on Windows, where links and text mode are other matters.
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)


def write_private(path: Path, text: str) -> None:
    """Replace a file of mode 0600 in a directory of the program's own, which is made.

    Raises OSError, also where another user can put files into that directory.
    """
    make_state_directory(path.parent)
    part = _part_of(path)
    try:
        with _create(part) as file:
            file.write(text)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def read_private(path: Path, kind: FileKind) -> str:
    """Read a file in a directory of the program's own; raises OSError and FileError."""
    check_state_directory(path.parent)
    return read_text(path, kind)


def _part_of(path: Path) -> Path:
    """Name nobody can know before, for a file that is to replace another one."""
    return path.with_name(f".{path.name[:64]}.{os.urandom(4).hex()}")


def _create(path: Path) -> TextIO:
    """Create a file of mode 0600, with the same bytes on every system; refuse a link."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NOFOLLOW | _BINARY
    return os.fdopen(
        os.open(path, flags, 0o600), "w", encoding="utf-8", errors="replace", newline=""
    )


class SaveError(Exception):
    """The file could not be written; the text is one sentence."""


class DestinationExists(SaveError):
    """The file exists and may not be overwritten."""


def save(pieces: Iterable[str], path: Path, *, force: bool, never: Iterable[Path] = ()) -> None:
    """Write UTF-8 to a file of mode 0600; with `force` over an existing one, but none of `never`.

    Raises SaveError, and DestinationExists without `force`.
    """
    if not path.name or "\0" in path.name:
        raise SaveError(f"{_shown(path)} cannot be a file name.")
    part = _part_of(path)
    try:
        _check_destination(path, force, never)
        try:
            _write(pieces, part)
            _move(part, path, force)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise DestinationExists(
            f"{_shown(path)} {taken_text(path)}; --force overwrites it."
        ) from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SaveError(f"Cannot write {_shown(path)}: {reason}.") from None
    except ValueError:
        raise SaveError(f"{_shown(path)} cannot be a file name.") from None


def _shown(path: Path) -> str:
    return printable_path(path)


def _check_destination(path: Path, force: bool, never: Iterable[Path]) -> None:
    # A device or a pipe would be replaced by a file.
    if path.exists() and not path.is_file():
        raise SaveError(f"{_shown(path)} is not a regular file; name another one.")
    # It may be one of the system's, such as /dev/stdout, and would be replaced by a file as well.
    if force and path.is_symlink() and path.exists():
        raise SaveError(f"{_shown(path)} is a symbolic link; name the file it leads to.")
    if path.exists() and any(other.exists() and path.samefile(other) for other in never):
        raise SaveError(f"{_shown(path)} is the session log itself; name another file.")
    if not force and (path.exists() or path.is_symlink()):
        raise FileExistsError


def _write(pieces: Iterable[str], part: Path) -> None:
    with _create(part) as file:
        file.writelines(pieces)
        file.flush()
        os.fsync(file.fileno())


def _move(part: Path, path: Path, force: bool) -> None:
    if not force:
        # Take the name, so that nobody's file can come between the look and the move.
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        part.replace(path)
    except OSError:
        if not force:
            path.unlink(missing_ok=True)
        raise

"""Private files, written atomically; saved copies and reports."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from probes.wire.text import printable


def write_private(path: Path, text: str) -> None:
    """Replace a file of mode 0600, and make its directory; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_suffix(".part")
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(os.open(part, flags, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)


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
    part = path.with_name(f".{path.name[:64]}.{os.urandom(4).hex()}")
    try:
        _check_destination(path, force, never)
        try:
            _write(pieces, part)
            _move(part, path, force)
        finally:
            part.unlink(missing_ok=True)
    except FileExistsError:
        raise DestinationExists(f"{_shown(path)} exists already; --force overwrites it.") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise SaveError(f"Cannot write {_shown(path)}: {reason}.") from None
    except ValueError:
        raise SaveError(f"{_shown(path)} cannot be a file name.") from None


def _shown(path: Path) -> str:
    return printable(str(path))


def _check_destination(path: Path, force: bool, never: Iterable[Path]) -> None:
    # A device or a pipe would be replaced by a file.
    if path.exists() and not path.is_file():
        raise SaveError(f"{_shown(path)} is not a regular file; name another one.")
    if path.exists() and any(other.exists() and path.samefile(other) for other in never):
        raise SaveError(f"{_shown(path)} is the session log itself; name another file.")
    if not force and (path.exists() or path.is_symlink()):
        raise FileExistsError


def _write(pieces: Iterable[str], part: Path) -> None:
    # No newline translation, nor Windows' own: the bytes are the same everywhere.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with os.fdopen(
        os.open(part, flags, 0o600), "w", encoding="utf-8", errors="replace", newline=""
    ) as file:
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

"""Copy of a session log: complete or not at all, and nothing overwritten unasked."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from probes.session.paths import SessionError, error_text
from probes.state_directory import taken_text
from profiles.errors import printable_path


class SessionExists(SessionError):
    """The destination exists; ask before copying with `overwrite=True`."""


def copy_session(
    path: str | os.PathLike[str], destination: str | os.PathLike[str], *, overwrite: bool = False
) -> None:
    """Copy a session log to a file of mode 0600; raises SessionExists and SessionError."""
    source, target = Path(path), Path(destination)
    try:
        if target.is_dir():
            raise SessionError(f"{printable_path(destination)} is a directory; name a file.")
        if target.exists() and target.samefile(source):
            raise SessionError(
                f"{printable_path(destination)} is the session log itself; name another file."
            )
        temporary = target.with_name(f".{target.name[:64]}.{os.urandom(4).hex()}")
        try:
            _copy_to_new_file(source, temporary)
            if not overwrite:
                _reserve_name(target)
            try:
                temporary.replace(target)
            except OSError:
                if not overwrite:
                    target.unlink(missing_ok=True)
                raise
        finally:
            temporary.unlink(missing_ok=True)
    except FileExistsError:
        raise SessionExists(f"{printable_path(destination)} {taken_text(destination)}.") from None
    except OSError as error:
        raise SessionError(
            f"Cannot save {printable_path(destination)}: {error_text(error)}."
        ) from None
    except ValueError:
        raise SessionError(f"{printable_path(destination)} cannot be a file name.") from None


def _copy_to_new_file(source: Path, temporary: Path) -> None:
    with source.open("rb") as reading:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
        with os.fdopen(os.open(temporary, flags, 0o600), "wb") as writing:
            shutil.copyfileobj(reading, writing)
            writing.flush()
            os.fsync(writing.fileno())


def _reserve_name(target: Path) -> None:
    """Create the file, so that no other file can take its name before the move."""
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

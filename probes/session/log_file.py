"""File of a session log that is being written: whole lines, and what others did to the file."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
from collections.abc import Iterable
from itertools import chain
from pathlib import Path

from probes.session.json_line import MAX_LINE
from probes.session.paths import sessions_folder
from probes.state_directory import make_state_directory

# Absent on Windows, where links and text mode are other matters.
_NOFOLLOW: int = getattr(os, "O_NOFOLLOW", 0)
_BINARY: int = getattr(os, "O_BINARY", 0)
_NONBLOCK: int = getattr(os, "O_NONBLOCK", 0)

_NO_SYNC = (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EROFS)
"""Errors of a file, such as a pipe, that cannot be synced at all (fsync(2))."""


_MAX_NUMBER = 1000
"""Most numbers tried for the name of a log that is written anew."""


class LogFile:
    """Descriptor that lines are appended to; every method but `displaced` raises OSError."""

    def __init__(self, descriptor: int, path: Path | None = None, *, size: int = 0) -> None:
        """Append to a file of `size` bytes; without `path` to a stream of somebody else's."""
        self.descriptor = descriptor
        self.path = path
        self._size = self._first_size = size
        self._whole = size
        """Bytes up to the end of the last whole line."""
        self._modified_ns = self._modification_ns()
        self._modified = False

    @classmethod
    def create(cls, path: Path) -> LogFile:
        """Create a file of mode 0600; refuse an existing one and a symbolic link."""
        flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | _NOFOLLOW | _BINARY
        return cls(os.open(path, flags, 0o600), path)

    @staticmethod
    def open(path: str | os.PathLike[str]) -> int:
        """Descriptor of an existing file; refuses a symbolic link and does not wait for a FIFO."""
        return os.open(path, os.O_RDWR | os.O_APPEND | _NOFOLLOW | _BINARY | _NONBLOCK)

    def write(self, data: bytearray) -> None:
        """Append data and take what was written from its beginning, also where it fails then."""
        self._modified = self.is_modified()
        try:
            while data:
                written = os.write(self.descriptor, data)
                if written <= 0:
                    raise OSError(errno.EIO, os.strerror(errno.EIO))
                newline = data.rfind(b"\n", 0, written)
                if newline >= 0:
                    self._whole = self._size + newline + 1
                self._size += written
                del data[:written]
        finally:
            self._modified_ns = self._modification_ns()

    def displaced(self) -> str:
        """Predicate of what somebody did to the file or its name; empty if nothing."""
        if self.path is None:
            return ""
        try:
            mine = os.fstat(self.descriptor)
            named = os.lstat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return "was renamed" if mine.st_nlink else "was deleted"
        except OSError:
            return ""
        if not os.path.samestat(mine, named):
            return "was replaced by another file"
        if mine.st_size < self._size:
            return "was cut short"
        return "was written to by another program" if mine.st_size > self._size else ""

    def is_modified(self) -> bool:
        """True if the file may hold other bytes than were written, at the same length."""
        return self._modified or self._modification_ns() != self._modified_ns

    def holds(self, digest: bytes) -> bool:
        """True if the file has this hash."""
        same = self.digest().digest() == digest
        if same:
            self._modified, self._modified_ns = False, self._modification_ns()
        return same

    def digest(self) -> hashlib._Hash:
        """Hash of the whole file."""
        found = hashlib.sha256()
        os.lseek(self.descriptor, 0, os.SEEK_SET)
        while data := os.read(self.descriptor, 1024 * 1024):
            found.update(data)
        return found

    def cut_torn_line(self) -> None:
        """Take a line off that was written in part, if the file ends as it was written."""
        if self._size > self._whole and not self.displaced():
            os.ftruncate(self.descriptor, self._whole)
            self._size = self._whole
            self._modified_ns = self._modification_ns()

    def cut_back(self) -> None:
        """Take everything off that was appended, if the file ends as it was written."""
        if not self.displaced():
            os.ftruncate(self.descriptor, self._first_size)

    def sync(self) -> None:
        """Wait until the data are on the disk, where the file can be synced."""
        try:
            os.fsync(self.descriptor)
        except OSError as error:
            if error.errno not in _NO_SYNC:
                raise

    def remove(self) -> None:
        """Close the file and remove it, unless another one has its name by now."""
        try:
            if self.path is not None and not self.displaced():
                self.path.unlink()
        finally:
            self.close()

    def close(self) -> None:
        """Close the file; a stream of somebody else's stays open."""
        if self.path is not None:
            os.close(self.descriptor)

    def _modification_ns(self) -> int:
        return 0 if self.path is None else os.fstat(self.descriptor).st_mtime_ns


def write_whole(file: LogFile, lines: Iterable[str]) -> tuple[LogFile, hashlib._Hash]:
    """Write lines to a new file, which is removed where that fails; returns their hash too."""
    digest = hashlib.sha256()
    piece = bytearray()
    try:
        for line in chain(lines, [""]):
            piece += f"{line}\n".encode("ascii") if line else b""
            if len(piece) >= MAX_LINE or not line:
                digest.update(piece)
                file.write(piece)
    except OSError:
        with contextlib.suppress(OSError):
            file.remove()
        raise
    return file, digest


def create_beside(path: Path, *, taken: bool) -> LogFile:
    """Create a file beside a log, with a number in its name unless that is not `taken`.

    Where the directory of a log that was lost is gone, the file is made in the default one.
    Raises OSError.
    """
    if not taken:
        make_default_directory(path)
        return _create_numbered(path, 1)
    try:
        return _create_numbered(path, 2)
    except (FileNotFoundError, NotADirectoryError):
        default = sessions_folder() / path.name
        make_default_directory(default)
        return _create_numbered(default, 1)


def make_default_directory(path: Path) -> None:
    """Make the directory of a log, if it is the default one: another may be mistyped."""
    if path.parent == sessions_folder():
        make_state_directory(path.parent)


def _create_numbered(path: Path, first: int) -> LogFile:
    for number in range(first, _MAX_NUMBER):
        numbered = path if number == 1 else path.with_name(f"{path.stem}-{number}{path.suffix}")
        with contextlib.suppress(FileExistsError):
            return LogFile.create(numbered)
    raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))

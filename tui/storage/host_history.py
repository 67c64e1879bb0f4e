"""History of the host line."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from profiles.files import FileError, FileKind
from tui.storage.files import read_private, write_private

_MAX_LINES = 100
_MAX_CHARACTERS = 64 * 1024
_KIND = FileKind("a history of hosts", 16 * 1024 * 1024)


class HostHistory:
    """Lines typed before, the newest last; kept in a file of mode 0600 where there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.lines: list[str] = []
        if path is not None:
            with suppress(OSError, FileError):
                lines = read_private(path, _KIND)[-_MAX_CHARACTERS:].splitlines()
                self.lines = [line for line in lines if line.isprintable()][-_MAX_LINES:]

    def add(self, line: str) -> None:
        """Add a line; a history that cannot be written is kept in memory only."""
        earlier = [old for old in self.lines if old != line]
        self.lines = [*earlier[-_MAX_LINES + 1 :], line]
        if self._path is not None:
            with suppress(OSError):
                write_private(self._path, "\n".join(self.lines) + "\n")

"""Open session log: its bytes as they were written, even where a program re-encoded the file."""

from __future__ import annotations

import codecs
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, BinaryIO, cast

from probes.session.json_line import MAX_HEADER
from probes.session.paths import SessionError
from profiles.errors import printable_path
from profiles.files import FileError, FileKind, mark_of, open_file, plain_bytes, read_open

_KIND = FileKind("a session log")
_CHUNK = 64 * 1024
_FORM = "UTF-8 with lines ended by LF"
"""Encoding and line ends of a log as it is written."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """Log that is open at its first line."""

    file: BinaryIO
    """Lines in UTF-8 ended by LF; of positions it seeks the beginning only."""
    form: str = ""
    """Encoding and line ends of the file, where they are not those of a log."""

    @property
    def form_text(self) -> str:
        """Clause about the form of the file."""
        return f"the file is {self.form}, but a log is written and hashed as {_FORM}"


@contextmanager
def open_log(path: str | os.PathLike[str]) -> Iterator[LogFile]:
    """Open a log to be read; raises SessionError, also for an OSError or FileError of its block."""
    try:
        with open_file(path, _KIND) as file:
            first = file.readline(MAX_HEADER)
            if mark_of(first) is None:
                # A file whose lines come later looks empty to the buffer.
                plain_bytes(first[:_CHUNK] or read_open(file, _KIND), _KIND)
            log = _as_written(file, first)
            log.file.seek(0)
            yield log
    except FileError as error:
        raise SessionError(f"{printable_path(path)}: {error}.") from None


def _as_written(file: BinaryIO, first: bytes) -> LogFile:
    """Log over its bytes, or over what they are as UTF-8 with LF."""
    mark = mark_of(first)
    if mark is not None and mark[1] != "utf-8-sig":
        return LogFile(_converted(file, mark[0], mark[1], "utf-8"), mark[2])
    # A carriage return alone is a damage, not another form.
    ends = "CR LF" if first.endswith(b"}\r\n") else "CR" if b"}\r{" in first else ""
    if mark is None and not ends:
        return LogFile(file)
    form = "UTF-8 behind a byte order mark" if mark else "UTF-8"
    form += f" with lines ended by {ends}" if ends else ""
    # In Latin-1 every byte is a character, so that those which are not UTF-8 stay as they are.
    return LogFile(_converted(file, mark[0] if mark else b"", "latin-1", "latin-1"), form)


def _converted(file: BinaryIO, mark: bytes, codec: str, to: str) -> BinaryIO:
    return cast(BinaryIO, io.BufferedReader(_Converted(file, mark, codec, to), _CHUNK))


class _Converted(io.RawIOBase):
    """Bytes of a text file in another encoding, without its mark and with lines ended by LF."""

    def __init__(self, file: BinaryIO, mark: bytes, codec: str, to: str) -> None:
        self._file, self._mark, self._to = file, mark, to
        inner = codecs.getincrementaldecoder(codec)("replace")
        self._decoder = io.IncrementalNewlineDecoder(inner, translate=True)
        self._pending = b""
        self._position = 0
        self.seek(0)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        if (offset, whence) != (0, os.SEEK_SET):
            raise io.UnsupportedOperation("only the beginning can be sought")
        # The codecs of UTF-16 and UTF-32 read their mark themselves.
        self._file.seek(0 if self._to == "utf-8" else len(self._mark))
        self._decoder.reset()
        self._pending, self._position = b"", 0
        return 0

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any, /) -> int:
        view = memoryview(buffer)
        while not self._pending:
            chunk = self._file.read(_CHUNK)
            text = self._decoder.decode(chunk, final=not chunk)
            self._pending = text.encode(self._to)
            if not chunk:
                break
        count = min(len(view), len(self._pending))
        view[:count] = self._pending[:count]
        self._pending = self._pending[count:]
        self._position += count
        return count

"""Files that a user names: opened without waiting, read within a bound, decoded by one rule."""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# Absent on Windows or elsewhere, where they are not needed.
_FLAGS: int = os.O_RDONLY | sum(
    getattr(os, name, 0) for name in ("O_NONBLOCK", "O_NOCTTY", "O_BINARY", "O_CLOEXEC")
)

MARKS = (
    # UTF-16 that begins with NUL would be no text either.
    (b"\xff\xfe\0\0", "utf-32", "UTF-32"),
    (b"\0\0\xfe\xff", "utf-32", "UTF-32"),
    (b"\xff\xfe", "utf-16", "UTF-16"),
    (b"\xfe\xff", "utf-16", "UTF-16"),
    (b"\xef\xbb\xbf", "utf-8-sig", "UTF-8"),
)
"""Byte order marks (Unicode 23.8), the codec that reads what is behind one, and its name."""
_ARCHIVES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of .xlsx (ZIP) and .xls (MS-CFB 2.2)."""
_LINE_END = re.compile(r"\r\n|\r|\n")
# A file that is the end of another one, or was saved twice, has its mark where a line begins.
_MARK_OF_LINE = re.compile("^\ufeff+", re.MULTILINE)
_LOOKED_THROUGH = 4096
"""Bytes in which the NULs of UTF-16 or UTF-32 without a byte order mark are looked for."""

_REASONS = {
    errno.EIO: "its device reports an error",
    errno.EMFILE: "this process has too many files open",
    errno.ENFILE: "this machine has too many files open",
    errno.ENOMEM: "memory is short",
}


@dataclass(frozen=True, slots=True)
class FileKind:
    """Files of one purpose."""

    right: str
    """A right one as the object of a sentence, such as "a profile in TOML"."""
    most: int = 0
    """Bytes that are read of one; 0 where the reader of its lines has bounds of its own."""
    hint: str = "check its path"
    """Remedy where there is no such file."""
    text: str = "UTF-8"
    """Form to save one in."""
    may_be_empty: bool = False


class FileError(Exception):
    """A file that cannot be read.

    Its text is a clause, to stand behind the name of the file: the line where there is one, what
    is wrong, what would be right. It holds nothing of the file but the value of one byte.
    """


@contextmanager
def open_file(path: str | os.PathLike[str], kind: FileKind) -> Iterator[BinaryIO]:
    """Open a regular file to be read; raises FileError, also for an OSError of its block.

    It never waits for what is at the path. The null device counts as an empty file.
    """
    try:
        with open(_descriptor(path, kind), "rb", buffering=1024 * 1024) as file:
            _refuse_special(os.fstat(file.fileno()), kind)
            yield file
    except OSError as error:
        raise FileError(_reason(error, kind)) from None


def _descriptor(path: str | os.PathLike[str], kind: FileKind) -> int:
    try:
        place = _expanded(path)
        # Opening a pipe or a device may already do something, as to who writes to it.
        _refuse_special(place.stat(), kind)
        return os.open(place, _FLAGS)
    except ValueError:
        # NUL, or characters that the system's encoding of names lacks.
        raise FileError(f"this cannot be the name of a file; name {kind.right}") from None


def read_bytes(path: str | os.PathLike[str], kind: FileKind) -> bytes:
    """Bytes of a file by the rule of `plain_bytes`; raises FileError."""
    with open_file(path, kind) as file:
        return plain_bytes(read_open(file, kind), kind)


def read_text(path: str | os.PathLike[str], kind: FileKind) -> str:
    """Text of a file, its lines ended by LF; raises FileError."""
    with open_file(path, kind) as file:
        return decode(read_open(file, kind), kind)


def read_open(file: BinaryIO, kind: FileKind) -> bytes:
    """Bytes of an open file from its beginning; raises FileError where they are too many."""
    data = bytearray()
    while len(data) <= kind.most:
        # Not through the buffer, for which a file without an end for now ends here.
        chunk = os.read(file.fileno(), kind.most + 1 - len(data))
        if not chunk:
            return bytes(data)
        data += chunk
    raise FileError(f"it is larger than {_size(kind.most)}; name {kind.right}")


def plain_bytes(data: bytes, kind: FileKind) -> bytes:
    """Bytes as they are, or text behind a byte order mark as UTF-8 without; raises FileError."""
    if mark_of(data) or not data or _unmarked(data):
        return decode(data, kind).encode()
    return data


def mark_of(data: bytes) -> tuple[bytes, str, str] | None:
    """Byte order mark at the beginning with its codec and name, a row of MARKS."""
    return next((row for row in MARKS if data.startswith(row[0])), None)


def decode(data: bytes, kind: FileKind) -> str:
    """Text of the bytes, its lines ended by LF; raises FileError.

    It is UTF-8, or what a byte order mark says. Nothing is guessed: bytes of another encoding
    would become other names than were meant.
    """
    if data.startswith(_ARCHIVES):
        raise FileError(f"this is a spreadsheet or an archive, not text; save it as {kind.text}")
    mark = mark_of(data)
    _, codec, name = mark or (b"", "utf-8", "UTF-8")
    if mark is None and (wide := _unmarked(data)):
        raise FileError(f"this looks like {wide} without a byte order mark; save it as {kind.text}")
    try:
        text = data.decode(codec)
    except UnicodeDecodeError as error:
        # A codec that takes the mark off counts from behind it.
        line = _line(error.object[: error.start].decode(codec, "ignore"))
        wrong = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        if name != "UTF-8":
            wrong = f"the {name} text is broken here"
        raise FileError(f"line {line}: {wrong}; save it as {kind.text}") from None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if "\ufeff" in text:
        text = _MARK_OF_LINE.sub("", text)
    if not (text or kind.may_be_empty):
        raise FileError(f"it is empty; name {kind.right}")
    if (at := text.find("\0")) >= 0:
        raise FileError(
            f"line {_line(text[:at])}: a NUL byte is in no text; save it as {kind.text}"
        )
    return text


def _unmarked(data: bytes) -> str:
    """UTF-16 or UTF-32 if such text without a byte order mark is likely, else empty."""
    head = data[:_LOOKED_THROUGH]
    columns = [head[at::4] for at in range(4)]
    nul = [bool(column) and column.count(0) * 4 >= len(column) * 3 for column in columns]
    if sum(nul) == 3:
        return "UTF-32"
    return "UTF-16" if nul in ([True, False] * 2, [False, True] * 2) else ""


def _line(before: str) -> int:
    """Number of the line that this text ends in."""
    return len(_LINE_END.findall(before)) + 1


def _expanded(path: str | os.PathLike[str]) -> Path:
    with suppress(RuntimeError):
        return Path(path).expanduser()
    # A user of that name is not known, and a file may have it.
    return Path(path)


def _refuse_special(about: os.stat_result, kind: FileKind) -> None:
    if stat.S_ISREG(about.st_mode) or _is_null_device(about):
        return
    what = "a device"
    for is_it, word in (
        (stat.S_ISDIR, "a directory"),
        (stat.S_ISFIFO, "a pipe"),
        (stat.S_ISSOCK, "a socket"),
    ):
        what = word if is_it(about.st_mode) else what
    raise FileError(f"this is {what}, not a regular file; name {kind.right}")


def _is_null_device(about: os.stat_result) -> bool:
    if not stat.S_ISCHR(about.st_mode):
        return False
    try:
        return Path(os.devnull).stat().st_rdev == about.st_rdev
    except OSError:
        return False


def _reason(error: OSError, kind: FileKind) -> str:
    """Clause about an error of the system, never in its own words."""
    match error.errno:
        case errno.ENOENT:
            return f"there is no such file; {kind.hint}"
        case errno.ENOTDIR:
            return "a part of its path is no directory; check its path"
        case errno.EACCES | errno.EPERM:
            return "your account may not read it; make it readable for your account"
        case errno.ELOOP:
            return "its symbolic links lead in a circle; name the file itself"
        case errno.ENAMETOOLONG | errno.EINVAL:
            return f"this cannot be the name of a file; name {kind.right}"
        case errno.EAGAIN:
            return f"reading it waits for what is written later; name {kind.right}"
    name = errno.errorcode.get(error.errno or 0, "without a reason")
    why = _REASONS.get(error.errno or 0, f"this machine's system refuses it ({name})")
    return f"it cannot be read, {why}; name {kind.right}"


def _size(count: int) -> str:
    for unit, name in ((1 << 20, "MiB"), (1 << 10, "KiB")):
        if count and count % unit == 0:
            return f"{count // unit:,} {name}"
    return f"{count:,} bytes"

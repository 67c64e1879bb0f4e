"""Host files named with @: reference, bounded reading, decoding."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from probes.targets.errors import InvalidEntry
from probes.targets.host import is_decimal
from probes.targets.tokens import QUOTES

_QUOTED = re.compile(r"""@(["'])((?:(?!\1).)*)\1(?::(.*))?""", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]")
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
"""First bytes of .xlsx and .xls (ZIP, MS-CFB 2.2)."""


@dataclass(frozen=True, slots=True)
class HostFile:
    """Reference to a host file: its path, and as text the column of hosts and their port."""

    path: str
    column: str = ""
    """A number may be the port as well; the columns of the file decide."""
    port: str = ""


def parse_reference(word: str, base: Path) -> HostFile:
    """Parse `@path`, `@"a path"`, either with `:COLUMN`, `:PORT` or `:COLUMN:PORT` behind it.

    A path may have colons itself: the longest that is a file is meant, and a drive letter is none.
    Raises InvalidEntry without a path.
    """
    match = _QUOTED.fullmatch(word)
    if match and match[3] is not None:
        return _with_suffixes(match[2], match[3].split(":", 1))
    text = match[2] if match else word[1:]
    splits: list[tuple[str, list[str]]] = [(text, [])]
    for count in (1, 2):
        path, *suffixes = text.rsplit(":", count)
        if len(suffixes) == count and not _DRIVE.fullmatch(path):
            splits.append((path, suffixes))
    there = [split for split in splits if _is_there(split[0], base)]
    if there:
        return _with_suffixes(*there[0])
    # For the sentence that there is no such file.
    return _with_suffixes(*next((one for one in splits[1:] if is_decimal(one[1][-1])), splits[0]))


def _with_suffixes(path: str, suffixes: list[str]) -> HostFile:
    if not path:
        raise InvalidEntry("after the @ a file is missing; write @FILE, a list with a host a line")
    column, port = [*suffixes, "", ""][:2]
    return HostFile(path, column.strip(QUOTES), port)


def read_text(path: str, base: Path, max_bytes: int) -> str:
    """Read a file of at most `max_bytes` of UTF-8; raises InvalidEntry."""
    try:
        location = base / Path(path).expanduser()
        if stat.S_ISDIR(location.stat().st_mode):
            raise InvalidEntry("this is a directory; name a file with a host a line")
        if not stat.S_ISREG(location.stat().st_mode):
            raise InvalidEntry("this is no ordinary file; name a file with a host a line")
        with location.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise InvalidEntry(
            "there is no such file; a path with spaces goes in quotes after the @"
        ) from None
    except PermissionError:
        raise InvalidEntry(
            "you may not read this file; make it readable for your account"
        ) from None
    except OSError as error:
        raise InvalidEntry(f"the file cannot be read ({error.strerror}); name another") from None
    except (ValueError, RuntimeError):
        raise InvalidEntry("this cannot be the name of a file; write @FILE") from None
    if len(data) > max_bytes:
        raise InvalidEntry(
            f"there is more than {max_bytes:,} bytes to read; write networks or ranges"
        )
    return _decoded(data)


def _decoded(data: bytes) -> str:
    if data.startswith(_SPREADSHEETS):
        raise InvalidEntry("this is a spreadsheet, not text; save it as CSV in UTF-8")
    # As Windows PowerShell 5 writes what is redirected to a file.
    utf16 = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    try:
        text = data.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError as error:
        if utf16:
            raise InvalidEntry("the file is broken UTF-16 text; save it as UTF-8") from None
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidEntry(f"line {line} of the file is not UTF-8 text; save it as UTF-8") from None
    if "\0" in text:
        line = text.count("\n", 0, text.index("\0")) + 1
        raise InvalidEntry(f"line {line} of the file holds NUL, so it is no text; save it as UTF-8")
    return text


def is_path_with_spaces(path: str, base: Path) -> bool:
    """True for text that would be split into words and names a file as it stands."""
    return len(path.split()) > 1 and any(
        _is_there(one, base) for one in (path, *(path.rsplit(":", n)[0] for n in (1, 2)))
    )


def _is_there(path: str, base: Path) -> bool:
    try:
        return (base / Path(path).expanduser()).is_file()
    except (OSError, ValueError, RuntimeError):
        return False

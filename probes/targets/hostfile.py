"""Host files named with @: reference and text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from probes.targets.errors import InvalidEntry
from probes.targets.host import is_decimal
from probes.targets.tokens import QUOTES
from profiles.files import FileError, FileKind, read_text

_QUOTED = re.compile(r"""@(["'])((?:(?!\1).)*)\1(?::(.*))?""", re.DOTALL)
_DRIVE = re.compile(r"[A-Za-z]")


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


def read_list(path: str, base: Path, max_bytes: int) -> str:
    """Text of a host file of at most `max_bytes`; raises InvalidEntry."""
    kind = FileKind(
        "a file with a host a line",
        max_bytes,
        "a path with spaces goes in quotes after the @",
        "UTF-8, a table as CSV",
    )
    try:
        # What is behind ~ is no part of the folder.
        return read_text(path if path.startswith("~") else base / path, kind)
    except FileError as error:
        raise InvalidEntry(str(error)) from None


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

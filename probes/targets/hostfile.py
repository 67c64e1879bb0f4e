"""Host files named with @: reference, bounded reading, decoding."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from probes.targets.errors import InvalidEntry

_QUOTED = re.compile(r"""@(["'])(.*)\1(?::(.*))?""")
_PORT = re.compile(r"@(.*):([0-9]+)")


@dataclass(frozen=True, slots=True)
class HostFile:
    """Reference to a host file: its path, and as text the port for its hosts."""

    path: str
    port: str = ""


def parse_reference(word: str) -> HostFile:
    """Parse `@path`, `@"a path"` or `@path:port`; raises InvalidEntry without a path."""
    match = _QUOTED.fullmatch(word)
    if match:
        found = HostFile(match[2], match[3] or "")
    else:
        match = _PORT.fullmatch(word)
        found = HostFile(match[1], match[2]) if match else HostFile(word[1:])
    if not found.path:
        raise InvalidEntry("after the @ a file is missing; write @FILE, a list with a host a line")
    return found


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
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidEntry("the file is UTF-16 text; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidEntry(f"line {line} of the file is not UTF-8 text; save it as UTF-8") from None


def is_path_with_spaces(path: str, base: Path) -> bool:
    """True for text that would be split into words and is the path of a file as it stands."""
    try:
        return len(path.split()) > 1 and (base / Path(path).expanduser()).is_file()
    except (OSError, ValueError, RuntimeError):
        return False

"""The files of hosts that an @ names: found, bounded and decoded."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from probes.targets.host import InvalidHost

_QUOTED = re.compile(r"""@(["'])(.*)\1(?::(.*))?""")
_PORT = re.compile(r"@(.*):([0-9]+)")


@dataclass(frozen=True, slots=True)
class HostFile:
    """A file of hosts as it was named, and the port given for its hosts, as text."""

    path: str
    port: str = ""


def parse_reference(word: str) -> HostFile:
    """The file that `@path`, `@"a path"` or `@path:port` names; raises Wrong without a path."""
    match = _QUOTED.fullmatch(word)
    if match:
        found = HostFile(match[2], match[3] or "")
    else:
        match = _PORT.fullmatch(word)
        found = HostFile(match[1], match[2]) if match else HostFile(word[1:])
    if not found.path:
        raise InvalidHost("after the @ a file is missing; write @FILE, a list with a host a line")
    return found


def read_text(path: str, base: Path, max_bytes: int) -> str:
    """The text of a file, at most `most` bytes of UTF-8; raises Wrong with a clause why not."""
    try:
        location = base / Path(path).expanduser()
        if stat.S_ISDIR(location.stat().st_mode):
            raise InvalidHost("this is a directory; name a file with a host a line")
        if not stat.S_ISREG(location.stat().st_mode):
            raise InvalidHost("this is no ordinary file; name a file with a host a line")
        with location.open("rb") as file:
            data = file.read(max_bytes + 1)
    except FileNotFoundError:
        raise InvalidHost(
            "there is no such file; a path with spaces goes in quotes after the @"
        ) from None
    except PermissionError:
        raise InvalidHost("you may not read this file; make it readable for your account") from None
    except OSError as error:
        raise InvalidHost(f"the file cannot be read ({error.strerror}); name another") from None
    except (ValueError, RuntimeError):
        raise InvalidHost("this cannot be the name of a file; write @FILE") from None
    if len(data) > max_bytes:
        raise InvalidHost(
            f"there is more than {max_bytes:,} bytes to read; write networks or ranges"
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidHost("the file is UTF-16 text; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise InvalidHost(f"line {line} of the file is not UTF-8 text; save it as UTF-8") from None


def is_path_with_spaces(path: str, base: Path) -> bool:
    """Whether a text that would be split into words is the path of a file as it stands."""
    try:
        return len(path.split()) > 1 and (base / Path(path).expanduser()).is_file()
    except (OSError, ValueError, RuntimeError):
        return False

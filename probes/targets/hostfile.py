"""The files of hosts that an @ names: found, bounded and decoded."""

from __future__ import annotations

import re
import stat
from dataclasses import dataclass
from pathlib import Path

from probes.targets.host import Wrong

_QUOTED = re.compile(r"""@(["'])(.*)\1(?::(.*))?""")
_PORT = re.compile(r"@(.*):([0-9]+)")


@dataclass(frozen=True, slots=True)
class ListFile:
    """A file of hosts as it was named, and the port given for its hosts, as text."""

    path: str
    port: str = ""


def named(word: str) -> ListFile:
    """The file that `@path`, `@"a path"` or `@path:port` names; raises Wrong without a path."""
    match = _QUOTED.fullmatch(word)
    if match:
        found = ListFile(match[2], match[3] or "")
    else:
        match = _PORT.fullmatch(word)
        found = ListFile(match[1], match[2]) if match else ListFile(word[1:])
    if not found.path:
        raise Wrong("after the @ a file is missing; write @FILE, a list with a host a line")
    return found


def contents(path: str, base: Path, most: int) -> str:
    """The text of a file, at most `most` bytes of UTF-8; raises Wrong with a clause why not."""
    try:
        place = base / Path(path).expanduser()
        if stat.S_ISDIR(place.stat().st_mode):
            raise Wrong("this is a directory; name a file with a host a line")
        if not stat.S_ISREG(place.stat().st_mode):
            raise Wrong("this is no ordinary file; name a file with a host a line")
        with place.open("rb") as file:
            data = file.read(most + 1)
    except FileNotFoundError:
        raise Wrong(
            "there is no such file; a path with spaces goes in quotes after the @"
        ) from None
    except PermissionError:
        raise Wrong("you may not read this file; make it readable for your account") from None
    except OSError as error:
        raise Wrong(f"the file cannot be read ({error.strerror}); name another") from None
    except (ValueError, RuntimeError):
        raise Wrong("this cannot be the name of a file; write @FILE") from None
    if len(data) > most:
        raise Wrong(f"there is more than {most:,} bytes to read; write networks or ranges")
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise Wrong("the file is UTF-16 text; save it as UTF-8")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise Wrong(f"line {line} of the file is not UTF-8 text; save it as UTF-8") from None


def is_path_with_spaces(path: str, base: Path) -> bool:
    """Whether a text that would be split into words is the path of a file as it stands."""
    try:
        return len(path.split()) > 1 and (base / Path(path).expanduser()).is_file()
    except (OSError, ValueError, RuntimeError):
        return False

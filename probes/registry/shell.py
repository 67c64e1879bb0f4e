"""Text for a shell: quoted words, commands, and snippets to paste."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass
from enum import StrEnum

from probes.wire.address import plain_address
from probes.wire.text import printable

_PLAIN = re.compile(r"-?[A-Za-z][A-Za-z0-9_.-]*|[0-9]+(?:\.[0-9]+)*")
_SCOPE = re.compile(r"[A-Za-z0-9_.-]{1,32}")
# PowerShell ends a string at a typographic quote as well (about_Quoting_Rules).
_QUOTE = re.compile("(['\u2018\u2019\u201a\u201b])")


class System(StrEnum):
    """The shell that a text is for."""

    UNIX = "unix"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True)
class Snippet:
    """Lines to paste, and in words where they belong; every line is printable."""

    where: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as they are pasted, without a line break at the end."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Command:
    """A command that asks the same as a row, with a tool that is not ours."""

    system: System
    words: tuple[str, ...]
    unattended: bool = False
    """It waits for what is typed, unless its input is closed."""

    @property
    def text(self) -> str:
        """One line for sh, or for PowerShell; every value is quoted."""
        if self.system is System.WINDOWS:
            return " ".join(map(powershell, self.words))
        line = " ".join(map(posix, self.words))
        return f"{line} </dev/null" if self.unattended else line


def posix(value: str) -> str:
    """A value as one word of a POSIX shell; controls and escapes are made visible first."""
    return shlex.quote(_visible(value))


def powershell(value: str) -> str:
    """A value as one word of PowerShell, in single quotes unless it is plain."""
    value = _visible(value)
    if _PLAIN.fullmatch(value):
        return value
    return "'" + _QUOTE.sub(r"\1\1", value) + "'"


def address(text: object, *, scoped: bool = False) -> str:
    """An IP address in its usual spelling; empty for anything else.

    A scope id is left out unless `scoped`: Python takes any text as one (RFC 4007 11.2).
    """
    if not isinstance(text, str):
        return ""
    known = plain_address(text)
    scope = text.partition("%")[2]
    if scoped and ":" in known and _SCOPE.fullmatch(scope):
        return f"{known}%{scope}"
    return known


def bracketed(host: str) -> str:
    """A host as it stands before a port: IPv6 in brackets (RFC 3986 3.2.2)."""
    return f"[{host}]" if ":" in host else host


def _visible(value: str) -> str:
    return printable(value, 1000)

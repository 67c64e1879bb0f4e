"""What a remedy and a command are made of."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from probes.remedy.quoting import posix, powershell


class System(StrEnum):
    """Which shell a text is for."""

    UNIX = "unix"
    WINDOWS = "windows"


@dataclass(frozen=True, slots=True)
class Paste:
    """Lines to paste, and in words where they belong; every line is printable."""

    where: str
    lines: tuple[str, ...]

    @property
    def text(self) -> str:
        """The lines as they are pasted, without a line break at the end."""
        return "\n".join(self.lines)


@dataclass(frozen=True, slots=True)
class Remedy:
    """What to change for one row: a sentence, and what to paste; of several, one is enough
    unless each belongs elsewhere.
    """

    change: str
    pastes: tuple[Paste, ...] = ()


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

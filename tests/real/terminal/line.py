"""The program at the end of a pseudo-terminal."""

from __future__ import annotations

import os
from pathlib import Path

from bench.terminal import Terminal, python
from probes.session import Session
from tests.real.terminal.program import GONE, ROOT, WITHIN, spins, until_results, whole


class Line:
    """The program at the end of a line of its own, a pseudo-terminal, and its log."""

    def __init__(
        self, folder: Path, words: tuple[str, ...], before: tuple[str, ...], controlling: bool
    ) -> None:
        self.log = folder / f"{len(list(folder.iterdir()))}.jsonl"
        home = {"XDG_STATE_HOME": str(folder / "state"), "PYTHONPATH": str(ROOT)}
        argv = [*before, *python("-m", "tui", *words)]
        if words[:1] != ("open",):
            argv += ["--log", str(self.log)]
        self.terminal = Terminal(argv, 80, 24, home, controlling=controlling)

    def until(self, *texts: str) -> None:
        for text in texts:
            self.terminal.until(text.encode(), WITHIN)

    def rows(self, count: int) -> None:
        """Wait until so many results are in the log, reading nothing from the terminal."""
        until_results(self.log, count)

    def signal(self, number: int) -> None:
        os.kill(self.terminal.pid, number)

    def gone(self, status: int) -> None:
        """It ends within `GONE` seconds, with this status."""
        assert self.terminal.gone(GONE), "it is still there"
        assert self.terminal.status == status

    def spins(self) -> bool:
        """See `spins`."""
        return spins(self.terminal.pid)

    def session(self) -> Session:
        """See `whole`."""
        return whole(self.log)

    def leftover(self) -> list[str]:
        """Modes that are left on after all that was written to the terminal."""
        self.terminal.read(0.3)
        return modes_left(bytes(self.terminal.output))


def modes_left(output: bytes) -> list[str]:
    """Names of the modes that are on (or off, for the cursor and wrapping) at the end."""
    kept = {"alternate screen": 1049, "mouse": 1000, "all mouse": 1003, "paste": 2004}
    kept |= {"focus": 1004, "sizes": 2048}
    left = [name for name, mode in kept.items() if _last(output, mode) == "h"]
    lost = {"cursor": 25, "wrapping": 7}
    return left + [name for name, mode in lost.items() if _last(output, mode) == "l"]


def _last(output: bytes, mode: int) -> str:
    on, off = (output.rfind(f"\x1b[?{mode}{letter}".encode()) for letter in "hl")
    return "" if on == off else "h" if on > off else "l"

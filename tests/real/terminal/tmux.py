"""A tmux server that is driven and read."""

from __future__ import annotations

import shlex
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from tests.real.terminal.program import ROOT, WITHIN


class Tmux:
    """One tmux server of its own with one window, and what can be read in it."""

    def __init__(self, folder: Path, state: Path) -> None:
        self._folder = folder
        self._socket = ""
        self.state = state

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", self._socket, "-f", "/dev/null", *words]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        return done.stdout

    def attach(self) -> list[str]:
        """The command that attaches a client to it."""
        return ["tmux", "-S", self._socket, "attach"]

    def start(self, command: str, columns: int = 80, rows: int = 24) -> None:
        # A server that was just killed may still hold its socket.
        self._socket = str(self._folder / f"tmux{len(list(self._folder.glob('tmux*')))}")
        size = ["-x", str(columns), "-y", str(rows)]
        keep = f"XDG_STATE_HOME={shlex.quote(str(self.state))} {command}; echo ended with $?; cat"
        self.tmux("new-session", "-d", "-s", "screen", *size, keep)
        self.tmux("set", "status", "off")
        self.tmux("resize-window", "-t", "screen", *size)

    def seen(self) -> str:
        return self.tmux("capture-pane", "-p", "-t", "screen")

    def press(self, *keys: str) -> None:
        self.tmux("send-keys", "-t", "screen", *keys)

    def until(self, happened: Callable[[str], object]) -> str:
        """Screen once a condition holds; the terminal has no event to wait for."""
        end = time.monotonic() + WITHIN
        while time.monotonic() < end:
            text = self.seen()
            if happened(text):
                return text
            time.sleep(0.05)
        raise AssertionError(f"it never came to that:\n{self.seen()}")

    def pids(self) -> list[int]:
        """Processes of the program in the window."""
        shell = self.tmux("display", "-p", "-t", "screen", "#{pane_pid}").strip()
        found = subprocess.run(["pgrep", "-P", shell], capture_output=True, text=True, check=False)
        return [int(pid) for pid in found.stdout.split()]

    def logs(self) -> list[Path]:
        return sorted((self.state / "auditreach" / "sessions").glob("*.jsonl"))

    def modes(self) -> str:
        """State of alternate screen, mouse and cursor: 0 0 1 for a shell."""
        wanted = "#{alternate_on} #{mouse_any_flag} #{cursor_flag}"
        return self.tmux("display", "-p", "-t", "screen", wanted).strip()

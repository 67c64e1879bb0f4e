"""A program in a pseudo-terminal of a given size, and what it writes there."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import sys
import termios
import time
from collections.abc import Sequence
from pathlib import Path


class Terminal:
    """One program under a pty; `read` collects its output and answers nothing by itself."""

    def __init__(self, argv: Sequence[str], columns: int, rows: int) -> None:
        self.began = time.perf_counter()
        self.pid, self.descriptor = pty.fork()
        if not self.pid:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
            os.environ["TERM"] = "xterm-256color"
            for name in ("COLUMNS", "LINES", "COLORTERM"):
                os.environ.pop(name, None)
            os.execv(argv[0], list(argv))
        self.output = bytearray()

    def read(self, quiet: float, most: float = 20.0) -> None:
        """Collect output until it has been quiet for so many seconds."""
        until = time.perf_counter() + most
        while time.perf_counter() < until:
            if not select.select([self.descriptor], [], [], quiet)[0]:
                return
            try:
                self.output += os.read(self.descriptor, 65536)
            except OSError:
                return

    def until(self, text: bytes, most: float = 20.0) -> float:
        """Seconds from the start until a text has been written; raises TimeoutError."""
        while text not in self.output:
            left = self.began + most - time.perf_counter()
            if left <= 0 or not select.select([self.descriptor], [], [], left)[0]:
                raise TimeoutError(f"{text!r} did not appear")
            self.output += os.read(self.descriptor, 65536)
        return time.perf_counter() - self.began

    def type(self, text: bytes) -> None:
        """Press keys."""
        os.write(self.descriptor, text)

    def resident(self) -> int:
        """KiB of memory it uses now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def end(self) -> None:
        """Kill it and collect its status."""
        os.kill(self.pid, 9)
        os.waitpid(self.pid, 0)
        os.close(self.descriptor)


def python(*arguments: str) -> list[str]:
    """This interpreter with arguments."""
    return [sys.executable, *arguments]

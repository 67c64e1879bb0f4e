"""A program in a pseudo-terminal of a given size, what it writes there, and a line that breaks."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Mapping, Sequence
from pathlib import Path


class Terminal:
    """One program under a pty; `read` collects its output and answers nothing by itself.

    While nobody reads, the terminal is stalled: `fill` makes sure that it takes nothing more.
    """

    def __init__(
        self,
        argv: Sequence[str],
        columns: int,
        rows: int,
        environ: Mapping[str, str] | None = None,
        *,
        controlling: bool = True,
    ) -> None:
        """Without `controlling` the program gets no signal from this terminal."""
        self.descriptor, program = pty.openpty()
        self.resize(columns, rows)
        given = {"TERM": "xterm-256color"} | dict(environ or {})
        stale = ("COLUMNS", "LINES", "COLORTERM")
        kept = {name: text for name, text in os.environ.items() if name not in stale}
        self.began = time.perf_counter()
        self._process = subprocess.Popen(
            ["setsid", "--ctty", *argv] if controlling else argv,
            start_new_session=not controlling,
            stdin=program,
            stdout=program,
            stderr=program,
            env=kept | given,
        )
        self.pid = self._process.pid
        os.close(program)
        self.output = bytearray()
        self.status: int | None = None

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

    def resize(self, columns: int, rows: int) -> None:
        """Another size, as a window manager gives it: the program is told by SIGWINCH."""
        fcntl.ioctl(self.descriptor, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def fill(self) -> None:
        """Stall: see `fill`."""
        fill(f"/proc/{self.pid}/fd/0")

    def hang_up(self) -> None:
        """Break the line."""
        os.close(self.descriptor)
        self.descriptor = -1

    def gone(self, within: float) -> bool:
        """True if the program ends within so many seconds; `status` is then a shell's."""
        try:
            code = self._process.wait(within)
        except subprocess.TimeoutExpired:
            return False
        self.status = code if code >= 0 else 128 - code
        return True

    def resident(self) -> int:
        """KiB of memory it uses now."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def end(self) -> None:
        """Kill it and collect its status."""
        if self.status is None:
            self._process.kill()
            self.gone(10)
        if self.descriptor >= 0:
            self.hang_up()


def fill(terminal: str) -> None:
    """Write NULs, which no terminal shows, to the program's side of one that is not read.

    Returns when it has taken not a byte more for half a second.
    """
    writer = os.open(terminal, os.O_WRONLY | os.O_NONBLOCK | os.O_NOCTTY)
    refused = 0
    # What was taken is moved from one buffer to the next a moment later.
    while refused < 25:
        try:
            os.write(writer, bytes(1 if refused else 4096))
            refused = 0
        except BlockingIOError:
            refused += 1
            time.sleep(0.02)
    os.close(writer)


def processor(pid: int) -> float:
    """Seconds of processor time a process has used so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def python(*arguments: str) -> list[str]:
    """This interpreter with arguments."""
    return [sys.executable, *arguments]

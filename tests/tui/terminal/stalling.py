"""A terminal that takes nothing until it is told to, and an application that draws on it."""

from __future__ import annotations

import io
import threading

from textual.app import ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import Static

from tui.terminal.app_base import TerminalApp
from tui.terminal.driver import OutputQueue


class StallingTerminal(io.StringIO):
    """Keeps what it has taken in the order of the writes."""

    def __init__(self, *, stalled: bool) -> None:
        super().__init__()
        self.taken: list[str] = []
        self.flushed = 0
        self._takes = threading.Event()
        if not stalled:
            self._takes.set()

    def stall(self) -> None:
        self._takes.clear()

    def go_on(self) -> None:
        self._takes.set()

    def write(self, text: str) -> int:
        assert self._takes.wait(60)
        self.taken.append(text)
        return len(text)

    def flush(self) -> None:
        self.flushed = len(self.taken)


class QueuedDriver(HeadlessDriver):
    """No terminal to prepare and no keys, but output as on one."""

    @property
    def is_headless(self) -> bool:
        return False

    def start_application_mode(self) -> None:
        self._app.output.start()
        super().start_application_mode()

    def write(self, data: str) -> None:
        self._app.output.write(data)

    def close(self) -> None:
        self._app.output.stop()


class OneLine(TerminalApp):
    """One line of text on a terminal of 80x24."""

    def __init__(self, terminal: StallingTerminal) -> None:
        super().__init__()
        self.output = OutputQueue(terminal)
        self.driver_class = QueuedDriver

    def compose(self) -> ComposeResult:
        yield Static("before", id="line")

    def put(self, text: str) -> None:
        self.query_one("#line", Static).update(text)

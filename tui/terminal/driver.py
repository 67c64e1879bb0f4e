"""Driver of the terminal whose output queue never blocks the application and tells its length."""

from __future__ import annotations

import os
import selectors
import sys
import time
from collections.abc import Iterable
from contextlib import ExitStack, suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TextIO, cast

from textual.app import App
from textual.events import Key, Paste
from textual.message import Message

from tui.terminal.reader import Part, TerminalRead, TerminalReader

if sys.platform == "win32":
    from textual.drivers.windows_driver import WindowsDriver as PlatformDriver
else:
    from textual.drivers.linux_driver import LinuxDriver as PlatformDriver

_READ_SIZE = 4096
_TICK = 0.1
"""Seconds between two looks if a sequence still goes on, or if the driver stops."""


class OutputQueue:
    """Writes to the terminal in their order, made by a thread: a stalled one blocks nobody else."""

    def __init__(self, terminal: TextIO | None) -> None:
        self._terminal = terminal
        # A signal handler may write while a write is being queued: this queue is reentrant.
        self._writes: SimpleQueue[str | None] = SimpleQueue()
        self._thread: Thread | None = None
        self._writing = False

    @property
    def running(self) -> bool:
        """True between `start` and `stop`: the screen is on a terminal."""
        return self._thread is not None

    @property
    def pending(self) -> int:
        """Writes that the terminal has not begun to take."""
        return self._writes.qsize()

    @property
    def busy(self) -> bool:
        """True while the terminal has not taken everything."""
        return self._writing or self.pending > 0

    def start(self) -> None:
        """Begin to write; without effect if it has begun."""
        if self._thread is None and self._terminal is not None:
            self._thread = Thread(
                target=self._write_all, args=(self._terminal,), name="output", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """End when everything is written."""
        if self._thread is not None:
            thread, self._thread = self._thread, None
            self._writes.put(None)
            thread.join()

    def write(self, text: str) -> None:
        """Queue a text; it is dropped where no screen is on a terminal."""
        if text and self._thread is not None:
            self._writes.put(text)

    def _write_all(self, terminal: TextIO) -> None:
        # A line that is gone takes nothing more; the shutdown handler ends the program then.
        with suppress(OSError):
            while (text := self._writes.get()) is not None:
                self._writing = True
                terminal.write(text)
                if self._writes.empty():
                    terminal.flush()
                    self._writing = False
            terminal.flush()


def terminal_output() -> TextIO | None:
    """The stream that Textual draws on; None in a process without it."""
    return sys.__stdout__ if sys.platform == "win32" else sys.__stderr__


class HasOutput(Protocol):
    """An application that knows how far its terminal is behind, and how a fault ends it."""

    output: OutputQueue

    def end_with_fault(self, error: Exception) -> None:
        """Leave the terminal because of an error in a thread."""
        raise NotImplementedError


class TerminalDriver(PlatformDriver):
    """Textual's driver of this platform, which writes to the output queue of the application.

    Textual starts its own thread for output too; nothing reaches it. On Windows keys come one by
    one, and only pastes in brackets are pastes.
    """

    def __init__(
        self,
        app: App[Any],
        *,
        debug: bool = False,
        mouse: bool = True,
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__(app, debug=debug, mouse=mouse, size=size)
        self._host = cast(HasOutput, app)
        self._output = self._host.output

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._output.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        """Queue what is written to the terminal."""
        self._output.write(data)

    def run_input_thread(self) -> None:
        """Read the terminal until the driver stops, and tell the application read by read."""
        with ExitStack() as stack:
            stack.push(self._on_end_of_reading)
            self._read_all()

    def _on_end_of_reading(
        self, kind: type[BaseException] | None, error: BaseException | None, _: object
    ) -> bool:
        """Tell the application of an error, which Textual would take for the operator's end."""
        if not isinstance(error, Exception):
            return False
        self._host.end_with_fault(error)
        return True

    def _read_all(self) -> None:
        reader = TerminalReader()
        with selectors.SelectSelector() as selector:
            selector.register(self.fileno, selectors.EVENT_READ)
            ready_at = time.monotonic()
            stopping = False
            while not stopping:
                stopping = self.exit_event.is_set()
                if selector.select(_TICK):
                    silence = time.monotonic() - ready_at
                    data = b""
                    # A line that is gone says nothing more; the shutdown handler ends the program.
                    with suppress(OSError):
                        data = os.read(self.fileno, _READ_SIZE)
                    if not data:
                        self.exit_event.wait(_TICK)
                    self._post(reader.read(data, stopping), silence)
                    ready_at = time.monotonic()
                self._post(reader.tick(), 0.0)

    def _post(self, found: Iterable[str | Message], silence: float) -> None:
        """Send keys and text as one message, and what else there is, in their order."""
        parts: list[Part] = []
        for one in found:
            if isinstance(one, str | Key | Paste):
                parts.append(one)
                continue
            if parts:
                self.process_message(TerminalRead(parts, silence))
                parts, silence = [], 0.0
            self.process_message(one)
        if parts:
            self.process_message(TerminalRead(parts, silence))

    def close(self) -> None:
        """Write what is still queued."""
        self._output.stop()
        super().close()

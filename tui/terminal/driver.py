"""Driver of the terminal whose output queue never blocks the application and tells its length."""

from __future__ import annotations

import sys
from contextlib import suppress
from queue import SimpleQueue
from threading import Thread
from typing import Any, Protocol, TextIO, cast

from textual.app import App

from tui.terminal.key_decoder import KeyDecoder

if sys.platform == "win32":
    from textual.drivers.windows_driver import WindowsDriver as PlatformDriver
else:
    from textual.drivers import linux_driver
    from textual.drivers.linux_driver import LinuxDriver as PlatformDriver

    linux_driver.getincrementaldecoder = lambda _: KeyDecoder  # type: ignore[attr-defined, assignment]


class OutputQueue:
    """Writes to the terminal in their order, made by a thread: a stalled one blocks nobody else."""

    def __init__(self, terminal: TextIO | None) -> None:
        self._terminal = terminal
        # A signal handler may write while a write is being queued: this queue is reentrant.
        self._writes: SimpleQueue[str | None] = SimpleQueue()
        self._thread: Thread | None = None

    @property
    def running(self) -> bool:
        """True between `start` and `stop`: the screen is on a terminal."""
        return self._thread is not None

    @property
    def pending(self) -> int:
        """Writes that the terminal has not begun to take."""
        return self._writes.qsize()

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
                terminal.write(text)
                if self._writes.empty():
                    terminal.flush()
            terminal.flush()


def terminal_output() -> TextIO | None:
    """The stream that Textual draws on; None in a process without it."""
    return sys.__stdout__ if sys.platform == "win32" else sys.__stderr__


class HasOutput(Protocol):
    """An application that knows how far its terminal is behind."""

    output: OutputQueue


class TerminalDriver(PlatformDriver):
    """Textual's driver of this platform, which writes to the output queue of the application.

    Textual starts its own thread for output too; nothing reaches it.
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
        self._output = cast(HasOutput, app).output

    def start_application_mode(self) -> None:
        """Take the terminal."""
        self._output.start()
        super().start_application_mode()  # type: ignore[no-untyped-call]

    def write(self, data: str) -> None:
        """Queue what is written to the terminal."""
        self._output.write(data)

    def close(self) -> None:
        """Write what is still queued."""
        self._output.stop()
        super().close()

"""Shutdown handler: a signal or a hang-up completes the log, leaves the terminal and ends soon."""

from __future__ import annotations

import os
import select
import signal
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

from tui.terminal import capabilities

if TYPE_CHECKING:
    from textual.app import App

GRACE = 2.0
"""Seconds from a signal or a hang-up to the end of the process, whatever blocks."""
_SIGNALS = ("SIGHUP", "SIGTERM", "SIGINT")
_POLL_INTERVAL = 1000
"""Milliseconds between two checks of the line."""


class ShutdownHandler:
    """End of the screen on a signal or a hang-up, from a thread that no terminal can block."""

    def __init__(self, app: App[int], close: Callable[[], object]) -> None:
        """Handle signals from now on; `close` completes the log and is called once."""
        self._app = app
        self._close = close
        self._closing = threading.Lock()
        self._leaving = threading.Lock()
        self._closed = False
        self._before: list[Any] = capabilities.terminal_modes()
        self._wake_reader, self._wake_writer = os.pipe()
        for name in _SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._on_signal)
        threading.Thread(target=self._watch, name="shutdown", daemon=True).start()

    def complete(self) -> None:
        """Complete the log after the screen has left the terminal; call this once."""
        # Kept: the terminal is left once, by the screen or by the thread below, which then exits.
        self._leaving.acquire()
        self._close_once()

    def _close_once(self) -> None:
        with self._closing:
            if not self._closed:
                self._closed = True
                self._close()

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        # No lock may be taken here: what was interrupted may hold it.
        os.write(self._wake_writer, bytes((number,)))

    def _watch(self) -> None:
        status = 128 + self._wait()
        threading.Thread(target=self._close_once, name="closing", daemon=True).start()
        self._app.call_later(self._app.exit, status)
        time.sleep(GRACE)
        # The screen's loop hangs in a write, or somebody's look-up does not return.
        if self._leaving.acquire(timeout=GRACE / 4):
            capabilities.restore_terminal(self._before, signal.SIGTERM)
        os._exit(status)

    def _wait(self) -> int:
        """Wait for a signal or a hang-up; return its number."""
        if hasattr(select, "poll"):
            line = sys.__stdin__.fileno() if sys.__stdin__ is not None else 0
            poll = select.poll()
            poll.register(self._wake_reader, select.POLLIN)
            # Only a hang-up is waited for: nobody need have sent SIGHUP, as under `setsid`.
            poll.register(line, 0)
            while not (ready := dict(poll.poll(_POLL_INTERVAL))).get(self._wake_reader):
                if ready.get(line, 0) & (select.POLLHUP | select.POLLERR):
                    return signal.SIGHUP
        return os.read(self._wake_reader, 1)[0]

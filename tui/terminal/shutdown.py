"""The end that a signal or a lost line brings: the log completed, the terminal left, and soon."""

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
"""Seconds from a signal or a lost line to the end of the process, whatever hangs."""
_SIGNALS = ("SIGHUP", "SIGTERM", "SIGINT")
_LOOK = 1000
"""Milliseconds between two looks at the line, where nothing wakes this up."""


class Ending:
    """Ends the screen on a signal and on a lost line, from a thread that no terminal can block."""

    def __init__(self, app: App[int], close: Callable[[], object]) -> None:
        """`close` completes the log and is called once; take care of signals from now on."""
        self._app = app
        self._close = close
        self._closing = threading.Lock()
        self._leaving = threading.Lock()
        self._closed = False
        self._before: list[Any] = capabilities.modes()
        self._told, self._tell = os.pipe()
        for name in _SIGNALS:
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), self._signalled)
        threading.Thread(target=self._watch, name="ending", daemon=True).start()

    def finish(self) -> None:
        """Complete the log after the screen has left the terminal; call this once."""
        # Kept: the terminal is left once, by the screen or by the thread below, which then exits.
        self._leaving.acquire()
        self._complete()

    def _complete(self) -> None:
        with self._closing:
            if not self._closed:
                self._closed = True
                self._close()

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        # No lock may be taken here: what was interrupted may hold it.
        os.write(self._tell, bytes((number,)))

    def _watch(self) -> None:
        status = 128 + self._number()
        threading.Thread(target=self._complete, name="closing", daemon=True).start()
        self._app.call_later(self._app.exit, status)
        time.sleep(GRACE)
        # The screen's loop hangs in a write, or somebody's look-up does not return.
        if self._leaving.acquire(timeout=GRACE / 4):
            capabilities.leave(self._before, signal.SIGTERM)
        os._exit(status)

    def _number(self) -> int:
        """Wait for a signal or the end of the line, and return what it was."""
        if hasattr(select, "poll"):
            line = sys.__stdin__.fileno() if sys.__stdin__ is not None else 0
            poll = select.poll()
            poll.register(self._told, select.POLLIN)
            # Only the end is waited for: nobody need have sent SIGHUP, as under `setsid`.
            poll.register(line, 0)
            while not (ready := dict(poll.poll(_LOOK))).get(self._told):
                if ready.get(line, 0) & (select.POLLHUP | select.POLLERR):
                    return signal.SIGHUP
        return os.read(self._told, 1)[0]

"""Splash: the first lines of the screen, written before anything big is loaded."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType, TracebackType
from typing import NoReturn

NAME = "auditreach"
HOSTS = "Hosts"

_ENTER = "\x1b[?1049h\x1b[m\x1b[H\x1b[2J"
_LEAVE = "\x1b[?1049l"
_STDERR = 2


class Splash:
    """First lines, shown until Textual's screen takes over, and removed on an error.

    The terminal's settings stay as they are: what is typed meanwhile is echoed at the host line
    and read by it.
    """

    def __init__(self, activity: str, *, hosts: bool) -> None:
        self._activity = activity
        self._hosts = hosts
        self._shown = False

    def __enter__(self) -> Splash:
        width = os.get_terminal_size(_STDERR).columns
        signal.signal(signal.SIGTERM, self._on_sigterm)
        self._shown = True
        _write(_ENTER + first_lines(self._activity, width, hosts=self._hosts))
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is not None and self._shown:
            self._shown = False
            _write(_LEAVE)

    def _on_sigterm(self, number: int, frame: FrameType | None) -> NoReturn:
        _write(_LEAVE)
        os._exit(128 + number)


def first_lines(activity: str, width: int, *, hosts: bool) -> str:
    """Return the output of the first lines; the cursor ends where hosts are typed."""
    room = max(0, width - len(NAME) - 1)
    text = f"\x1b[1m{NAME}\x1b[m {activity[:room]:>{room}}"
    return f"{text}\x1b[3H\x1b[1m{HOSTS}\x1b[m " if hosts else text


def _write(text: str) -> None:
    # Textual draws there too.
    sys.stderr.write(text)
    sys.stderr.flush()

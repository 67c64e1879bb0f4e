"""Capabilities of the terminal, and its state before and after the screen."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Mapping, MutableMapping
from contextlib import suppress
from typing import Any

if os.name == "posix":
    import termios

_COERCED = ("c.utf-8", "c.utf8", "utf-8")
"""Values that Python writes into LC_CTYPE when started in the C locale (PEP 538)."""
_RESET = (
    b"\x18"  # whatever was cut off in the middle of an escape sequence ends here
    b"\x1b[?2026l\x1b[?2004l\x1b[?7h\x1b[?2048l"
    b"\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l\x1b[?1016l\x1b[?1004l"
    b"\x1b[<u\x1b[?1049l\x1b[0m\x1b[?25h"
)
"""Output, pasting, mouse and keyboard as shells expect them; the main screen."""
_TERMINAL = 2
"""Descriptor that the screen is drawn on."""
_ATTEMPTS, _PAUSE = 20, 0.01


class NoTerminal(Exception):
    """No screen can be shown here; the text is one sentence."""


def require_terminal() -> None:
    """Raise NoTerminal where no screen can be shown."""
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise NoTerminal(
            "The screen needs a terminal for input, output and errors; "
            "use `auditreach run ROLE=HOST` in a pipe or a script."
        )
    if os.environ.get("TERM", "dumb") in ("dumb", "unknown", ""):
        raise NoTerminal(
            "This terminal (TERM=dumb) cannot show a screen; use `auditreach run ROLE=HOST`."
        )


_NOT_IN_A_KIOSK = ("TEXTUAL", "SSLKEYLOGFILE")
"""Beginnings of names of variables: Textual's (textual/constants.py) and one of Python's ssl."""


def normalize_environment(environ: MutableMapping[str, str], *, kiosk: bool = False) -> None:
    """Correct variables that Textual believes more than the terminal itself.

    For a kiosk, forget those by which a library writes files, loads code or types keys.
    """
    if kiosk:
        for name in [one for one in environ if one.startswith(_NOT_IN_A_KIOSK)]:
            del environ[name]
    # In tmux and after a resize they are stale.
    for name in ("COLUMNS", "LINES"):
        environ.pop(name, None)
    if _monochrome(environ.get("TERM", "")):
        environ["NO_COLOR"] = "1"
    elif not environ.get("NO_COLOR"):
        # Empty means nothing, says no-color.org.
        environ.pop("NO_COLOR", None)


def _monochrome(terminal: str) -> bool:
    return terminal.startswith(("vt1", "vt2")) or terminal.endswith(("-m", "-mono"))


def ascii_only(
    environ: Mapping[str, str] = os.environ, *, started_in_c: bool | None = None
) -> bool:
    """Return True for a locale without UTF-8 (POSIX: LC_ALL, LC_CTYPE, LANG), and for terminals
    whose fonts lack the signs: Linux's console and what calls itself a VT.

    Python's own encoding does not tell: it makes UTF-8 of the C locale.
    """
    if environ.get("TERM", "").startswith(("linux", "vt")):
        return True
    if os.name != "posix":
        return "utf" not in (sys.stdout.encoding or "ascii").lower()
    coerced = bool(sys.flags.utf8_mode) if started_in_c is None else started_in_c
    character = environ.get("LC_CTYPE", "")
    if coerced and character.lower() in _COERCED:
        character = ""
    locale = environ.get("LC_ALL", "") or character or environ.get("LANG", "")
    return "utf" not in locale.lower()


def tmux_passthrough(sequence: str) -> str:
    """Return an escape sequence that tmux passes to its terminal with `allow-passthrough`."""
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def terminal_modes() -> list[Any]:
    """Return the present modes, for `restore_terminal`; empty where they are not known."""
    if os.name != "posix":
        return []
    try:
        return termios.tcgetattr(_TERMINAL)
    except termios.error:
        return []


def restore_terminal(before: list[Any], interrupt: int) -> None:
    """Leave the terminal as a shell expects it, even if it has stopped taking output.

    Output that it has not taken is discarded. `interrupt` is a signal with a handler: it is sent to
    threads that may hang in a write. Takes at most a fifth of a second.
    """
    if not before or not _in_foreground():
        return
    with suppress(OSError, termios.error):
        termios.tcsetattr(_TERMINAL, termios.TCSANOW, before)
        # A write that hangs keeps all others out; now it fails instead.
        os.set_blocking(_TERMINAL, False)
        for thread in threading.enumerate():
            if thread.ident is not None and thread is not threading.current_thread():
                with suppress(ProcessLookupError):
                    signal.pthread_kill(thread.ident, interrupt)
        try:
            _discard_and_write(_RESET)
        finally:
            # The shell has the same open file.
            os.set_blocking(_TERMINAL, True)


def _in_foreground() -> bool:
    # Changing the modes from the background would stop this process.
    try:
        return os.tcgetpgrp(_TERMINAL) == os.getpgrp()
    except OSError:
        return True


def _discard_and_write(text: bytes) -> None:
    for _ in range(_ATTEMPTS):
        termios.tcflush(_TERMINAL, termios.TCOFLUSH)
        with suppress(BlockingIOError):
            text = text[os.write(_TERMINAL, text) :]
        if not text:
            return
        time.sleep(_PAUSE)

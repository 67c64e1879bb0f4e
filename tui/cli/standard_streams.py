"""Standard output and standard error: prepared, and given up where they take nothing more."""

from __future__ import annotations

import io
import os
import sys
from typing import TextIO


def prepare_streams() -> None:
    """A stream that is closed or knows few characters must not end a measurement."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            # Or the session log would get its descriptor, and what is printed with it.
            setattr(sys, name, os.fdopen(_nowhere(), "w", encoding="utf-8"))
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def say(text: str) -> None:
    """Print a line on standard error; nothing where that cannot be written, as after a hang-up."""
    try:
        print(text, file=sys.stderr, flush=True)
    except OSError:
        give_up(sys.stderr)


def give_up(stream: TextIO) -> None:
    """Let a stream lead nowhere: Python would complain of what is left in it when it exits."""
    place = _nowhere()
    os.dup2(place, stream.fileno())
    os.close(place)


def _nowhere() -> int:
    return os.open(os.devnull, os.O_WRONLY)

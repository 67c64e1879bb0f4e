"""What the terminal sends: bytes that are no UTF-8 are a sign of their own, not the end."""

from __future__ import annotations

import codecs
import functools
from collections.abc import Callable


def _forgiving(encoding: str) -> Callable[[], codecs.IncrementalDecoder]:
    return functools.partial(codecs.getincrementaldecoder(encoding), errors="replace")


def forgive() -> None:
    """Read every byte from now on: a Latin-1 terminal and a pasted file have others than UTF-8.

    Textual decodes strictly, and its thread that reads, and with it the program, ends over one.
    """
    from textual.drivers import linux_driver

    linux_driver.getincrementaldecoder = _forgiving  # type: ignore[attr-defined, assignment]

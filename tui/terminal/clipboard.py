"""Copying what a row offers: to the terminal's clipboard (OSC 52), and to a file where none is."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from textual.app import App

from probes.model import Result

_DEAF = ("dumb", "linux", "vt100", "vt102", "vt220", "cons25")
"""Terminals that have no clipboard."""
_PATIENCE = 2
"""Seconds tmux may take."""


class Copying:
    """Copies the commands of a row, or what to paste for its change: each time the next one."""

    def __init__(self, app: App[int], environ: Mapping[str, str] = os.environ) -> None:
        self._app = app
        self._environ = environ
        self._last: tuple[str, str] = ("", "")
        self._next = 0

    async def command(self, chosen: Result | None) -> str:
        """Copy a command that asks what the row asked; returns what to say."""
        if chosen is None:
            return "Only a row that was measured has a command."
        # Only now, here and below: the remedies are not needed for the first paint.
        from probes.remediation import commands

        texts = [one.text for one in commands(chosen, windows=sys.platform == "win32")]
        if not texts:
            return "This row was not asked, so there is nothing to confirm."
        at = self._turn("y", chosen.job.key, len(texts))
        return await self._copied("y", texts[at], texts[at], at, len(texts))

    async def change(self, chosen: Result | None) -> str:
        """Copy what to paste for the row's change; returns what to say."""
        from probes.remediation import remedy

        mended = None if chosen is None else remedy(chosen)
        if chosen is None or mended is None:
            return "Only a row that is blocked, degraded or not tested has something to change."
        if not mended.pastes:
            return f"There is nothing to paste for this: {mended.change}"
        at = self._turn("Y", chosen.job.key, len(mended.pastes))
        paste = mended.pastes[at]
        lines = paste.lines[0] if len(paste.lines) == 1 else f"{len(paste.lines)} lines"
        return await self._copied(
            "Y", paste.text, f"{paste.where}: {lines}", at, len(mended.pastes)
        )

    async def text(self, text: str, said: str) -> str:
        """Copy a text; returns what to say, with what it is."""
        return await self._copied("", text, said, 0, 1)

    def _turn(self, key: str, row: str, count: int) -> int:
        """The place of the one to copy now: the first of another row, else the next."""
        if self._last != (key, row):
            self._last, self._next = (key, row), 0
        at = self._next % count
        self._next = at + 1
        return at

    async def _copied(self, key: str, text: str, said: str, at: int, count: int) -> str:
        more = f", {at + 1} of {count}, {key} for the next" if count > 1 else ""
        if not takes_a_copy(self._environ):
            return f"{await asyncio.to_thread(_written, text)}{more}: {said}"
        self._app.copy_to_clipboard(text)
        if self._environ.get("TMUX"):
            await asyncio.to_thread(_told_tmux, text)
        return f"Copied{more}: {said}"


def takes_a_copy(environ: Mapping[str, str]) -> bool:
    """Whether this terminal may have a clipboard; screen(1) keeps what it does not know."""
    if environ.get("STY"):
        return False
    return not environ.get("TERM", "").startswith(_DEAF)


def past_tmux(sequence: str) -> str:
    """An escape sequence that tmux hands on to its terminal where `allow-passthrough` is on."""
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


def _told_tmux(text: str) -> None:
    """Put it into tmux's own buffer too: as delivered, tmux takes it from no application."""
    with suppress(OSError, subprocess.SubprocessError):
        subprocess.run(
            ["tmux", "load-buffer", "-w", "-"],
            input=text.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=_PATIENCE,
            check=False,
        )


def _written(text: str) -> str:
    """Write it where it can be read; returns how a sentence begins that says so."""
    import platformdirs

    from probes.session.paths import because, make_parents, shown

    path = platformdirs.user_state_path("auditreach", appauthor=False) / "copied.txt"
    try:
        make_parents(path)
        _replace(path, f"{text}\n")
    except OSError as error:
        return (
            f"This terminal has no clipboard, and {shown(path)} was not written ({because(error)})"
        )
    return f"This terminal has no clipboard; written to {shown(path)}"


def _replace(path: Path, text: str) -> None:
    """Write a file of mode 0600 in one step, whatever stood there; raises OSError."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    part.replace(path)

"""Clipboard of the terminal (OSC 52) for what a row offers; a file where there is none."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Mapping

from textual.app import App

from probes.judging.party import UNHEARD, HostState
from probes.model import Result
from probes.remediation import commands, remedy
from probes.session.paths import error_text
from probes.state_directory import state_directory
from profiles.errors import printable_path
from tui.storage.files import write_private

_WITHOUT_CLIPBOARD = ("dumb", "linux", "vt100", "vt102", "vt220", "cons25")
"""Terminals that have no clipboard."""
_MULTIPLEXERS = ("tmux", "screen")
"""Terminal types of programs between this one and the user's terminal."""
_FAR_OR_WITHOUT = ("SSH_CONNECTION", "SSH_TTY", "VTE_VERSION")
"""Variables of a terminal that is elsewhere, or of one (VTE) that ignores most copies."""


class Clipboard:
    """Copies of a row's commands, and of what to paste for its change: each time the next one.

    A `{command-id}` in what is to be said stands for its key.
    """

    def __init__(self, app: App[int], environ: Mapping[str, str] = os.environ) -> None:
        self._app = app
        self._environ = environ
        self._last: tuple[str, str] = ("", "")
        self._next = 0

    async def command(self, chosen: Result | None) -> str:
        """Copy a command that asks what the row asked; return what to say."""
        if chosen is None:
            return "Only a row that was tested has a command."
        texts = [one.text for one in commands(chosen, windows=sys.platform == "win32")]
        if not texts:
            return "This row was not tested, so there is nothing to verify."
        at = self._next_index("copy-command", chosen.job.key, len(texts))
        return await self._copy("copy-command", texts[at], texts[at], at, len(texts))

    async def change(self, chosen: Result | None, host: HostState = UNHEARD) -> str:
        """Copy what to paste for the row's change; return what to say.

        `host` is the state of the row's host.
        """
        mended = None if chosen is None else remedy(chosen, host)
        if chosen is None or mended is None:
            return "Only a row that is blocked, degraded or not tested has something to change."
        if not mended.snippets:
            return f"There is nothing to paste for this: {mended.change}"
        at = self._next_index("copy-change", chosen.job.key, len(mended.snippets))
        paste = mended.snippets[at]
        lines = paste.lines[0] if len(paste.lines) == 1 else f"{len(paste.lines)} lines"
        return await self._copy(
            "copy-change", paste.text, f"{paste.where}: {lines}", at, len(mended.snippets)
        )

    async def text(self, text: str, said: str) -> str:
        """Copy a text; return what to say, with `said`, its description."""
        return await self._copy("", text, said, 0, 1)

    def _next_index(self, command: str, row: str, count: int) -> int:
        """Return the index to copy now: the first of another row, else the next."""
        if self._last != (command, row):
            self._last, self._next = (command, row), 0
        at = self._next % count
        self._next = at + 1
        return at

    async def _copy(self, command: str, text: str, said: str, at: int, count: int) -> str:
        more = f", {at + 1} of {count}, {{{command}}} for the next" if count > 1 else ""
        if not supports_clipboard(self._environ):
            written = await asyncio.to_thread(_write_file, text)
            return f"This terminal has no clipboard{written}{more}: {said}"
        self._app.copy_to_clipboard(text)
        doubt = doubtful_way(self._environ)
        if doubt:
            written = await asyncio.to_thread(_write_file, text)
            return f"Copied, if {doubt}{written}{more}: {said}"
        return f"Copied{more}: {said}"


def supports_clipboard(environ: Mapping[str, str]) -> bool:
    """Return True if this terminal may have a clipboard; screen(1) drops unknown sequences."""
    if environ.get("STY"):
        return False
    return not environ.get("TERM", "").startswith(_WITHOUT_CLIPBOARD)


def doubtful_way(environ: Mapping[str, str]) -> str:
    """Return as a clause on what it depends that a copy arrives; empty for a terminal at hand.

    No terminal confirms a copy. With its defaults tmux takes none from an application, screen takes
    none at all, and their own terminal type is all that is seen of one at the user's end of an SSH
    connection.
    """
    if environ.get("TMUX"):
        return "tmux lets it through"
    if environ.get("TERM", "").startswith(_MULTIPLEXERS):
        return "your tmux or screen lets it through"
    if any(environ.get(name) for name in _FAR_OR_WITHOUT):
        return "your terminal takes it"
    return ""


def _write_file(text: str) -> str:
    """Write a text to a file; return a clause that says so, or why it was not."""
    path = state_directory() / "copied.txt"
    try:
        write_private(path, f"{text}\n")
    except OSError as error:
        return f", and {printable_path(path)} was not written ({error_text(error)})"
    return f"; written to {printable_path(path)}"

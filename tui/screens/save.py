"""Saving a copy of the session log where the operator says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.screens.dialog import Confirm, Prompt

if TYPE_CHECKING:
    from textual.app import App


async def save_copy(app: App[int], source: Path) -> str:
    """Ask where to, and before overwriting; returns what to say, empty if nothing was done.

    Raises SessionError with one sentence when it cannot be written.
    """
    from probes.engine.session import AlreadyThere, copy

    where = await app.push_screen_wait(Prompt("Save a copy as", source.name))
    if not where or not where.strip():
        return ""
    to = _path(where)
    try:
        copy(source, to)
    except AlreadyThere:
        if not await app.push_screen_wait(Confirm(f"{to} exists. Overwrite it?")):
            return "Nothing was saved."
        copy(source, to, overwrite=True)
    return f"Saved as {to}."


def _path(text: str) -> Path:
    return Path(text.strip()).expanduser()

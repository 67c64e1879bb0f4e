"""Choosing the column to sort by."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from tui.models.rows import Column
from tui.screens.choice import Choice

if TYPE_CHECKING:
    from textual.app import App

    from tui.panes import Panes

_COLUMNS: Mapping[str, tuple[Column | None, str]] = {
    "s": ("status", "Status, what needs attention first"),
    "h": ("host", "Host"),
    "c": ("check", "Check"),
    "l": ("latency", "Latency"),
    "n": ("note", "Note"),
    "a": (None, "As added"),
}


async def sort_by_choice(app: App[int], panes: Panes) -> str:
    """Ask for a column and sort by it, the other way round if it sorts already."""
    letter = await app.push_screen_wait(
        Choice("Sort by", {one: text for one, (_, text) in _COLUMNS.items()})
    )
    if letter is not None:
        panes.sort_by(_COLUMNS[letter][0])
        panes.table.focus()
    return ""

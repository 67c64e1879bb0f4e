"""Commands that write the session to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import screens
from tui.models.command import Outcome, command

if TYPE_CHECKING:
    from tui.screens.context import Context


@command(
    id="save",
    keys="s",
    word="Save",
    group="session",
    bar=70,
    outside=True,
    about="saves a copy of the session log",
)
def save(context: Context) -> Outcome:
    """Save a copy of the session log."""
    return screens.save_copy(context)


@command(
    id="export",
    keys="X",
    word="Export",
    group="session",
    bar=75,
    outside=True,
    about="writes a report of all, the visible or the marked rows",
)
def export(context: Context) -> Outcome:
    """Write a report of all, the visible or the marked rows."""
    return screens.write_report(context)

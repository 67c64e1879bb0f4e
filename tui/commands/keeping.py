"""Commands that take something away from the screen: to the clipboard or to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.model import Outcome

if TYPE_CHECKING:
    from tui.screens.session import SessionScreen


def save(screen: SessionScreen) -> Outcome:
    """Save a copy of the session log."""
    from tui.screens.asking import save_copy

    return save_copy(screen.host, screen.log_path)


def copy_command(screen: SessionScreen) -> Outcome:
    """Copy a command that confirms the selected row, again for the next one."""
    return screen.panes.copying.command(screen.panes.chosen)


def copy_change(screen: SessionScreen) -> Outcome:
    """Copy what to paste for the selected row's change, again for the next one."""
    return screen.panes.copying.change(screen.panes.chosen)

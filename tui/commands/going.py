"""Commands that take the cursor to another row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.model import Outcome
from tui.models.filter import FAILURES

if TYPE_CHECKING:
    from tui.screens.session import SessionScreen


def next_failure(screen: SessionScreen) -> Outcome:
    """Go to the next failure below, from the last one to the first."""
    return _failure(screen, 1)


def previous_failure(screen: SessionScreen) -> Outcome:
    """Go to the next failure above, from the first one to the last."""
    return _failure(screen, -1)


def host(screen: SessionScreen) -> Outcome:
    """Ask for a host and go to its first row."""
    from tui.screens.goto import go_to_host

    return go_to_host(screen.host, screen.panes)


def _failure(screen: SessionScreen, step: int) -> str:
    table = screen.panes.table
    rows, view = table.rows, table.rows.view
    table.focus()
    count = len(view)
    here = table.cursor_line
    for away in range(1, count + 1):
        line = (here + step * away) % count
        if rows.status(view[line]) in FAILURES:
            table.select(rows.key(line))
            if not 0 <= here + step * away < count:
                return f"From the {'top' if step > 0 else 'bottom'} again."
            return ""
    hidden = sum(rows.status(row) in FAILURES for row in range(len(rows)))
    if hidden:
        return f"No visible row is a failure; {hidden:,} hidden ones are. {{back}} shows all."
    return "No row is a failure."

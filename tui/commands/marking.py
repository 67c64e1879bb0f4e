"""Commands that mark rows, for what is done to several of them at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.model import Outcome

if TYPE_CHECKING:
    from tui.screens.session import SessionScreen


def mark(screen: SessionScreen) -> Outcome:
    """Mark the selected row or take its mark away, and go to the next one."""
    panes = screen.panes
    key = panes.table.cursor_key
    if key is None:
        return "There is no row to mark."
    panes.mark((key,), on=key not in panes.table.marks)
    panes.table.action_move(1)
    return ""


def mark_visible(screen: SessionScreen) -> Outcome:
    """Mark every visible row; where all are, take their marks away."""
    panes = screen.panes
    rows = panes.table.rows
    keys = [rows.key(line) for line in range(len(rows.view))]
    if not keys:
        return "There is no row to mark."
    on = not all(key in panes.table.marks for key in keys)
    panes.mark(keys, on=on)
    count = len(panes.table.marks)
    what = "row is" if count == 1 else "rows are"
    return f"{count:,} {what} marked; {{unmark}} takes the marks away."


def unmark(screen: SessionScreen) -> Outcome:
    """Take every mark away."""
    panes = screen.panes
    count = len(panes.table.marks)
    panes.mark(tuple(panes.table.marks), on=False)
    return "No row is marked any more." if count else "No row is marked."

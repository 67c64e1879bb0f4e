"""Commands that change what is seen, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.model import Status
from tui.commands.model import Outcome

if TYPE_CHECKING:
    from tui.screens.session import SessionScreen


def failures(screen: SessionScreen) -> Outcome:
    """Failures only, and everything again."""
    return screen.panes.toggle_failures()


def filter_rows(screen: SessionScreen) -> None:
    """Show only rows that a query describes."""
    screen.panes.below.open_filter()


def sort(screen: SessionScreen) -> None:
    """Sort by the next column."""
    screen.panes.sort_by_next()


def sort_by(screen: SessionScreen) -> Outcome:
    """Ask for the column to sort by."""
    from tui.screens.sorting import sort_by_choice

    return sort_by_choice(screen.host, screen.panes)


def reverse(screen: SessionScreen) -> None:
    """Sort the other way round."""
    screen.panes.reverse()


def back(screen: SessionScreen) -> Outcome:
    """Leave a line or a pane for the table; from the table, show every row again."""
    if screen.filter_line.typed_in:
        screen.panes.below.close_filter(forget=True)
        screen.panes.find("")
    elif screen.panes.table.has_focus:
        screen.panes.below.close_filter(forget=True)
        screen.panes.show_all()
    screen.panes.table.focus()
    return ""


def verdicts(screen: SessionScreen) -> Outcome:
    """List what it means for each target, the worst first."""
    from tui.screens.verdicts import pronounced

    return pronounced(screen.host, screen.panes, screen.signs)


def explain(screen: SessionScreen) -> Outcome:
    """Show the page about the status of the selected row."""
    from tui.screens.explaining import show_page
    from tui.text.pages import page_of

    if screen.panes.table.cursor_key is None:
        return "There is no row here whose status could be explained."
    result = screen.panes.chosen
    status = Status.QUEUED if result is None else result.status
    show_page(screen.host, page_of(status), screen.signs)
    return None


def diagnosis(screen: SessionScreen) -> Outcome:
    """Say what is behind the failures, cause by cause."""
    from tui.screens.diagnosis import diagnosed

    session = screen.runner or screen.recorded
    return diagnosed(screen.host, screen.panes, session, screen.signs)

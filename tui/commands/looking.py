"""Commands that change what is seen, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from tui.commands.model import Outcome

if TYPE_CHECKING:
    from tui.screens.session import SessionScreen


def failures(screen: SessionScreen) -> Outcome:
    """Failures only, and everything again."""
    return screen.panes.toggle_failures()


def filter_rows(screen: SessionScreen) -> None:
    """Show rows with these words."""
    screen.query_one("#filter-line").add_class("-shown")
    screen.query_one("#filter", Input).focus()


def tree(screen: SessionScreen) -> None:
    """Go to the tree."""
    screen.set_class(False, "-narrow")
    screen.panes.outline.focus()


def sort(screen: SessionScreen) -> None:
    """Sort by the next column."""
    screen.panes.sort_by_next()


def reverse(screen: SessionScreen) -> None:
    """Sort the other way round."""
    screen.panes.reverse()


def back(screen: SessionScreen) -> Outcome:
    """Leave a line or the details, take away the filter and the notice."""
    line = screen.query_one("#filter-line")
    if line.has_class("-shown"):
        line.remove_class("-shown")
        screen.query_one("#filter", Input).value = ""
    screen.panes.filter()
    screen.panes.table.focus()
    return ""


def verdicts(screen: SessionScreen) -> Outcome:
    """List what it means for each target, the worst first."""
    from tui.screens.verdicts import pronounced

    return pronounced(screen.host, screen.panes, screen.signs)


def diagnosis(screen: SessionScreen) -> Outcome:
    """Say what is behind the failures, cause by cause."""
    from tui.screens.diagnosis import diagnosed

    session = screen.runner or screen.recorded
    return diagnosed(screen.host, screen.panes, session, screen.signs)

"""Commands that change the view: panes, navigation, details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.model import FAILURES, Status
from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.main import SessionScreen


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
    from tui.screens.prompts import sort_by_choice

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
    from tui.screens.help import show_page
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


def tree(screen: SessionScreen) -> None:
    """Go to the tree."""
    screen.panes.arrangement.go("tree")


def table(screen: SessionScreen) -> None:
    """Go to the table."""
    screen.panes.arrangement.go("table")


def details(screen: SessionScreen) -> None:
    """Go to the details."""
    screen.panes.arrangement.go("detail")


def zoom(screen: SessionScreen) -> Outcome:
    """Give the whole screen to the pane in front, and back."""
    alone = screen.panes.arrangement.toggle()
    screen.panes.locate()
    if not alone:
        return ""
    return (
        "One pane at a time; {tree}, {table}, {details} and {next-pane} change it, "
        "{zoom} shows them all."
    )


def next_pane(screen: SessionScreen) -> None:
    """Go to the next pane."""
    screen.panes.arrangement.go_on(1)


def previous_pane(screen: SessionScreen) -> None:
    """Go to the pane before."""
    screen.panes.arrangement.go_on(-1)


def next_failure(screen: SessionScreen) -> Outcome:
    """Go to the next failure below, from the last one to the first."""
    return _failure(screen, 1)


def previous_failure(screen: SessionScreen) -> Outcome:
    """Go to the next failure above, from the first one to the last."""
    return _failure(screen, -1)


def host(screen: SessionScreen) -> Outcome:
    """Ask for a host and go to its first row."""
    from tui.screens.go_to_host import go_to_host

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

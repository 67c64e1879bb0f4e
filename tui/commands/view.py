"""Commands that change the view: panes, navigation, details."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.model import FAILURES, Status
from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.context import Context


def failures(context: Context) -> Outcome:
    """Failures only, and everything again."""
    return context.panes.toggle_failures()


def filter_rows(context: Context) -> None:
    """Show only rows that a query describes."""
    context.panes.below.open_filter()


def sort(context: Context) -> None:
    """Sort by the next column."""
    context.panes.sort_by_next()


def sort_by(context: Context) -> Outcome:
    """Ask for the column to sort by."""
    from tui.screens.prompts import sort_by_choice

    return sort_by_choice(context)


def reverse(context: Context) -> None:
    """Sort the other way round."""
    context.panes.reverse()


def back(context: Context) -> Outcome:
    """Leave a line or a pane for the table; from the table, show every row again."""
    if context.panes.below.filter_line.typed_in:
        context.panes.below.close_filter(forget=True)
        context.panes.find("")
    elif context.panes.table.has_focus:
        context.panes.below.close_filter(forget=True)
        context.panes.show_all()
    context.panes.table.focus()
    return ""


def verdicts(context: Context) -> Outcome:
    """List what it means for each target, the worst first."""
    from tui.screens.verdicts import show_verdicts

    return show_verdicts(context)


def explain(context: Context) -> Outcome:
    """Show the page about the status of the selected row."""
    from tui.screens.help import show_status

    if context.panes.table.cursor_key is None:
        return "There is no row here whose status could be explained."
    result = context.panes.chosen
    status = Status.QUEUED if result is None else result.status
    show_status(context, status)
    return None


def diagnosis(context: Context) -> Outcome:
    """Say what is behind the failures, cause by cause."""
    from tui.screens.diagnosis import show_diagnosis

    return show_diagnosis(context)


def tree(context: Context) -> None:
    """Go to the tree."""
    context.panes.arrangement.go("tree")


def table(context: Context) -> None:
    """Go to the table."""
    context.panes.arrangement.go("table")


def details(context: Context) -> None:
    """Go to the details."""
    context.panes.arrangement.go("detail")


def zoom(context: Context) -> Outcome:
    """Give the whole screen to the pane in front, and back."""
    alone = context.panes.arrangement.toggle()
    context.panes.locate()
    if not alone:
        return ""
    return (
        "One pane at a time; {tree}, {table}, {details} and {next-pane} change it, "
        "{zoom} shows them all."
    )


def next_pane(context: Context) -> None:
    """Go to the next pane."""
    context.panes.arrangement.go_on(1)


def previous_pane(context: Context) -> None:
    """Go to the pane before."""
    context.panes.arrangement.go_on(-1)


def next_failure(context: Context) -> Outcome:
    """Go to the next failure below, from the last one to the first."""
    return _failure(context, 1)


def previous_failure(context: Context) -> Outcome:
    """Go to the next failure above, from the first one to the last."""
    return _failure(context, -1)


def host(context: Context) -> Outcome:
    """Ask for a host and go to its first row."""
    from tui.screens.go_to_host import go_to_host

    return go_to_host(context)


def _failure(context: Context, step: int) -> str:
    table = context.panes.table
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

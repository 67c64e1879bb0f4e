"""Commands that change the view: filters, verdicts, panes, navigation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.model import FAILURES, Status
from tui import screens
from tui.models.command import Outcome, command

if TYPE_CHECKING:
    from tui.screens.context import Context


@command(
    id="failures",
    keys="f",
    word="Failed only",
    group="table",
    bar=50,
    about="shows failures only, and everything again",
)
def failures(context: Context) -> Outcome:
    """Show failures only, or everything again."""
    return context.panes.toggle_failures()


@command(
    id="absent",
    keys="A",
    word="Addresses without a host",
    group="table",
    about="shows the addresses of a network that nobody uses, and hides them again",
)
def absent(context: Context) -> Outcome:
    """Show rows without a host, or hide them again."""
    return context.panes.toggle_absent()


@command(
    id="filter",
    keys="slash",
    show="/",
    word="Filter",
    group="table",
    bar=60,
    about="shows rows with all these words, or by field: status:blocked host:dc* port:5985 !note:x",
)
def filter_rows(context: Context) -> None:
    """Show only rows that a query describes."""
    context.panes.status_line.open_filter()


@command(
    id="verdicts",
    keys="v",
    word="Verdicts",
    group="table",
    bar=80,
    about=(
        "lists the verdicts, the worst target first; Enter there shows the rows of one, "
        "Escape all again"
    ),
)
def verdicts(context: Context) -> Outcome:
    """List what it means for each target, the worst first."""
    return screens.show_verdicts(context)


@command(
    id="grid",
    keys="M",
    word="Grid",
    group="table",
    about="shows every row as a sign, hosts down and checks across; Enter there goes to the row",
)
def grid(context: Context) -> Outcome:
    """Show the grid of all rows."""
    return screens.show_grid(context)


@command(
    id="diagnosis",
    keys="d",
    word="Causes",
    group="table",
    bar=90,
    about=("lists the causes of the failures; Enter there shows the rows of one, Escape all again"),
)
def diagnosis(context: Context) -> Outcome:
    """Say what is behind the failures, cause by cause."""
    return screens.show_diagnosis(context)


@command(
    id="explain",
    keys="m",
    word="Meaning",
    group="table",
    about="explains the row's status: what it means, what to do, whom to ask",
)
def explain(context: Context) -> Outcome:
    """Show the page about the status of the selected row."""
    if context.panes.table.cursor_key is None:
        return "There is no row here whose status could be explained."
    result = context.panes.cursor_result
    status = Status.QUEUED if result is None else result.status
    screens.show_status(context, status)
    return None


@command(
    id="tree",
    keys="1,t",
    word="Tree",
    group="panes",
    bar=100,
    about="goes to the tree; the node under the cursor filters",
)
def tree(context: Context) -> None:
    """Go to the tree."""
    context.panes.layout.focus("tree")


@command(
    id="table",
    keys="2",
    word="Table",
    group="panes",
    bar=110,
    about="goes to the table",
)
def table(context: Context) -> Outcome:
    """Go to the table."""
    was_there = context.panes.table.has_focus
    context.panes.layout.focus("table")
    return "The cursor is in the table." if was_there else None


@command(
    id="details",
    keys="3",
    word="Details",
    group="panes",
    bar=120,
    about="goes to the details of the selected row",
)
def details(context: Context) -> None:
    """Go to the details."""
    context.panes.layout.focus("detail")


@command(
    id="zoom",
    keys="z",
    word="Zoom",
    group="panes",
    bar=130,
    about="gives the whole screen to the pane with the cursor, and back; remembered",
)
def zoom(context: Context) -> Outcome:
    """Give the whole screen to the pane in front, and back."""
    alone = context.panes.layout.toggle()
    context.panes.update_breadcrumbs()
    if not alone:
        return ""
    return (
        "One pane at a time; {tree}, {table}, {details} and {next-pane} change it, "
        "{zoom} shows them all."
    )


@command(
    id="next-pane",
    keys="tab",
    show="Tab",
    word="Next pane",
    group="panes",
    about="goes to the next pane",
)
def next_pane(context: Context) -> None:
    """Go to the next pane."""
    context.panes.layout.focus_next(1)


@command(
    id="previous-pane",
    keys="shift+tab",
    word="Previous pane",
    group="panes",
    about="goes to the pane before",
)
def previous_pane(context: Context) -> None:
    """Go to the pane before."""
    context.panes.layout.focus_next(-1)


@command(
    id="next-failure",
    keys="e",
    word="Next failure",
    group="table",
    about="goes to the next failure in the present order",
)
def next_failure(context: Context) -> Outcome:
    """Go to the next failure below, from the last one to the first."""
    return _failure(context, 1)


@command(
    id="previous-failure",
    keys="E",
    word="Previous failure",
    group="table",
    about="goes to the failure before",
)
def previous_failure(context: Context) -> Outcome:
    """Go to the next failure above, from the first one to the last."""
    return _failure(context, -1)


@command(
    id="go-to-host",
    keys="G",
    word="Go to host",
    group="table",
    about="goes to a host by a few letters of its name",
)
def host(context: Context) -> Outcome:
    """Ask for a host and go to its first row."""
    return screens.ask_for_host(context)


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

"""Commands on rows: marks, copies, removal and undo, order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from probes.model import Event, Removed, Restored, Target
from probes.wire.text import printable
from tui import screens
from tui.models.columns import COLUMNS
from tui.models.command import Outcome, command

if TYPE_CHECKING:
    from tui.screens.context import Context

_SORTED = [f"{column.sort.letter} {column.id}" for column in COLUMNS if column.sort is not None]
_NOTHING_TO_SORT = "There is no row yet; the ones to come follow the order that was chosen."
_HELD = "The display is frozen: {freeze} resumes it first."


@command(
    id="mark",
    keys="space",
    show="Space",
    word="Mark",
    group="table",
    about=("marks or unmarks the row; retest, copies, export and removal then act on marked rows"),
)
def mark(context: Context) -> Outcome:
    """Mark the selected row or take its mark away, and go to the next one."""
    panes = context.panes
    key = panes.table.cursor_key
    if key is None:
        return "There is no row to mark."
    panes.mark((key,), on=key not in panes.table.marks)
    panes.table.action_move(1)
    return ""


@command(
    id="mark-visible",
    keys="asterisk",
    show="*",
    word="Mark visible",
    group="table",
    about="marks every visible row, again none of them",
)
def mark_visible(context: Context) -> Outcome:
    """Mark every visible row; where all are, take their marks away."""
    panes = context.panes
    rows = panes.table.rows
    keys = [rows.key(line) for line in range(len(rows.view))]
    if not keys:
        return "There is no row to mark."
    on = not all(key in panes.table.marks for key in keys)
    panes.mark(keys, on=on)
    count = len(panes.table.marks)
    what = "row is" if count == 1 else "rows are"
    return f"{count:,} {what} marked; {{unmark}} removes the marks."


@command(
    id="unmark",
    keys="U",
    word="Unmark",
    group="table",
    about="removes every mark",
)
def unmark(context: Context) -> Outcome:
    """Take every mark away."""
    panes = context.panes
    count = len(panes.table.marks)
    panes.mark(tuple(panes.table.marks), on=False)
    return "No row is marked any more." if count else "No row is marked."


@command(
    id="copy-command",
    keys="y",
    word="Copy command",
    group="table",
    about="copies a command that verifies the row, then the next one; all of marked rows",
)
def copy_command(context: Context) -> Outcome:
    """Copy a command that confirms the selected row, again for the next one; all of marked rows."""
    panes = context.panes
    if panes.marked:
        return _copy(context, *screens.commands_text(panes.selected_results))
    return panes.clipboard.command(panes.cursor_result)


@command(
    id="copy-change",
    keys="Y",
    word="Copy change",
    group="table",
    bar=155,
    about="copies the commands that fix it, then the next ones; all of marked rows",
)
def copy_change(context: Context) -> Outcome:
    """Copy what to paste for the selected row's change, again for the next; all of marked rows."""
    panes = context.panes
    rows, chosen = panes.table.rows, panes.cursor_result
    if panes.marked:
        return _copy(context, *screens.changes_text(panes.selected_results, rows.hosts))
    return panes.clipboard.change(chosen, rows.host_of(chosen))


@command(
    id="copy-rows",
    keys="ctrl+y",
    word="Copy row",
    group="table",
    about="copies the row with its evidence as a line of text for a ticket",
)
def copy_rows(context: Context) -> Outcome:
    """Copy the selected row, or the marked ones, as text for a ticket."""
    panes = context.panes
    return _copy(context, *screens.rows_text(panes.selected_results, panes.table.rows.hosts))


@command(
    id="remove",
    keys="delete,backspace",
    show="Del",
    word="Remove host",
    group="table",
    about=(
        "removes the host of the row, or of the marked rows, from what is shown, tested and "
        "counted; the log keeps its results"
    ),
)
def remove(context: Context) -> Outcome:
    """Remove the host of the selected row, or of the marked rows."""
    if context.watcher.frozen:
        return _HELD
    targets = _selected_targets(context)
    if not targets:
        return "There is no host to remove here."
    rows = context.panes.table.rows
    in_flight = frozenset(targets)
    count = sum(rows.job(row).target in in_flight for row in range(len(rows)))
    if context.controller is not None:
        context.controller.remove(targets)
    _show(context, Removed(targets))
    what = f"Removed {_named(targets)} with {_rows(count)}"
    back = f"{{undo}} brings {'it' if len(targets) == 1 else 'them'} back."
    if context.controller is None:
        return f"{what} from the screen, not from the log; {back}"
    return f"{what}: not tested and not counted any more, but kept in the log; {back}"


@command(
    id="undo",
    keys="u",
    word="Undo",
    group="table",
    about="brings back what was removed last, with its results",
)
def undo(context: Context) -> Outcome:
    """Bring back what was removed last, with its results."""
    if context.watcher.frozen:
        return _HELD
    removal = context.panes.removed_hosts.latest
    if removal is None:
        return "Nothing to undo."
    if context.controller is not None:
        context.controller.restore(removal.targets)
        if removal.unmeasured:
            context.measuring = True
            context.show_state()
    _show(context, Restored(removal.targets))
    verb = "is" if len(removal.targets) == 1 else "are"
    return f"{_named(removal.targets)} {verb} back with {_rows(len(removal.rows))}."


@command(
    id="sort",
    keys="o",
    word="Sort",
    group="table",
    about="sorts by the next column (a click on a column's head does the same)",
)
def sort(context: Context) -> Outcome:
    """Sort by the next column."""
    context.panes.sort_by_next()
    return None if context.panes.keys else _NOTHING_TO_SORT


@command(
    id="sort-by",
    keys="b",
    word="Sort by",
    group="table",
    about=f"sorts by a column: {', '.join(_SORTED)}",
)
def sort_by(context: Context) -> Outcome:
    """Ask for the column to sort by."""
    return screens.sort_by_choice(context)


@command(
    id="reverse",
    keys="O",
    word="Reverse the order",
    group="table",
    about="sorts the other way round",
)
def reverse(context: Context) -> Outcome:
    """Sort the other way round."""
    context.panes.reverse()
    return None if context.panes.keys else _NOTHING_TO_SORT


def _copy(context: Context, text: str, said: str) -> Outcome:
    return context.panes.clipboard.text(text, said) if text else said


def _show(context: Context, event: Event) -> None:
    """Show the event of an old session, which has no engine; else wait for that of the engine."""
    if context.controller is None:
        context.show_events((event,))
    else:
        # The next key finds it done: Delete, held down, would aim at the same row again.
        removals = context.panes.removed_hosts
        before = removals.count
        context.show_until(lambda: removals.count != before)


def _selected_targets(context: Context) -> tuple[Target, ...]:
    panes = context.panes
    if panes.tree.has_focus:
        # The row that Delete would mean stands behind the drawer, or is not looked at.
        return ()
    jobs = (panes.table.rows.job_of(key) for key in panes.selected_keys)
    return tuple(dict.fromkeys(job.target for job in jobs if job is not None))


def _named(targets: Sequence[Target]) -> str:
    if len(targets) > 1:
        return f"{len(targets):,} hosts"
    return f"{printable(targets[0].label)} ({targets[0].role})"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"

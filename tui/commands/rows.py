"""Commands on rows: marks, removal and undo."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from probes.model import Event, Removed, Restored, Target
from probes.wire.text import printable
from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.context import Context


def mark(context: Context) -> Outcome:
    """Mark the selected row or take its mark away, and go to the next one."""
    panes = context.panes
    key = panes.table.cursor_key
    if key is None:
        return "There is no row to mark."
    panes.mark((key,), on=key not in panes.table.marks)
    panes.table.action_move(1)
    return ""


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
    return f"{count:,} {what} marked; {{unmark}} takes the marks away."


def unmark(context: Context) -> Outcome:
    """Take every mark away."""
    panes = context.panes
    count = len(panes.table.marks)
    panes.mark(tuple(panes.table.marks), on=False)
    return "No row is marked any more." if count else "No row is marked."


OFTEN = 0.02
"""Seconds between two looks at whether the engine has done it: its events come in batches."""
LOOKS = 25
_HELD = "The display stands still: {freeze} lets it go on first."


def remove(context: Context) -> Outcome:
    """Remove the host of the selected row, of the marked rows or of the tree's node."""
    if context.lookout.frozen:
        return _HELD
    targets = _aimed(context)
    if not targets:
        return "There is no host to remove here."
    rows = context.panes.table.rows
    gone = frozenset(targets)
    count = sum(rows.job(row).target in gone for row in range(len(rows)))
    if context.runner is not None:
        context.runner.remove(targets)
    _show(context, Removed(targets))
    what = f"Removed {_named(targets)} with {_rows(count)}"
    back = f"{{undo}} brings {'it' if len(targets) == 1 else 'them'} back."
    if context.runner is None:
        return f"{what} from the screen, not from the log; {back}"
    return f"{what}: not measured and not counted any more, but kept in the log; {back}"


def undo(context: Context) -> Outcome:
    """Bring back what was removed last, with its results."""
    if context.lookout.frozen:
        return _HELD
    gone = context.panes.removals.latest
    if gone is None:
        return "Nothing was removed that could come back."
    if context.runner is not None:
        context.runner.restore(gone.targets)
        if gone.unmeasured:
            context.measuring = True
            context.tell_state()
    _show(context, Restored(gone.targets))
    verb = "is" if len(gone.targets) == 1 else "are"
    return f"{_named(gone.targets)} {verb} back with {_rows(len(gone.rows))}."


def _show(context: Context, event: Event) -> None:
    """An old session has no engine that would report it; otherwise its log comes first."""
    if context.runner is None:
        context.show_events((event,))
    else:
        # The next key finds it done: Delete, held down, would aim at the same row again.
        context.keys_wait(_seen(context), "removing")


async def _seen(context: Context) -> None:
    """Wait until what the engine says of it is on the context."""
    before = context.panes.removals.count
    for _ in range(LOOKS):
        await asyncio.sleep(OFTEN)
        context.drain()
        if context.panes.removals.count != before:
            return


def _aimed(context: Context) -> tuple[Target, ...]:
    panes = context.panes
    if panes.outline.has_focus:
        target = panes.outline.node.target
        return () if target is None else (target,)
    jobs = (panes.table.rows.job_of(key) for key in panes.aimed)
    return tuple(dict.fromkeys(job.target for job in jobs if job is not None))


def _named(targets: Sequence[Target]) -> str:
    if len(targets) > 1:
        return f"{len(targets):,} hosts"
    return f"{printable(targets[0].label)} ({targets[0].role})"


def _rows(count: int) -> str:
    return f"{count:,} {'row' if count == 1 else 'rows'}"

"""Commands that measure: hosts, again, stop, watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.context import Context


def hosts(context: Context) -> None:
    """Go to the host line."""
    context.go_to_hosts()


def again(context: Context) -> Outcome:
    """Measure the selected row again, or the marked ones."""
    marked = len(context.panes.marked)
    rows = "row" if marked == 1 else "rows"
    said = f"Measuring {marked:,} marked {rows} again." if marked else ""
    return context.measure_again(context.panes.aimed, forced=True, said=said)


def again_failures(context: Context) -> Outcome:
    """Measure everything again that is not well."""
    return context.measure_again(context.panes.failed)


def again_all(context: Context) -> Outcome:
    """Measure everything again."""
    return context.measure_again(context.panes.keys)


def stop(context: Context) -> Outcome:
    """Stop; what was measured stays."""
    if context.runner is None or not context.measuring:
        return None
    context.runner.stop()
    return "Stopped. Rows measured so far keep their result; {again} and {again-all} measure again."


def answers(context: Context) -> Outcome:
    """Answer the questions of the profile."""
    from tui.screens.prompts import change_answers

    return change_answers(context)


def credentials(context: Context) -> Outcome:
    """Give credentials for SNMP and SSH."""
    from tui.screens.credentials import take_credentials

    return take_credentials(context)


def watch(context: Context) -> Outcome:
    """Ask how often to measure again, and do it."""
    if context.runner is None:
        return "This is an old session; there is nothing to watch."
    if not context.panes.keys:
        return "There is nothing to watch yet: enter hosts first."
    from tui.screens.prompts import set_watch

    return set_watch(context)


def freeze(context: Context) -> Outcome:
    """Hold the display or a replay still, or let it go on."""
    if context.replay is not None:
        return context.replay.toggle()
    if context.runner is None:
        return "An old session stands still already."
    if not context.lookout.frozen:
        context.lookout.freeze()
        context.tell_state()
        return "The display stands still; measuring and the log go on. {freeze} lets it go on."
    events, rows = context.lookout.thaw()
    context.show_events(events)
    context.tell_state()
    return f"{rows:,} {'row was' if rows == 1 else 'rows were'} measured meanwhile." if rows else ""


def changes(context: Context) -> Outcome:
    """List what changed, the latest first."""
    if not context.lookout.changes:
        return "No row has changed since it was first measured."
    from tui.screens.changes import list_changes

    return list_changes(context)

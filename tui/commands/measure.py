"""Commands that measure: hosts, again, stop, watch, and what is measured with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from probes.model import UNFINISHED
from tui import screens
from tui.models.command import Outcome, command

if TYPE_CHECKING:
    from tui.screens.context import Context


@command(
    id="hosts",
    keys="i",
    word="Hosts",
    group="hosts",
    bar=10,
    about="goes to the host line; type ROLE=HOST, then Enter tests",
)
def hosts(context: Context) -> Outcome:
    """Go to the host line; of an old session that of a new one with its rows."""
    if context.recorded is not None:
        return screens.measure_recorded(context, ())
    context.go_to_hosts()
    return None


@command(
    id="again",
    keys="r",
    word="Retest",
    group="run",
    bar=20,
    about="retests the selected row, or the marked ones",
)
def again(context: Context) -> Outcome:
    """Measure the selected row again, or the marked ones."""
    marked = len(context.panes.marked)
    rows = "row" if marked == 1 else "rows"
    said = f"Retesting {marked:,} marked {rows}." if marked else ""
    return _again(context, context.panes.selected_keys, forced=True, notice=said)


@command(
    id="again-failures",
    keys="R",
    word="Failures again",
    group="run",
    bar=150,
    about="retests everything that is not ok",
)
def again_failures(context: Context) -> Outcome:
    """Measure everything again that is not well."""
    if context.panes.keys and not context.panes.failed:
        return "Every row is ok or not needed: there is nothing to retest."
    return _again(context, context.panes.failed)


@command(
    id="again-all",
    keys="g",
    word="All again",
    group="run",
    bar=30,
    about="retests everything",
)
def again_all(context: Context) -> Outcome:
    """Measure everything again."""
    return _again(context, context.panes.keys)


def _again(
    context: Context, keys: Sequence[str], *, forced: bool = False, notice: str = ""
) -> Outcome:
    if not keys:
        if context.panes.keys:
            return "No row is selected: {back} shows every row."
        return "There is nothing to retest: no host is here yet; {hosts} enters some."
    if context.recorded is not None:
        return screens.measure_recorded(context, keys)
    rows = context.panes.table.rows
    begun = {rows.job(row).key for row in range(len(rows)) if rows.status(row) in UNFINISHED}
    if context.measuring and begun.issuperset(keys):
        return "That is being tested already; {stop} stops it."
    if context.watcher.frozen:
        notice = notice or "Testing; the display is frozen until {freeze} resumes it."
    return context.measure_again(keys, forced=forced, notice=notice)


@command(
    id="stop",
    keys="x",
    word="Stop",
    group="run",
    bar=40,
    about="stops; rows tested so far keep their result",
)
def stop(context: Context) -> Outcome:
    """Stop; what was measured stays."""
    if context.controller is None or not context.measuring:
        return "Nothing is being tested, so there is nothing to stop."
    context.controller.stop()
    return "Stopped. Rows tested so far keep their result; {again} and {again-all} retest."


@command(
    id="watch",
    keys="w",
    word="Watch",
    group="run",
    bar=140,
    about="retests every so many seconds, and tells what changes",
)
def watch(context: Context) -> Outcome:
    """Ask how often to measure again, and do it."""
    if context.controller is None:
        return "An old session stays as it is; retest it ({again-all}), then that can be watched."
    if not context.panes.keys:
        return "There is nothing to watch yet: enter hosts first."
    return screens.set_watch(context)


@command(
    id="freeze",
    keys="p",
    word="Pause the display",
    group="run",
    bar=160,
    about="freezes the display while tests and the log go on; a replay too",
)
def freeze(context: Context) -> Outcome:
    """Hold the display or a replay still, or let it go on."""
    if context.replay is not None:
        return context.replay.toggle()
    if context.controller is None:
        return "An old session does not move."
    if not context.watcher.frozen:
        context.watcher.freeze()
        context.show_state()
        return "The display is frozen; tests and the log go on. {freeze} resumes it."
    events, rows = context.watcher.thaw()
    context.show_events(events)
    context.show_state()
    were = "row was" if rows == 1 else "rows were"
    return f"{rows:,} {were} tested in the meantime." if rows else ""


@command(
    id="changes",
    keys="H",
    word="Changes",
    group="run",
    about="lists what changed since a row was first tested, the latest first",
)
def changes(context: Context) -> Outcome:
    """List what changed, the latest first."""
    if not context.watcher.changes:
        return "No row has changed since it was first tested."
    return screens.list_changes(context)


@command(
    id="sets",
    keys="T",
    word="Sets of targets",
    group="hosts",
    bar=165,
    about="recalls a named set of targets, or saves the present ones as one",
)
def target_sets(context: Context) -> Outcome:
    """Recall a named set of targets, or keep the present ones as one."""
    return screens.choose_target_set(context)


@command(
    id="answers",
    keys="a",
    word="Answers",
    group="hosts",
    bar=170,
    about="answers questions about your environment",
)
def answers(context: Context) -> Outcome:
    """Answer the questions of the profile."""
    return screens.change_answers(context)


@command(
    id="credentials",
    keys="c",
    word="Credentials",
    group="hosts",
    bar=180,
    about="takes credentials for SNMP and SSH, kept in memory only",
)
def credentials(context: Context) -> Outcome:
    """Give credentials for SNMP and SSH."""
    return screens.ask_for_credentials(context)

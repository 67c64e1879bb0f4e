"""Commands that measure: hosts, again, stop, watch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.models.command import Outcome
from tui.widgets.host_input import HostEntry

if TYPE_CHECKING:
    from tui.screens.main import SessionScreen


def hosts(screen: SessionScreen) -> None:
    """Go to the host line."""
    if screen.runner is not None:
        screen.query_one(HostEntry).focus()


def again(screen: SessionScreen) -> Outcome:
    """Measure the selected row again, or the marked ones."""
    marked = len(screen.panes.marked)
    rows = "row" if marked == 1 else "rows"
    said = f"Measuring {marked:,} marked {rows} again." if marked else ""
    return screen.measure_again(screen.panes.aimed, forced=True, said=said)


def again_failures(screen: SessionScreen) -> Outcome:
    """Measure everything again that is not well."""
    return screen.measure_again(screen.panes.failed)


def again_all(screen: SessionScreen) -> Outcome:
    """Measure everything again."""
    return screen.measure_again(screen.panes.keys)


def stop(screen: SessionScreen) -> Outcome:
    """Stop; what was measured stays."""
    if screen.runner is None or not screen.measuring:
        return None
    screen.runner.stop()
    return "Stopped. Rows measured so far keep their result; {again} and {again-all} measure again."


def answers(screen: SessionScreen) -> Outcome:
    """Answer the questions of the profile."""
    from tui.screens.prompts import change_answers

    return change_answers(screen.host, screen.runner)


def credentials(screen: SessionScreen) -> Outcome:
    """Give credentials for SNMP and SSH."""
    from tui.screens.credentials import take_credentials

    return take_credentials(screen.host, screen.runner, files=not screen.kiosk)


def watch(screen: SessionScreen) -> Outcome:
    """Ask how often to measure again, and do it."""
    if screen.runner is None:
        return "This is an old session; there is nothing to watch."
    if not screen.panes.keys:
        return "There is nothing to watch yet: enter hosts first."
    return _watch(screen)


async def _watch(screen: SessionScreen) -> str:
    from tui.screens.dialogs import Prompt
    from tui.watch.options import BadOrder, order

    lookout = screen.lookout
    question = (
        "Measure again every so many seconds: 30, or 5m. Words after it: failed (only what is "
        "not ok), bell (ring when a row changes). off ends it."
    )
    said = await screen.host.push_screen_wait(
        Prompt(question, lookout.order.text if lookout.order else "30")
    )
    if said is None:
        return ""
    try:
        wanted = order(said)
    except BadOrder as error:
        return str(error)
    was = lookout.order
    lookout.repeat(wanted)
    screen.tell_state()
    if wanted is None:
        return "The watch has ended." if was else ""
    what = "what is not ok" if wanted.failed else "everything"
    return (
        f"Measures {what} again every {wanted.every:g} s; "
        "{watch} changes or ends it, {changes} lists changes."
    )


def freeze(screen: SessionScreen) -> Outcome:
    """Hold the display or a replay still, or let it go on."""
    if screen.replay is not None:
        return screen.replay.toggle()
    if screen.runner is None:
        return "An old session stands still already."
    if not screen.lookout.frozen:
        screen.lookout.freeze()
        screen.tell_state()
        return "The display stands still; measuring and the log go on. {freeze} lets it go on."
    events, rows = screen.lookout.thaw()
    screen.show_events(events)
    screen.tell_state()
    return f"{rows:,} {'row was' if rows == 1 else 'rows were'} measured meanwhile." if rows else ""


def changes(screen: SessionScreen) -> Outcome:
    """List what changed, the latest first."""
    if not screen.lookout.changes:
        return "No row has changed since it was first measured."
    return _changes(screen)


async def _changes(screen: SessionScreen) -> str:
    from tui.screens.changes import Changes

    chosen = await screen.host.push_screen_wait(Changes(screen.lookout.changes, screen.signs))
    if chosen is None:
        return ""
    screen.go_to(chosen)
    return ""

"""Commands of the watch: repeat, hold the display still, list what changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.model import Outcome

if TYPE_CHECKING:
    from tui.screens.session import SessionScreen


def watch(screen: SessionScreen) -> Outcome:
    """Ask how often to measure again, and do it."""
    if screen.runner is None:
        return "This is an old session; there is nothing to watch."
    if not screen.panes.keys:
        return "There is nothing to watch yet: enter hosts first."
    return _watch(screen)


async def _watch(screen: SessionScreen) -> str:
    from tui.screens.dialog import Prompt
    from tui.watch.order import BadOrder, order

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

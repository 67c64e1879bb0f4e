"""Commands that measure, and those that say what measuring needs to know."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import TYPE_CHECKING

from tui.commands.model import Outcome
from tui.widgets.entry import HostEntry

if TYPE_CHECKING:
    from tui.controller import Runner
    from tui.screens.session import SessionScreen


def hosts(screen: SessionScreen) -> None:
    """Go to the host line."""
    if screen.runner is not None:
        screen.query_one(HostEntry).focus()


def again(screen: SessionScreen) -> Outcome:
    """Measure the selected row again, or the marked ones."""
    marked = len(screen.panes.marked)
    rows = "row" if marked == 1 else "rows"
    said = f"Measuring {marked:,} marked {rows} again." if marked else ""
    return measure_again(screen, screen.panes.aimed, forced=True, said=said)


def again_failures(screen: SessionScreen) -> Outcome:
    """Measure everything again that is not well."""
    return measure_again(screen, screen.panes.failed)


def again_all(screen: SessionScreen) -> Outcome:
    """Measure everything again."""
    return measure_again(screen, screen.panes.keys)


def measure_again(
    screen: SessionScreen,
    keys: Sequence[str],
    *,
    forced: bool = False,
    quiet: bool = False,
    said: str = "",
) -> Outcome:
    """Measure rows again, `forced` ones even if not needed.

    A `quiet` round of a watch takes no notice away.
    """
    if screen.runner is None:
        return (
            "This is an old session. `auditreach run --from FILE` measures it again, "
            "with --only blocked only what was blocked."
        )
    if not keys:
        return None
    panes = screen.panes
    jobs, trouble = screen.runner.again(keys, panes.targets, panes.outline.included, forced=forced)
    if jobs:
        screen.begin_anew()
        panes.add(jobs)
    screen.measuring = True
    screen.tell_state()
    if trouble or not quiet:
        screen.say(trouble or said, trouble=bool(trouble))
    return None


def stop(screen: SessionScreen) -> Outcome:
    """Stop; what was measured stays."""
    if screen.runner is None or not screen.measuring:
        return None
    screen.runner.stop()
    return "Stopped. Rows measured so far keep their result; {again} and {again-all} measure again."


def answers(screen: SessionScreen) -> Outcome:
    """Answer the questions of the profile."""
    from tui.screens.asking import change_answers

    return change_answers(screen.host, screen.runner)


def credentials(screen: SessionScreen) -> Outcome:
    """Give credentials for SNMP and SSH."""
    from tui.screens.credentials import take_credentials

    return take_credentials(screen.host, screen.runner, files=not screen.host.kiosk)


async def measure_line(screen: SessionScreen, runner: Runner, text: str) -> None:
    """Measure the hosts in a line; what is wrong in it stays there, to be corrected."""
    from tui.screens.asking import confirmed

    await screen.engine_up.wait()
    panes = screen.panes
    entered = await runner.read(text, panes.role)
    entry = screen.query_one(HostEntry)
    if entered.targets:
        # Planned off the loop: of a whole network it takes a while.
        question = await asyncio.to_thread(runner.question, entered.targets, panes.outline.included)
        if question and not await confirmed(screen.host, question):
            return
        jobs, anew, trouble = runner.measure(entered.targets, panes.outline.included)
        if anew:
            screen.begin_anew()
        screen.measuring = True
        panes.add(jobs)
        screen.saving = not trouble
        screen.tell_state()
        entry.history.add(text.strip())
        entry.forget_place()
        entry.value = ""
        panes.table.focus()
        screen.say(trouble or runner.assumptions(jobs), trouble=bool(trouble))
    elif not entered.bad:
        screen.say("There is no host in this line; # begins a comment.", trouble=True)
    if entered.bad:
        # What was good is measured; what was not stays in the line to be corrected.
        screen.say(entry.correct(entered.bad), trouble=True)

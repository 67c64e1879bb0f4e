"""Hosts of the host line, from Enter to their rows."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from probes.model import Status
from probes.targets.pasted import line_without_passwords
from profiles.recognition import AUTO
from tui.models.restrictions import left_out_text
from tui.screens.prompts import confirmed
from tui.screens.role_question import ask_for_role
from tui.widgets.host_input import HostInput, sentences

if TYPE_CHECKING:
    from collections.abc import Sequence

    from probes.model import Target
    from probes.targets import ParseResult
    from tui.controller import Controller
    from tui.screens.context import Context


async def measure_line(
    context: Context, controller: Controller, entry: HostInput, text: str
) -> None:
    """Measure the hosts in a line; what is wrong in it stays there, to be corrected."""
    await context.engine_started.wait()
    panes = context.panes
    entered = await _read_line(context, controller, text)
    if entered is None:
        # Nothing that was typed is lost: it is in the line.
        entry.focus()
        return
    notices = [one for one in entered.problems if one.is_warning]
    left_out = left_out_text(entered.targets, context.profile, panes.tree.included)
    if entered.targets and not left_out.measured:
        context.say(left_out.text, trouble=True)
        return
    if entered.targets:
        # Planned off the loop: of a whole network it takes a while.
        question = await asyncio.to_thread(
            controller.question, entered.targets, panes.tree.included
        )
        if question and not await confirmed(context, question):
            return
        said, trouble = _begin(context, controller, entered, left_out.text)
        _leave(context, entry, text)
        parts = (said,) if trouble else (said, sentences(notices))
        context.say(" ".join(filter(None, parts)), trouble=trouble)
    elif not entered.problems:
        context.say("There is no host in this line; # begins a comment.", trouble=True)
    mistakes = [one for one in entered.problems if not one.is_warning]
    if mistakes:
        # What was good is measured; what was not stays in the line to be corrected.
        later = entry.value if entered.targets else entry.take_out(text)
        typed = line_without_passwords(text)
        entry.correct(mistakes, typed, measured=bool(entered.targets), later=later)
        context.say(sentences([*mistakes, *notices]), trouble=True)
    elif notices and not entered.targets:
        context.say(sentences(notices), trouble=True)


def _begin(
    context: Context, controller: Controller, entered: ParseResult, left_out: str
) -> tuple[str, bool]:
    """Measure targets; returns what to say, and True if that is trouble with the log."""
    panes = context.panes
    jobs, new_session, trouble = controller.measure(entered.targets, panes.tree.included)
    if new_session:
        context.reset()
    context.measuring = True
    shown = panes.add(jobs)
    answered = remove_answered(context, controller, entered.targets)
    context.show_state()
    parts = (trouble, left_out, shown, answered, "" if trouble else controller.assumptions(jobs))
    return " ".join(filter(None, parts)), bool(trouble)


def remove_answered(context: Context, controller: Controller, targets: Sequence[Target]) -> str:
    """Remove the rows that ask for the role of hosts which have one now; returns what to say.

    They would stay errors, and their hosts unknown beside the verdict of the role.
    """
    named = {one.host.casefold() for one in targets if one.role != AUTO}
    asking = tuple(
        job.target
        for job, result in context.panes.table.rows.results
        if job.check.role == AUTO
        and job.target.host.casefold() in named
        and result is not None
        and result.status is Status.ERROR
    )
    if not asking:
        return ""
    controller.remove(asking)
    number = f"{len(asking):,} rows that asked" if len(asking) > 1 else "the row that asked"
    back = "them" if len(asking) > 1 else "it"
    return f"Removed {number} for a role that is said now; {{undo}} brings {back} back."


def _leave(context: Context, entry: HostInput, text: str) -> None:
    """Go from the host line to the table, unless more was typed behind the `text`."""
    entry.history.add(line_without_passwords(text.strip()))
    entry.reset_recall()
    # No letter that came meanwhile is a command.
    if not entry.take_out(text):
        context.panes.table.focus()


async def _read_line(context: Context, controller: Controller, text: str) -> ParseResult | None:
    """Hosts in a line; asks for the role of those without one. None if that is not answered.

    The role that the tree is on is theirs, as the breadcrumbs say.
    """
    role = context.panes.role
    default = role or (AUTO if context.profile.recognitions else "")
    entered = await controller.read(text, default)
    plain = [one for one in entered.targets if one.role == AUTO]
    if role or not (entered.has_plain_hosts and plain):
        return entered
    chosen = await ask_for_role(context, context.profile, plain)
    if chosen is None or chosen == AUTO:
        return entered if chosen else None
    return await controller.read(text, chosen)

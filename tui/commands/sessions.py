"""Commands about sessions: earlier ones, remarks, replay, and saved sets of targets."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from probes.session import SessionError
from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.context import Context


def sessions(context: Context) -> Outcome:
    """Browse the earlier sessions."""
    return _sessions(context)


async def _sessions(context: Context) -> str:
    from tui.screens.session_browser import SessionsScreen

    choice = await context.push(SessionsScreen(context.signs, context.log_path))
    if choice is None:
        return ""
    try:
        if choice.what == "compare":
            return await _compare(context, choice.path)
        if choice.what == "replay":
            return await replay(context, choice.path)
        from tui.models.loaded_session import open_recorded

        recorded = await asyncio.to_thread(open_recorded, choice.path, context.profile)
        context.show_session(recorded)
    except SessionError as error:
        return str(error)
    return ""


async def _compare(context: Context, path: Path) -> str:
    from probes.session.diff import compare
    from tui.models.loaded_session import whole_session
    from tui.screens.comparison import ComparisonScreen

    if not context.log_path:
        return "There is no session on the screen to compare with yet."
    if Path(context.log_path) == path:
        return "This is the session on the screen; choose another one to compare it with."
    both = [
        await asyncio.to_thread(whole_session, place, context.profile)
        for place in (path, Path(context.log_path))
    ]
    before, after = sorted(both, key=lambda one: one.header.started)
    compared = await asyncio.to_thread(compare, before, after)
    key = await context.push(ComparisonScreen(before, after, compared, context.signs))
    if key is not None and context.panes.table.rows.job_of(key) is not None:
        context.go_to(key)
    return ""


def play(context: Context) -> Outcome:
    """Play the old session on the screen again, as it came."""
    if context.recorded is None:
        return "Only an old session is replayed: {sessions} lists them, p there replays one."
    return _play(context, context.recorded.path)


async def _play(context: Context, path: Path) -> str:
    try:
        return await replay(context, path)
    except SessionError as error:
        return str(error)


async def replay(context: Context, path: Path) -> str:
    """Ask for the speed and show a session as it came; raises SessionError."""
    from tui.models.loaded_session import open_recorded
    from tui.screens.dialogs import Prompt
    from tui.sessions.playback import BadSpeed, speed

    said = await context.push(Prompt("Replay how many times as fast?", "1"))
    if said is None:
        return ""
    try:
        wanted = speed(said)
    except BadSpeed as error:
        return str(error)
    recorded = await asyncio.to_thread(open_recorded, path, context.profile)
    context.show_session(recorded, replay=wanted)
    return ""


def remark(context: Context) -> Outcome:
    """Add a sentence to the session's log."""
    if not context.log_path:
        return "There is no session log to remark on yet."
    return _remark(context)


async def _remark(context: Context) -> str:
    from probes.session import annotate
    from tui.screens.dialogs import Prompt

    said = await context.push(Prompt("Remark for the session log", ""))
    if not said or not said.strip():
        return ""
    text = said.strip()
    if context.runner is not None:
        trouble = await asyncio.to_thread(context.runner.remark, text)
        return trouble or "The remark is in the session log."
    try:
        await asyncio.to_thread(annotate, context.log_path, text)
    except SessionError as error:
        return str(error)
    return "The remark is in the session log."


def target_sets(context: Context) -> Outcome:
    """Recall a named set of targets, or keep the present ones as one."""
    return _target_sets(context)


async def _target_sets(context: Context) -> str:
    from tui.screens.dialogs import Prompt
    from tui.screens.target_sets import KEEP, Sets
    from tui.sessions import target_sets as sets

    names, targets = await asyncio.to_thread(sets.names), context.panes.targets
    if not names and not targets:
        return "No set is kept yet: enter hosts, then keep them here as a set."
    chosen = await context.push(Sets(names, len(targets)))
    if chosen is None:
        return ""
    try:
        if chosen != KEEP:
            context.put_hosts(await asyncio.to_thread(sets.recall, chosen))
            return f"The set {chosen} is in the host line; Enter measures it."
        name = await context.push(Prompt("Name of the set", ""))
        if not name or not name.strip():
            return ""
        path = await asyncio.to_thread(sets.keep, name, targets)
    except SessionError as error:
        return str(error)
    return f"Kept as {name.strip()}; on the command line it is {shlex.quote(f'@{path}')}"

"""Commands about sessions: earlier ones, remarks, replay, and saved sets of targets."""

from __future__ import annotations

import asyncio
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from probes.session import SessionError
from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.main import SessionScreen


def sessions(screen: SessionScreen) -> Outcome:
    """Browse the earlier sessions."""
    return _sessions(screen)


async def _sessions(screen: SessionScreen) -> str:
    from tui.screens.session_browser import SessionsScreen

    choice = await screen.host.push_screen_wait(SessionsScreen(screen.signs, screen.log_path))
    if choice is None:
        return ""
    try:
        if choice.what == "compare":
            return await _compare(screen, choice.path)
        if choice.what == "replay":
            return await replay(screen, choice.path)
        from tui.models.loaded_session import open_recorded

        recorded = await asyncio.to_thread(open_recorded, choice.path, screen.profile)
        screen.show_session(recorded)
    except SessionError as error:
        return str(error)
    return ""


async def _compare(screen: SessionScreen, path: Path) -> str:
    from probes.session.diff import compare
    from tui.models.loaded_session import whole_session
    from tui.screens.comparison import ComparisonScreen

    if not screen.log_path:
        return "There is no session on the screen to compare with yet."
    if Path(screen.log_path) == path:
        return "This is the session on the screen; choose another one to compare it with."
    both = [
        await asyncio.to_thread(whole_session, place, screen.profile)
        for place in (path, Path(screen.log_path))
    ]
    before, after = sorted(both, key=lambda one: one.header.started)
    compared = await asyncio.to_thread(compare, before, after)
    key = await screen.host.push_screen_wait(
        ComparisonScreen(before, after, compared, screen.signs)
    )
    if key is not None and screen.panes.table.rows.job_of(key) is not None:
        screen.go_to(key)
    return ""


def play(screen: SessionScreen) -> Outcome:
    """Play the old session on the screen again, as it came."""
    if screen.recorded is None:
        return "Only an old session is replayed: {sessions} lists them, p there replays one."
    return _play(screen, screen.recorded.path)


async def _play(screen: SessionScreen, path: Path) -> str:
    try:
        return await replay(screen, path)
    except SessionError as error:
        return str(error)


async def replay(screen: SessionScreen, path: Path) -> str:
    """Ask for the speed and show a session as it came; raises SessionError."""
    from tui.models.loaded_session import open_recorded
    from tui.screens.dialogs import Prompt
    from tui.sessions.playback import BadSpeed, speed

    said = await screen.host.push_screen_wait(Prompt("Replay how many times as fast?", "1"))
    if said is None:
        return ""
    try:
        wanted = speed(said)
    except BadSpeed as error:
        return str(error)
    recorded = await asyncio.to_thread(open_recorded, path, screen.profile)
    screen.show_session(recorded, replay=wanted)
    return ""


def remark(screen: SessionScreen) -> Outcome:
    """Add a sentence to the session's log."""
    if not screen.log_path:
        return "There is no session log to remark on yet."
    return _remark(screen)


async def _remark(screen: SessionScreen) -> str:
    from probes.session import annotate
    from tui.screens.dialogs import Prompt

    said = await screen.host.push_screen_wait(Prompt("Remark for the session log", ""))
    if not said or not said.strip():
        return ""
    text = said.strip()
    if screen.runner is not None:
        trouble = await asyncio.to_thread(screen.runner.remark, text)
        return trouble or "The remark is in the session log."
    try:
        await asyncio.to_thread(annotate, screen.log_path, text)
    except SessionError as error:
        return str(error)
    return "The remark is in the session log."


def target_sets(screen: SessionScreen) -> Outcome:
    """Recall a named set of targets, or keep the present ones as one."""
    return _target_sets(screen)


async def _target_sets(screen: SessionScreen) -> str:
    from tui.screens.dialogs import Prompt
    from tui.screens.target_sets import KEEP, Sets
    from tui.sessions import target_sets as sets

    names, targets = await asyncio.to_thread(sets.names), screen.panes.targets
    if not names and not targets:
        return "No set is kept yet: enter hosts, then keep them here as a set."
    chosen = await screen.host.push_screen_wait(Sets(names, len(targets)))
    if chosen is None:
        return ""
    try:
        if chosen != KEEP:
            screen.put_hosts(await asyncio.to_thread(sets.recall, chosen))
            return f"The set {chosen} is in the host line; Enter measures it."
        name = await screen.host.push_screen_wait(Prompt("Name of the set", ""))
        if not name or not name.strip():
            return ""
        path = await asyncio.to_thread(sets.keep, name, targets)
    except SessionError as error:
        return str(error)
    return f"Kept as {name.strip()}; on the command line it is {shlex.quote(f'@{path}')}"

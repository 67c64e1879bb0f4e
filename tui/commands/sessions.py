"""Commands about sessions: earlier ones, replay, remarks, and what the present one is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.model import version
from tui import screens
from tui.models.command import Outcome, command

if TYPE_CHECKING:
    from tui.screens.context import Context


@command(
    id="sessions",
    keys="S",
    word="Sessions",
    group="session",
    bar=95,
    about="lists earlier sessions: opens, replays, compares with the present one, deletes",
)
def sessions(context: Context) -> Outcome:
    """Browse the earlier sessions."""
    return screens.browse_sessions(context)


@command(
    id="replay",
    keys="P",
    word="Replay",
    group="session",
    bar=190,
    about="replays the old session on the screen, slower or faster",
)
def play(context: Context) -> Outcome:
    """Play the old session on the screen again, as it came."""
    if context.recorded is None:
        return "Only an old session is replayed: {sessions} lists them, p there replays one."
    return screens.replay_session(context, context.recorded.path)


@command(
    id="remark",
    keys="N",
    word="Remark",
    group="session",
    about="adds a remark to the session log",
)
def remark(context: Context) -> Outcome:
    """Add a sentence to the session's log."""
    if not context.log_path:
        return "There is no session log to remark on yet."
    return screens.add_remark(context)


@command(
    id="information",
    keys="I",
    word="Information",
    group="session",
    about=(
        "shows the two lines at the top in full, where the log is, what was said so far, and "
        "which versions of program and profile these are"
    ),
)
def information(context: Context) -> None:
    """Show what the lines above and below have no room for."""
    profile, old = context.profile, context.recorded
    where = f"{old.description}\nTested by {old.measured_by}.\n\n" if old else ""
    this = f"auditreach {version()}, profile {profile.name} {profile.version}, {profile.source}."
    log = f"The log is {context.log_path}." if context.log_path else "There is no log yet."
    parts = "\n".join(list(context.panes.status_line.notices)[::-1]) or "Nothing was said yet."
    told = f"{context.panes.header.full_text}\n\n{where}{log}\n\n{parts}\n\nThis is {this}"
    context.host.push_screen(
        screens.HelpDialog("\n".join(map(context.glyphs.clean, told.splitlines())))
    )

"""Commands about sessions: earlier ones, remarks, replay, and saved sets of targets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.context import Context


def sessions(context: Context) -> Outcome:
    """Browse the earlier sessions."""
    from tui.screens.session_browser import browse_sessions

    return browse_sessions(context)


def play(context: Context) -> Outcome:
    """Play the old session on the screen again, as it came."""
    if context.recorded is None:
        return "Only an old session is replayed: {sessions} lists them, p there replays one."
    from tui.screens.session_browser import replay_session

    return replay_session(context, context.recorded.path)


def remark(context: Context) -> Outcome:
    """Add a sentence to the session's log."""
    if not context.log_path:
        return "There is no session log to remark on yet."
    from tui.screens.prompts import add_remark

    return add_remark(context)


def target_sets(context: Context) -> Outcome:
    """Recall a named set of targets, or keep the present ones as one."""
    from tui.screens.target_sets import choose_target_set

    return choose_target_set(context)

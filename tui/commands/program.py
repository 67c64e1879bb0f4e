"""Commands about the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.context import Context


def redraw(context: Context) -> None:
    """Draw everything again, after something else wrote on this terminal."""
    context.host.redraw()


def suspend(context: Context) -> Outcome:
    """Give the terminal back to the shell until `fg`."""
    from tui.terminal.suspend import suspended

    return suspended(context.host)


def help_with(context: Context) -> None:
    """Every key, in sentences."""
    from tui.screens.help import show_help

    show_help(context)


def leave(context: Context) -> Outcome:
    """Leave an old session, or quit, after a question while rows are being measured."""
    if context.opened:
        context.host.pop_screen()
        return None
    if not context.measuring:
        context.host.exit(0)
        return None
    from tui.screens.prompts import ask_to_leave

    return ask_to_leave(context)

"""Commands about the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.context import Context

_BESIDE_HELP = 4
"""Cells of its edges and its scroll bar."""


def redraw(context: Context) -> None:
    """Draw everything again, after something else wrote on this terminal."""
    context.host.redraw()


def suspend(context: Context) -> Outcome:
    """Give the terminal back to the shell until `fg`."""
    from tui.terminal.suspend import suspended

    return suspended(context.host)


def help_with(context: Context) -> None:
    """Every key, in sentences."""
    from tui.screens.dialogs import Help
    from tui.screens.help import help_text

    focus = type(context.host.focused).__name__
    width = context.host.size.width - _BESIDE_HELP
    context.host.push_screen(Help(help_text(context.commands, focus, width)))


def leave(context: Context) -> Outcome:
    """Leave an old session, or quit, after a question while rows are being measured."""
    if context.opened:
        context.host.pop_screen()
        return None
    if not context.measuring:
        context.host.exit(0)
        return None
    return _leave(context)


async def _leave(context: Context) -> str:
    from tui.screens.dialogs import Leave

    if await context.push(Leave("Rows are still being measured. Stop and quit?")):
        context.host.exit(0)
    return ""

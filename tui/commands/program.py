"""Commands about the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.main import SessionScreen

_BESIDE_HELP = 4
"""Cells of its edges and its scroll bar."""


def redraw(screen: SessionScreen) -> None:
    """Draw everything again, after something else wrote on this terminal."""
    screen.host.redraw()


def suspend(screen: SessionScreen) -> Outcome:
    """Give the terminal back to the shell until `fg`."""
    from tui.terminal.suspend import suspended

    return suspended(screen.host)


def help_with(screen: SessionScreen) -> None:
    """Every key, in sentences."""
    from tui.screens.dialogs import Help
    from tui.screens.help import help_text

    focus = type(screen.focused).__name__
    width = screen.size.width - _BESIDE_HELP
    screen.host.push_screen(Help(help_text(screen.commands, focus, width)))


def leave(screen: SessionScreen) -> Outcome:
    """Leave an old session, or quit, after a question while rows are being measured."""
    if screen.opened:
        screen.host.pop_screen()
        return None
    if not screen.measuring:
        screen.host.exit(0)
        return None
    return _leave(screen)


async def _leave(screen: SessionScreen) -> str:
    from tui.screens.dialogs import Leave

    if await screen.host.push_screen_wait(Leave("Rows are still being measured. Stop and quit?")):
        screen.host.exit(0)
    return ""

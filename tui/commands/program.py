"""Commands about the program itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui import screens
from tui.models.command import Outcome, command
from tui.terminal.suspend import suspend_to_shell

if TYPE_CHECKING:
    from tui.screens.context import Context


@command(
    id="redraw",
    keys="ctrl+l",
    word="Redraw",
    group="program",
    about="draws the screen again",
)
def redraw(context: Context) -> None:
    """Draw everything again, after something else wrote on this terminal."""
    context.host.redraw()


@command(
    id="suspend",
    keys="ctrl+z",
    word="Suspend",
    group="program",
    outside=True,
    about="suspends to the shell until `fg`, where there is a shell",
)
def suspend(context: Context) -> Outcome:
    """Give the terminal back to the shell until `fg`."""
    return suspend_to_shell(context.host)


@command(
    id="help",
    keys="question_mark,f1",
    show="?",
    word="Help",
    group="program",
    bar=2,
    about="shows this help",
)
def show_keys(context: Context) -> None:
    """Show every key, in sentences."""
    screens.show_help(context)


@command(
    id="quit",
    keys="q,ctrl+c,ctrl+q",
    show="q",
    word="Quit",
    group="program",
    bar=1,
    about="quits",
)
def quit_or_close(context: Context) -> Outcome:
    """Leave an old session, or quit, after a question while rows are being measured."""
    if context.is_overlay:
        context.host.pop_screen()
        return None
    if not context.measuring:
        context.host.exit(0)
        return None
    return screens.ask_to_leave(context)


@command(
    id="back",
    keys="escape",
    word="Back",
    group="program",
    about="leaves a line or pane for the table; there it shows every row again",
)
def back(context: Context) -> Outcome:
    """Leave a line or a pane for the table; from the table, show every row again."""
    if context.panes.status_line.filter_line.has_input_focus:
        context.panes.status_line.close_filter(forget=True)
        context.panes.set_query("")
    elif context.panes.table.has_focus:
        if context.panes.shows_all and not context.panes.status_line.shows_notice:
            return "The cursor is in the table, and no filter hides a row."
        context.panes.status_line.close_filter(forget=True)
        context.panes.show_all()
    context.panes.table.focus()
    return ""

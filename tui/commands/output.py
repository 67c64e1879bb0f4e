"""Commands that take something away from the screen: to the clipboard or to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.context import Context


def save(context: Context) -> Outcome:
    """Save a copy of the session log."""
    from tui.screens.prompts import save_copy

    return save_copy(context)


def copy_command(context: Context) -> Outcome:
    """Copy a command that confirms the selected row, again for the next one; all of marked rows."""
    from tui.text.clipboard_text import commands_text

    panes = context.panes
    if panes.marked:
        return _copied(context, *commands_text(panes.results))
    return panes.copying.command(panes.chosen)


def copy_change(context: Context) -> Outcome:
    """Copy what to paste for the selected row's change, again for the next; all of marked rows."""
    from tui.text.clipboard_text import changes_text

    panes = context.panes
    if panes.marked:
        return _copied(context, *changes_text(panes.results))
    return panes.copying.change(panes.chosen)


def copy_rows(context: Context) -> Outcome:
    """Copy the selected row, or the marked ones, as text for a ticket."""
    from tui.text.clipboard_text import tickets_text

    return _copied(context, *tickets_text(context.panes.results))


def export(context: Context) -> Outcome:
    """Write a report of all, the visible or the marked rows."""
    from tui.screens.export import export

    return export(context)


def _copied(context: Context, text: str, said: str) -> Outcome:
    return context.panes.copying.text(text, said) if text else said


def information(context: Context) -> None:
    """Show what the lines above and below have no room for."""
    from probes.model import version
    from tui.screens.dialogs import Help

    profile, old = context.profile, context.recorded
    where = f"{old.where}\nMeasured by {old.measured_by}.\n\n" if old else ""
    this = f"auditreach {version()}, profile {profile.name} {profile.version}, {profile.source}."
    log = f"The log is {context.log_path}." if context.log_path else "There is no log yet."
    said = "\n".join(list(context.panes.below.notices)[::-1]) or "Nothing was said yet."
    told = f"{context.panes.head.told}\n\n{where}{log}\n\n{said}\n\nThis is {this}"
    context.host.push_screen(Help("\n".join(map(context.signs.clean, told.splitlines()))))

"""Commands that take something away from the screen: to the clipboard or to a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.models.command import Outcome

if TYPE_CHECKING:
    from tui.screens.main import SessionScreen


def save(screen: SessionScreen) -> Outcome:
    """Save a copy of the session log."""
    from tui.screens.prompts import save_copy

    return save_copy(screen.host, screen.log_path)


def copy_command(screen: SessionScreen) -> Outcome:
    """Copy a command that confirms the selected row, again for the next one; all of marked rows."""
    from tui.text.clipboard_text import commands_text

    panes = screen.panes
    if panes.marked:
        return _copied(screen, *commands_text(panes.results))
    return panes.copying.command(panes.chosen)


def copy_change(screen: SessionScreen) -> Outcome:
    """Copy what to paste for the selected row's change, again for the next; all of marked rows."""
    from tui.text.clipboard_text import changes_text

    panes = screen.panes
    if panes.marked:
        return _copied(screen, *changes_text(panes.results))
    return panes.copying.change(panes.chosen)


def copy_rows(screen: SessionScreen) -> Outcome:
    """Copy the selected row, or the marked ones, as text for a ticket."""
    from tui.text.clipboard_text import tickets_text

    return _copied(screen, *tickets_text(screen.panes.results))


def export(screen: SessionScreen) -> Outcome:
    """Write a report of all, the visible or the marked rows."""
    from tui.screens.export import export

    return export(screen.host, screen.panes, screen.profile, screen.log_path)


def _copied(screen: SessionScreen, text: str, said: str) -> Outcome:
    return screen.panes.copying.text(text, said) if text else said


def information(screen: SessionScreen) -> None:
    """Show what the lines above and below have no room for."""
    from probes.model import version
    from tui.screens.dialogs import Help

    profile, old = screen.profile, screen.recorded
    where = f"{old.where}\nMeasured by {old.measured_by}.\n\n" if old else ""
    this = f"auditreach {version()}, profile {profile.name} {profile.version}, {profile.source}."
    log = f"The log is {screen.log_path}." if screen.log_path else "There is no log yet."
    said = "\n".join(list(screen.panes.below.notices)[::-1]) or "Nothing was said yet."
    told = f"{screen.panes.head.told}\n\n{where}{log}\n\n{said}\n\nThis is {this}"
    screen.host.push_screen(Help("\n".join(map(screen.signs.clean, told.splitlines()))))

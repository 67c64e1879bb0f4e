"""Prompts of commands: profile questions, sort order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui.models.rows import Column
from tui.screens.dialogs import Choice, Confirm, Prompt, Questions

if TYPE_CHECKING:
    from textual.app import App

    from tui.controller import Runner
    from tui.screens.main_panes import Panes


async def confirmed(app: App[int], question: str) -> bool:
    """Whether the operator says yes."""
    said = await app.push_screen_wait(Confirm(question))
    return bool(said)


async def change_answers(app: App[int], runner: Runner | None) -> str:
    """Show the profile's questions and take the answers."""
    if runner is None:
        return "The answers of an old session cannot be changed."
    said = await app.push_screen_wait(Questions(runner.profile.questions, runner.answers))
    if said is None or not runner.answer(said):
        return ""
    return "Other answers make another session: press {again-all} to measure again."


async def save_copy(app: App[int], source: str) -> str:
    """Copy the session log where the operator says, asking before anything is overwritten."""
    from probes.session import AlreadyThere, SessionError, copy

    if not source:
        return "There is no session log to copy yet."
    where = await app.push_screen_wait(Prompt("Save a copy as", Path(source).name))
    if not where or not where.strip():
        return ""
    to = typed_path(where)
    try:
        try:
            copy(source, to)
        except AlreadyThere:
            if not await confirmed(app, f"{to} exists. Overwrite it?"):
                return "Nothing was saved."
            copy(source, to, overwrite=True)
    except SessionError as error:
        return str(error)
    return f"Saved as {to}."


def typed_path(text: str) -> Path:
    """The file that was typed; ~ is the home directory."""
    return Path(text.strip()).expanduser()


_COLUMNS: Mapping[str, tuple[Column | None, str]] = {
    "s": ("status", "Status, what needs attention first"),
    "h": ("host", "Host"),
    "c": ("check", "Check"),
    "l": ("latency", "Latency"),
    "n": ("note", "Note"),
    "a": (None, "As added"),
}


async def sort_by_choice(app: App[int], panes: Panes) -> str:
    """Ask for a column and sort by it, the other way round if it sorts already."""
    letter = await app.push_screen_wait(
        Choice("Sort by", {one: text for one, (_, text) in _COLUMNS.items()})
    )
    if letter is not None:
        panes.sort_by(_COLUMNS[letter][0])
        panes.table.focus()
    return ""

"""Prompts of commands: profile questions, sort order."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from tui.models.rows import Column
from tui.screens.dialogs import Choice, Confirm, Prompt, Questions

if TYPE_CHECKING:
    from tui.screens.context import Context


async def confirmed(context: Context, question: str) -> bool:
    """Ask a question; true if the operator says yes."""
    said = await context.push(Confirm(question))
    return bool(said)


async def change_answers(context: Context) -> str:
    """Show the profile's questions and take the answers."""
    runner = context.runner
    if runner is None:
        return "The answers of an old session cannot be changed."
    said = await context.push(Questions(runner.profile.questions, runner.answers))
    if said is None or not runner.answer(said):
        return ""
    return "Other answers make another session: press {again-all} to measure again."


async def save_copy(context: Context) -> str:
    """Copy the session log where the operator says, asking before anything is overwritten."""
    from probes.session import AlreadyThere, SessionError, copy

    source = context.log_path
    if not source:
        return "There is no session log to copy yet."
    where = await context.push(Prompt("Save a copy as", Path(source).name))
    if not where or not where.strip():
        return ""
    to = typed_path(where)
    try:
        try:
            copy(source, to)
        except AlreadyThere:
            if not await confirmed(context, f"{to} exists. Overwrite it?"):
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


async def sort_by_choice(context: Context) -> str:
    """Ask for a column and sort by it, the other way round if it sorts already."""
    letter = await context.push(
        Choice("Sort by", {one: text for one, (_, text) in _COLUMNS.items()})
    )
    if letter is not None:
        context.panes.sort_by(_COLUMNS[letter][0])
        context.panes.table.focus()
    return ""

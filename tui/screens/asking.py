"""Conversations with the operator over the main screen; each returns what to say afterwards."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tui.screens.dialog import Confirm, Prompt, Questions

if TYPE_CHECKING:
    from textual.app import App

    from tui.controller import Runner


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

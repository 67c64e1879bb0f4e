"""Prompts of commands: yes or no, profile questions, sort order, watch, remark, file names."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from probes.session import SessionError, SessionExists, annotate, copy_session
from tui.models.columns import COLUMNS
from tui.screens.dialogs import (
    ChoiceDialog,
    ConfirmDialog,
    PromptDialog,
    QuestionsDialog,
    QuitDialog,
)
from tui.watch.options import WatchOptionsError, parse_options

if TYPE_CHECKING:
    from tui.screens.context import Context


async def confirmed(context: Context, question: str) -> bool:
    """Ask a question; true if the operator says yes."""
    said = await context.push(ConfirmDialog(question))
    return bool(said)


async def change_answers(context: Context) -> str:
    """Show the profile's questions and take the answers."""
    controller = context.controller
    if controller is None:
        return "The answers of an old session cannot be changed."
    said = await context.push(QuestionsDialog(controller.profile.questions, controller.answers))
    if said is None or not controller.set_answers(said):
        return ""
    return "Other answers make another session: press {again-all} to retest."


async def save_copy(context: Context) -> str:
    """Copy the session log where the operator says, asking before anything is overwritten."""
    source = context.log_path
    if not source:
        return "There is no session log to copy yet."
    where = await context.push(PromptDialog("Save a copy as", Path(source).name))
    if not where or not where.strip():
        return ""
    to = typed_path(where)
    try:
        try:
            copy_session(source, to)
        except SessionExists:
            if not await confirmed(context, f"{to} exists. Overwrite it?"):
                return "Nothing was saved."
            copy_session(source, to, overwrite=True)
    except SessionError as error:
        return str(error)
    return f"Saved as {to}."


def typed_path(text: str) -> Path:
    """The file that was typed; ~ is the home directory."""
    return Path(text.strip()).expanduser()


_SORTS: Mapping[str, tuple[str | None, str]] = {
    **{
        column.sort.letter: (column.id, column.sort.label or column.heading)
        for column in COLUMNS
        if column.sort is not None
    },
    "a": (None, "As added"),
}
"""Id of a column and words by letter."""


async def sort_by_choice(context: Context) -> str:
    """Ask for a column and sort by it, the other way round if it sorts already."""
    letter = await context.push(
        ChoiceDialog("Sort by", {one: text for one, (_, text) in _SORTS.items()})
    )
    if letter is not None:
        context.panes.sort_by(_SORTS[letter][0])
        context.panes.table.focus()
    return ""


async def set_watch(context: Context) -> str:
    """Ask how often to measure again, and begin, change or end the watch; returns what to say."""
    watcher = context.watcher
    question = (
        "Retest every so many seconds: 30, or 5m. Words after it: failed (only what is "
        "not ok), bell (ring when a row changes). off ends it."
    )
    said = await context.push(
        PromptDialog(question, watcher.options.text if watcher.options else "30")
    )
    if said is None:
        return ""
    try:
        wanted = parse_options(said)
    except WatchOptionsError as error:
        return str(error)
    was = watcher.options
    watcher.repeat(wanted)
    context.show_state()
    if wanted is None:
        return "The watch has ended." if was else ""
    what = "what is not ok" if wanted.failed_only else "everything"
    return (
        f"Retests {what} every {wanted.interval:g} s; "
        "{watch} changes or ends it, {changes} lists changes."
    )


async def add_remark(context: Context) -> str:
    """Ask for a sentence and add it to the session log; returns what to say."""
    said = await context.push(PromptDialog("Remark for the session log", ""))
    if not said or not said.strip():
        return ""
    text = said.strip()
    if context.controller is not None:
        trouble = await asyncio.to_thread(context.controller.remark, text)
        return trouble or "The remark is in the session log."
    try:
        await asyncio.to_thread(annotate, context.log_path, text)
    except SessionError as error:
        return str(error)
    return "The remark is in the session log."


async def ask_to_leave(context: Context) -> str:
    """Quit, if the operator wants to stop what is being measured."""
    if await context.push(QuitDialog("Tests are still running. Stop and quit?")):
        context.host.exit(0)
    return ""

"""Changes while the session was watched, the latest first."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from probes.model import Result
from probes.session import SessionError
from probes.session.replay import timeline
from tui.screens.dialogs import Dialog
from tui.text.status import Glyphs
from tui.watch.row_history import Change
from tui.watch.text import change_text

if TYPE_CHECKING:
    from tui.models.loaded_session import LoadedSession
    from tui.screens.context import Context


class ChangesDialog(Dialog[str]):
    """A line a change; Enter chooses its row, Escape none."""

    def __init__(self, changes: Iterable[Change], glyphs: Glyphs) -> None:
        super().__init__()
        self._changes = [*changes][::-1]
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """The count, the list, and the keys."""
        count = len(self._changes)
        with Vertical():
            yield Static(
                f"{count:,} {'change' if count == 1 else 'changes'}, the latest first",
                classes="title",
                markup=False,
            )
            yield OptionList(
                *(self._glyphs.clean(change_text(one)) for one in self._changes), markup=False
            )
            yield Static("Enter goes to the row   Escape goes back", classes="keys", markup=False)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the key of the row that was chosen."""
        self.dismiss(self._changes[event.option_index].result.job.key)


async def list_changes(context: Context) -> str:
    """Show the changes and go to the row of the chosen one."""
    key = await context.push(ChangesDialog(context.watcher.changes, context.glyphs))
    if key is not None:
        context.go_to(key)
    return ""


async def recall_history(context: Context, recorded: LoadedSession) -> None:
    """Read the rounds and changes of a recorded session from its log, off the loop."""
    known = {job.key for job in recorded.jobs}
    results = (
        event
        for _, event in timeline(recorded.path, context.profile)
        if isinstance(event, Result) and event.job.key in known
    )
    try:
        await asyncio.to_thread(context.watcher.recall, results)
    except SessionError as error:
        context.say(str(error), trouble=True)

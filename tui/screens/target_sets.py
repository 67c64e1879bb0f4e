"""Named sets of targets: recall one, keep the present targets as one, delete one."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from probes.session import SessionError
from tui.screens.dialogs import Dialog, PromptDialog
from tui.sessions import target_sets

if TYPE_CHECKING:
    from tui.screens.context import Context

KEEP = "+"
"""Result of the dialog when the present targets are to be saved."""


class TargetSetsDialog(Dialog[str]):
    """Closes with the name of a set, KEEP, or nothing."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("delete,backspace", "forget", "Delete", show=False)
    ]

    def __init__(self, names: Sequence[str], present: int) -> None:
        super().__init__()
        self._names = names
        self._present = present

    def compose(self) -> ComposeResult:
        """The sets, a line for keeping, and the keys."""
        with Vertical():
            yield Static("Sets of targets", classes="title", markup=False)
            lines = [Option(name, id=name) for name in self._names]
            if self._present:
                what = "1 target" if self._present == 1 else f"{self._present:,} targets"
                lines.append(Option(f"Save the present {what} as a set ...", id=KEEP))
            yield OptionList(*lines, markup=False)
            yield Static(
                "Enter puts it into the host line   Del deletes   Escape goes back",
                classes="keys",
                markup=False,
            )

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with what was chosen."""
        self.dismiss(event.option_id)

    def action_forget(self) -> None:
        """Delete the set under the cursor."""
        options = self.query_one(OptionList)
        at = options.highlighted
        name = None if at is None else options.get_option_at_index(at).id
        if name is None or name == KEEP:
            return
        try:
            target_sets.delete(name)
        except SessionError as error:
            self.query_one(".title", Static).update(str(error))
            return
        options.remove_option(name)


async def choose_target_set(context: Context) -> str:
    """Recall a set into the host line, or keep the present targets as one; returns what to say."""
    names, targets = await asyncio.to_thread(target_sets.names), context.panes.targets
    if not names and not targets:
        return "No set is saved yet: enter hosts, then save them here as a set."
    chosen = await context.push(TargetSetsDialog(names, len(targets)))
    if chosen is None:
        return ""
    try:
        if chosen != KEEP:
            context.put_hosts(await asyncio.to_thread(target_sets.load, chosen))
            return f"The set {chosen} is in the host line; Enter tests it."
        name = await context.push(PromptDialog("Name of the set", ""))
        if not name or not name.strip():
            return ""
        path = await asyncio.to_thread(target_sets.save, name, targets)
    except SessionError as error:
        return str(error)
    return f"Saved as {name.strip()}; on the command line it is {shlex.quote(f'@{path}')}"

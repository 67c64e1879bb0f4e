"""Going to a host by a few letters of its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, OptionList, Static

from probes.wire.text import printable
from tui.models.fuzzy import nearest
from tui.screens.dialogs import Dialog

if TYPE_CHECKING:
    from tui.screens.context import Context


class GoToDialog(Dialog[str]):
    """A line for a name, and below it the hosts that it may mean."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move(1)", "Next", show=False),
        Binding("up", "move(-1)", "Previous", show=False),
        Binding("tab", "complete", "Complete", show=False, priority=True),
    ]

    def __init__(self, hosts: Sequence[str]) -> None:
        super().__init__()
        self._hosts = hosts
        self._found: list[str] = []

    def compose(self) -> ComposeResult:
        """The line, what is found, and the keys."""
        with Vertical():
            yield Static("Go to host", classes="title")
            line = Input()
            line.cursor_blink = False
            yield line
            found = OptionList(markup=False)
            found.can_focus = False
            yield found
            yield Static("Enter goes there   Up/Down choose   Tab completes", classes="keys")

    def on_mount(self) -> None:
        """Show the first hosts."""
        self._find("")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Find what may be meant."""
        self._find(event.value)

    def on_input_submitted(self) -> None:
        """Close with the chosen host."""
        if self._found:
            self.dismiss(self._found[self.query_one(OptionList).highlighted or 0])

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the host that was clicked."""
        self.dismiss(self._found[event.option_index])

    def action_move(self, lines: int) -> None:
        """Choose another of the hosts."""
        found = self.query_one(OptionList)
        if self._found:
            found.highlighted = ((found.highlighted or 0) + lines) % len(self._found)

    def action_complete(self) -> None:
        """Put the chosen host into the line."""
        if self._found:
            line = self.query_one(Input)
            line.value = self._found[self.query_one(OptionList).highlighted or 0]
            line.cursor_position = len(line.value)

    def _find(self, text: str) -> None:
        self._found = nearest(text, self._hosts)
        found = self.query_one(OptionList)
        found.clear_options()
        found.add_options([printable(host) for host in self._found] or ["No host is like this."])
        found.highlighted = 0 if self._found else None


async def ask_for_host(context: Context) -> str:
    """Ask for a host and put the cursor on its first row; returns what to say."""
    panes = context.panes
    rows = panes.table.rows
    first: dict[str, str] = {}
    for row in range(len(rows)):
        job = rows.job(row)
        first.setdefault(job.target.label, job.key)
    if not first:
        return "There is no host yet."
    host = await context.push(GoToDialog(tuple(first)))
    if host is None or host not in first:
        return ""
    said = ""
    lines = range(len(rows.view))
    visible = next((line for line in lines if rows.job(rows.view[line]).target.label == host), None)
    if visible is None:
        panes.reveal(first[host])
        said = f"The filter hid {printable(host)}: every row is shown again."
    panes.table.select(first[host] if visible is None else rows.key(visible))
    panes.table.focus()
    return said

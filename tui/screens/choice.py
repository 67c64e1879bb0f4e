"""One of a few things, chosen by its letter or with the cursor."""

from __future__ import annotations

from collections.abc import Mapping

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.widgets import OptionList, Static

from tui.screens.dialog import Dialog


class Choice(Dialog[str]):
    """Asks which of some things is meant; the answer is its letter."""

    def __init__(self, question: str, options: Mapping[str, str]) -> None:
        super().__init__()
        self._question = question
        self._options = options

    def compose(self) -> ComposeResult:
        """The question, a line for each thing with its letter, and the keys."""
        with Vertical():
            yield Static(self._question, classes="title", markup=False)
            yield OptionList(
                *(f"{letter}  {text}" for letter, text in self._options.items()), markup=False
            )
            yield Static("A letter or Enter chooses   Escape cancels", classes="keys")

    def on_key(self, event: events.Key) -> None:
        """Close with the letter, if it is one of them."""
        if event.character in self._options:
            event.stop()
            self.dismiss(event.character)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the letter of the line that was chosen."""
        self.dismiss(list(self._options)[event.option_index])

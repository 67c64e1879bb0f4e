"""What the operator can do on a screen: data, without the code that does it."""

from __future__ import annotations

from collections.abc import Coroutine
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Literal

Group = Literal["hosts", "run", "panes", "table", "tree", "session", "program"]
"""The heading of the help a command stands below."""

Outcome = Coroutine[Any, Any, str] | str | None
"""What to say, at once or after a conversation over the screen; nothing if there is nothing."""


_NAMES = {"slash": "/", "question_mark": "?", "escape": "Escape"}


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to do: its keys, its words and where its code is."""

    id: str
    """Its name in the configuration file."""
    keys: str
    """As Textual names them, separated by commas; the first is the one that is shown."""
    word: str
    """A few words for the last line and the command palette."""
    about: str
    """A sentence for the help that follows the key, so without a subject: `measures ...`."""
    group: Group
    code: str
    """The function that does it, in a module of this folder: `module:function`."""
    bar: int = 0
    """Its place in the last line, the smallest first and as many as fit; 0 is not there."""
    outside: bool = False
    """Whether it reaches beyond the program, which a kiosk does not allow."""
    show: str = ""
    """The key as it is written, where Textual would write it otherwise."""

    @property
    def key_text(self) -> str:
        """Its first key as it is written; empty if it has none."""
        key = self.keys.partition(",")[0]
        if "+" in key:
            return "+".join(part.capitalize() for part in key.split("+"))
        return self.show or _NAMES.get(key, key)

    def run(self, context: Any) -> Outcome:
        """Do it; its module is imported when it is first needed, and not for the first screen."""
        module, _, name = self.code.partition(":")
        done: Outcome = getattr(import_module(f"tui.commands.{module}"), name)(context)
        return done

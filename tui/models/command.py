"""Commands: actions of the operator, with their keys and their place in the help."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Literal

Group = Literal["hosts", "run", "panes", "table", "session", "program"]
"""The heading of the help a command stands below."""

Outcome = Coroutine[Any, Any, str] | str | None
"""A notice, at once or after a conversation over the screen; None leaves the present one."""


_NAMES = {"slash": "/", "question_mark": "?", "escape": "Escape"}


@dataclass(frozen=True, slots=True)
class Command:
    """One action: its keys, its words and its code."""

    id: str
    """Its name in the configuration file."""
    keys: str
    """As Textual names them, separated by commas; the first is the one that is shown."""
    word: str
    """A few words for the last line and the command palette."""
    about: str
    """A sentence for the help that follows the key, so without a subject: `measures ...`."""
    group: Group
    run: Callable[[Any], Outcome]
    """Its code, for the context (`tui.screens.context`) of the screen it is given on."""
    bar: int = 0
    """Its place in the last line, the smallest first and as many as fit; 0 is not there."""
    outside: bool = False
    """True if it reaches beyond the program, which a kiosk does not allow."""
    show: str = ""
    """The key as it is written, where Textual would write it otherwise."""

    @property
    def key_text(self) -> str:
        """Its first key as it is written; empty if it has none."""
        key = self.keys.partition(",")[0]
        if "+" in key:
            return "+".join(part.capitalize() for part in key.split("+"))
        return self.show or _NAMES.get(key, key)


def command(
    *,
    id: str,
    keys: str,
    word: str,
    group: Group,
    about: str,
    bar: int = 0,
    outside: bool = False,
    show: str = "",
) -> Callable[[Callable[[Any], Outcome]], Command]:
    """Make a command of the function below."""

    def decorate(run: Callable[[Any], Outcome]) -> Command:
        return Command(id, keys, word, about, group, run, bar, outside, show)

    return decorate

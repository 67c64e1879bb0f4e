"""The host line: completion of roles and earlier entries, pasted lists, history."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.suggester import Suggester
from textual.widgets import Input

from probes.engine.targets import complete
from profiles.model import Profile

_KEPT = 100
_LONGEST = 64 * 1024


class History:
    """What was typed before, the newest last; kept in a file of mode 0600 where there is one."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self.lines: list[str] = []
        if path is not None:
            with suppress(OSError, UnicodeDecodeError):
                text = path.read_text(encoding="utf-8")[-_LONGEST:]
                self.lines = [line for line in text.splitlines() if line.isprintable()][-_KEPT:]

    def add(self, line: str) -> None:
        """Remember a line; a history that cannot be written is kept in memory only."""
        earlier = [old for old in self.lines if old != line]
        self.lines = [*earlier[-_KEPT + 1 :], line]
        if self._path is not None:
            with suppress(OSError):
                self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                part = self._path.with_suffix(".part")
                flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                with os.fdopen(os.open(part, flags, 0o600), "w", encoding="utf-8") as file:
                    file.write("\n".join(self.lines) + "\n")
                part.replace(self._path)


class _Completes(Suggester):
    def __init__(self, profile: Profile, history: History) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._profile = profile
        self._history = history

    async def get_suggestion(self, value: str) -> str | None:
        """The first completion of what stands in the line."""
        found = complete(value, self._profile, self._history.lines[::-1])
        return next((text for text in found if text.startswith(value) and text != value), None)


class HostEntry(Input):
    """One line that takes what the command line takes; Right accepts a suggestion."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Measure", key_display="Enter"),
        Binding("tab", "complete", "Complete", key_display="Tab"),
        Binding("up", "recall(-1)", "Earlier", key_display="Up"),
        Binding("down", "recall(1)", "Later", show=False),
        Binding("escape", "app.step_back", "Leave", key_display="Esc"),
        Binding("f1", "app.help", "Help", key_display="F1"),
    ]

    def __init__(self, profile: Profile, history: History) -> None:
        super().__init__(
            placeholder="windows.target=10.0.0.10-20, windows.dc=domain:corp.example",
            suggester=_Completes(profile, history),
            id="entry",
        )
        self.cursor_blink = False
        self.history = history
        self._at = 0

    def action_recall(self, direction: int) -> None:
        """Put an earlier entry into the line."""
        lines = self.history.lines
        if lines:
            self._at = max(-len(lines), min(0, self._at + direction))
            self.value = lines[self._at] if self._at else ""
            self.cursor_position = len(self.value)

    def action_complete(self) -> None:
        """Accept the suggestion, or go on to the next pane when there is none."""
        before = self.value
        self.action_cursor_right()
        if self.value == before:
            self.screen.focus_next()

    def forget_place(self) -> None:
        """Begin recalling from the newest entry again."""
        self._at = 0

    def _on_paste(self, event: events.Paste) -> None:
        """Take a pasted list of many lines as one line of hosts."""
        event.stop()
        event.prevent_default()
        text = " ".join(event.text[:_LONGEST].split())
        self.insert_text_at_cursor(text)

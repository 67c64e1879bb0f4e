"""The host line: completion of roles and earlier entries, pasted lists, history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Input

from profiles.model import Profile
from tui.storage.host_history import HostHistory

if TYPE_CHECKING:
    from probes.targets.pasted import PastedLine
    from probes.targets.result import EntryProblem

_MAX_CORRECTED = 200
"""Mistakes that are put into the line; of more the line stays as it was typed."""


class _HostSuggester(Suggester):
    def __init__(self, profile: Profile, history: HostHistory) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._profile = profile
        self._history = history

    async def get_suggestion(self, value: str) -> str | None:
        """The first completion of what stands in the line."""
        found = completions(value, self._profile, self._history.lines[::-1])
        return next((text for text in found if text.startswith(value) and text != value), None)


class HostInput(Input):
    """One line that takes what the command line takes; Right accepts a suggestion."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "submit",
            "Measure",
            key_display="Enter",
            tooltip="measures the hosts in the line",
        ),
        Binding(
            "tab",
            "complete",
            "Complete",
            key_display="Tab",
            tooltip="completes a role or an earlier line; with nothing to complete, the next pane",
        ),
        Binding(
            "up", "recall(-1)", "Earlier", key_display="Up", tooltip="recalls what was typed before"
        ),
        Binding(
            "down", "recall(1)", "Later", show=False, tooltip="recalls what was typed after that"
        ),
        Binding(
            "escape",
            "screen.do('back')",
            "Leave",
            key_display="Esc",
            tooltip="leaves the line for the table",
        ),
        Binding("f1", "screen.do('help')", "Help", key_display="F1", tooltip="shows this help"),
    ]

    class PartlyPasted(Message):
        """Sentences about what of a pasted text is not in the line."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    def __init__(
        self, profile: Profile, history: HostHistory, pasted_line: Callable[[str], PastedLine]
    ) -> None:
        """`pasted_line` makes one line of a pasted list; the first frame does without it."""
        super().__init__(
            placeholder="such as windows.target=10.0.0.10-20, windows.dc=domain:corp.example",
            suggester=_HostSuggester(profile, history),
            id="entry",
        )
        self.cursor_blink = False
        self.history = history
        self._pasted_line = pasted_line
        self._recalled = 0

    def action_recall(self, direction: int) -> None:
        """Put an earlier entry into the line."""
        lines = self.history.lines
        if lines:
            self._recalled = max(-len(lines), min(0, self._recalled + direction))
            self.value = lines[self._recalled] if self._recalled else ""
            self.cursor_position = len(self.value)

    async def action_complete(self) -> None:
        """Accept the suggestion, or go on to the next pane when there is none."""
        before = self.value
        self.action_cursor_right()
        if self.value == before:
            await self.run_action("screen.do('next-pane')")

    def correct(self, problems: Sequence[EntryProblem], typed: str, *, measured: bool) -> None:
        """Keep invalid words in the line, to be corrected: of what was `typed` no host is lost."""
        kept = [one.editable_text for one in problems]
        text = ", ".join(filter(None, kept))
        if len(kept) > _MAX_CORRECTED or (not text and not measured):
            text = typed
        self.value = text
        self.cursor_position = len(self.value)
        self.focus()

    def reset_recall(self) -> None:
        """Recall from the newest entry again."""
        self._recalled = 0

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted list of many lines as one line of hosts, without bullets and comments."""
        event.stop()
        event.prevent_default()
        pasted = self._pasted_line(event.text)
        self.insert_text_at_cursor(pasted.text)
        if pasted.notices:
            self.post_message(self.PartlyPasted(" ".join(pasted.notices)))


def sentences(problems: Sequence[EntryProblem]) -> str:
    """Notice about the first of them."""
    text = " ".join(str(one) for one in problems[:3])
    return f"{text} And {len(problems) - 3} more." if len(problems) > 3 else text


def completions(text: str, profile: Profile, earlier: Sequence[str]) -> list[str]:
    """Completions of a text: its last word as a role, then earlier texts that begin with it.

    Every answer is a whole text that begins with `text` and is longer.
    """
    word = "" if text[-1:].isspace() else "".join(text.split()[-1:])
    before = text[: len(text) - len(word)]
    found: list[str] = []
    # After a comma a host is expected, not a role.
    if "=" not in word and not before.rstrip().endswith((",", ";")):
        for role in profile.roles:
            # A role that knows its usual hosts is complete without the `=`.
            endings = ["=", ""] if role.hosts or role.resolvers else ["="]
            found += [f"{before}{role.id}{end}" for end in endings if role.id.startswith(word)]
    found += [entry for entry in earlier if entry.startswith(text)]
    return [entry for entry in dict.fromkeys(found) if entry != text]

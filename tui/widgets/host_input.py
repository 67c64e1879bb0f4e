"""The host line: completion of roles and earlier entries, pasted lists, history."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
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

_UNASKED = (
    "What came at once is taken for pasted hosts, not for keys: Enter tests them, Escape leaves "
    "the line, Ctrl+U empties it."
)
_PARTED = " ,;="
"""Characters behind which a host begins."""
_GOES_ON = f"{_PARTED}:./-"
"""Characters that are typed behind a pasted host to go on with it: a port, a range, a network."""
_MAX_LISTED = 20
_MAX_WORD = 40
"""Completions that are listed, and characters of each."""
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
            "Test",
            key_display="Enter",
            tooltip="tests the hosts in the line",
        ),
        Binding(
            "tab",
            "complete",
            "Complete",
            key_display="Tab",
            tooltip="completes a role or an earlier line; again lists what fits, then the next",
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

    takes_lists = True
    """A paste of many lines is one line of hosts; other lines get it joined."""

    class Noticed(Message):
        """Sentences about what was pasted, or what may be typed."""

        def __init__(self, text: str, *, trouble: bool = False) -> None:
            super().__init__()
            self.text = text
            self.trouble = trouble

    def __init__(
        self, profile: Profile, history: HostHistory, pasted_line: Callable[[str], PastedLine]
    ) -> None:
        """`pasted_line` makes one line of a pasted list; the first frame does without it."""
        super().__init__(
            placeholder="such as windows.target=10.0.0.10-20, windows.dc=domain:corp.example",
            suggester=_HostSuggester(profile, history),
            # What is typed goes on with the line that was pasted or kept, and replaces none of it.
            select_on_focus=False,
            id="entry",
        )
        self.cursor_blink = False
        self.history = history
        self._profile = profile
        self._pasted_line = pasted_line
        self._recalled = 0
        self._completed = Completed("", ())
        self._ended_line = ""
        """Text before the cursor when the paste there ended with a line end; else empty."""

    def action_recall(self, direction: int) -> None:
        """Put an earlier entry into the line."""
        lines = self.history.lines
        if lines:
            self._recalled = max(-len(lines), min(0, self._recalled + direction))
            self.value = lines[self._recalled] if self._recalled else ""
            self.cursor_position = len(self.value)

    def action_complete(self) -> None:
        """Complete; then list what would fit, then put one after another into the line."""
        done = self._completed
        if self.value == done.value and done.fitting:
            if not done.listed:
                self._completed = replace(done, listed=True)
                self.post_message(self.Noticed(done.list_text))
                return
            self._put(done.following())
            return
        before, word = _last_word(self.value)
        fitting = completions(self.value, self._profile, self.history.lines[::-1])
        if not fitting:
            roles = [f"{role.id}=" for role in self._profile.roles]
            wrong = f"Nothing begins with {word!r}. " if word and "=" not in word else ""
            text = f"{wrong}A line is ROLE=HOST; roles are {' '.join(roles)}"
            self.post_message(self.Noticed(text))
            return
        done = Completed(self.value, tuple(fitting), before)
        if self.value.strip():
            self._put(done.following())
        else:
            # Nothing is typed yet that one of them would complete.
            self._completed = replace(done, listed=True)
            self.post_message(self.Noticed(done.list_text))

    def _put(self, done: Completed) -> None:
        self._completed = done
        self.value = done.value
        self.cursor_position = len(self.value)

    def take_out(self, text: str) -> str:
        """Leave only what has come since a line with this text was entered; return it."""
        self.value = "" if self.value == text else self.value.removeprefix(text).lstrip()
        self.cursor_position = len(self.value)
        return self.value

    def correct(
        self, problems: Sequence[EntryProblem], typed: str, *, measured: bool, later: str = ""
    ) -> None:
        """Keep invalid words in the line, to be corrected: of what was `typed` no host is lost.

        What was typed `later`, while the line was read, stands behind them.
        """
        kept = [one.editable_text for one in problems]
        text = ", ".join(filter(None, kept))
        if len(kept) > _MAX_CORRECTED or (not text and not measured):
            text = typed
        self.value = " ".join(filter(None, (text, later)))
        self.cursor_position = len(self.value)
        self.focus()

    def reset_recall(self) -> None:
        """Recall from the newest entry again."""
        self._recalled = 0

    def on_paste(self, event: events.Paste) -> None:
        """Take a pasted list of many lines as one line of hosts, without bullets and comments."""
        event.stop()
        event.prevent_default()
        # A line end in front parts it from what stands there.
        apart = event.text[:1] in ("\r", "\n")
        self._insert_pasted(event.text, apart=apart)

    def append_pasted(self, text: str, *, continues: bool) -> None:
        """Take a paste that was meant for no line, behind what stands in this one.

        One that `continues` may go on in the middle of the last word.
        """
        self.cursor_position = len(self.value)
        apart = not continues or text[:1] in ("\r", "\n")
        self._insert_pasted(text, apart=apart, unasked=True)

    def replace(self, text: str, start: int, end: int) -> None:
        """Replace text; what is typed behind a pasted line is not the end of its last word."""
        behind = bool(self._ended_line) and start == end and self.value[:end] == self._ended_line
        if behind and text and text[0] not in _GOES_ON:
            text = f" {text}"
        super().replace(text, start, end)

    def _insert_pasted(self, text: str, *, apart: bool, unasked: bool = False) -> None:
        pasted = self._pasted_line(text)
        before = self.value[: self.cursor_position]
        apart = apart or before == self._ended_line
        parted = apart and pasted.text and before and before[-1] not in _PARTED
        self._ended_line = ""
        self.insert_text_at_cursor(f" {pasted.text}" if parted else pasted.text)
        before = self.value[: self.cursor_position]
        if text[-1:] in ("\r", "\n") and before and before[-1] not in _PARTED:
            self._ended_line = before
        said = list(pasted.notices)
        lines = sum(1 for line in text.splitlines() if line.strip())
        if pasted.text and lines > 1:
            said.insert(0, f"{lines:,} lines were pasted; Enter tests them.")
        elif pasted.text and unasked:
            said.insert(0, _UNASKED)
        if said:
            self.post_message(self.Noticed(" ".join(said), trouble=bool(pasted.notices)))


@dataclass(frozen=True, slots=True)
class Completed:
    """A line that Tab has completed, and what would fit as well."""

    value: str
    fitting: tuple[str, ...]
    """Whole lines, the first of which is offered first."""
    before: str = ""
    """Text that they have in common in front of the word that is completed."""
    place: int = -1
    """Index of the one that stands in the line; -1 before the first."""
    listed: bool = False

    def following(self) -> Completed:
        """The same with the next of them in the line."""
        place = (self.place + 1) % len(self.fitting)
        return replace(self, value=self.fitting[place], place=place)

    @property
    def list_text(self) -> str:
        """Sentence with all of them."""
        words = [one.removeprefix(self.before) for one in self.fitting]
        more = f" and {len(words) - _MAX_LISTED} more" if len(words) > _MAX_LISTED else ""
        listed = "  ".join(word[:_MAX_WORD] for word in words[:_MAX_LISTED])
        return f"{listed}{more}: Tab puts one after another into the line."


def sentences(problems: Sequence[EntryProblem]) -> str:
    """Notice about the first of them."""
    text = " ".join(str(one) for one in problems[:3])
    return f"{text} And {len(problems) - 3} more." if len(problems) > 3 else text


def completions(text: str, profile: Profile, earlier: Sequence[str]) -> list[str]:
    """Completions of a text: its last word as a role, then earlier texts that begin with it.

    Every answer is a whole text that begins with `text` and is longer.
    """
    before, word = _last_word(text)
    found: list[str] = []
    # After a comma a host is expected, not a role.
    if "=" not in word and not before.rstrip().endswith((",", ";")):
        for role in profile.roles:
            # A role that knows its usual hosts is complete without the `=`.
            endings = ["=", ""] if role.hosts or role.resolvers else ["="]
            found += [f"{before}{role.id}{end}" for end in endings if role.id.startswith(word)]
    found += [entry for entry in earlier if entry.startswith(text)]
    return [entry for entry in dict.fromkeys(found) if entry != text]


def _last_word(text: str) -> tuple[str, str]:
    """A text before its last word, and that word."""
    word = "" if text[-1:].isspace() else "".join(text.split()[-1:])
    return text[: len(text) - len(word)], word

"""Dialogs: a question, a choice."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from profiles.model import Question
from tui.terminal.app_base import TerminalApp

T = TypeVar("T")

_ALWAYS_TAKEN = frozenset(("escape", "ctrl+c", "ctrl+q"))
"""Keys that no typed-ahead text has, and that say no or end the program."""


STYLE_SHEET = "over_main.tcss"
"""Style sheet of what is opened over the main screen, whose first frame does without it."""
_POLL_INTERVAL = 0.05
"""Seconds between two looks if a stalled terminal has taken the question."""


class Dialog(ModalScreen[T], Generic[T]):
    """A box in the middle; Escape closes it without an answer."""

    CSS_PATH = STYLE_SHEET
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]

    needs_sight: ClassVar[bool] = False
    """True where only a key may answer that was pressed when the question could be seen."""
    _drawn_at = math.inf

    def on_mount(self) -> None:
        """Note when it can be seen."""
        self.call_after_refresh(lambda: self._note_drawn(Message().time))

    def _note_drawn(self, at: float) -> None:
        if isinstance(self.app, TerminalApp) and not self.app.frame_is_out:
            now = Message().time
            self.set_timer(_POLL_INTERVAL, lambda: self._note_drawn(now))
        else:
            self._drawn_at = at

    def is_early(self, event: events.Key) -> bool:
        """True for a key typed ahead, which would answer a question that nobody has read yet."""
        early = self.needs_sight and event.time < self._drawn_at
        return early and event.key not in _ALWAYS_TAKEN

    def action_leave(self) -> None:
        """Close without an answer."""
        self.dismiss(None)


class ConfirmDialog(Dialog[bool]):
    """A question answered by y or n; only y means yes."""

    needs_sight = True

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "answer(True)", "Yes", show=False),
        Binding("n,enter", "answer(False)", "No", show=False),
    ]
    KEYS: ClassVar[str] = "y yes   n no"
    """Line of the keys."""

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        """The question and its keys."""
        with Vertical():
            yield Static(self._question, classes="title", markup=False)
            yield Static(self.KEYS, classes="keys", markup=False)

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)


class QuitDialog(ConfirmDialog):
    """Asks before the program ends; who presses Ctrl+C again means it."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("ctrl+c", "answer(True)", "Yes", show=False)]


class PromptDialog(Dialog[str]):
    """Asks for one line of text."""

    def __init__(self, question: str, value: str) -> None:
        super().__init__()
        self._question = question
        self._value = value

    def compose(self) -> ComposeResult:
        """The question, the line and its keys."""
        with Vertical():
            yield Static(self._question, classes="title", markup=False)
            line = Input(self._value)
            line.cursor_blink = False
            yield line
            yield Static("Enter accepts   Escape cancels", classes="keys", markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Close with the text."""
        self.dismiss(event.value)


class QuestionsDialog(Dialog[Mapping[str, str]]):
    """The questions of the profile; Enter or space changes an answer."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "change", "Change", show=False),
        Binding("a,escape", "done", "Done", show=False),
    ]

    def __init__(self, questions: Sequence[Question], answers: Mapping[str, str]) -> None:
        super().__init__()
        self._questions = questions
        self._answers = dict(answers)

    def compose(self) -> ComposeResult:
        """A line for each question."""
        with Vertical():
            yield Static("Questions about your environment", classes="title")
            yield OptionList(*(self._text(question) for question in self._questions), markup=False)
            yield Static("Enter changes   Escape is done", classes="keys")

    def on_option_list_option_selected(self) -> None:
        """Enter or a click changes the answer."""
        self.action_change()

    def action_change(self) -> None:
        """Give the next of the allowed answers."""
        options = self.query_one(OptionList)
        at = options.highlighted
        if at is None:
            return
        question = self._questions[at]
        allowed = question.answers
        now = allowed.index(question.default)
        for place, answer in enumerate(allowed):
            if answer == self._answers[question.id]:
                now = place
        self._answers[question.id] = allowed[(now + 1) % len(allowed)]
        options.replace_option_prompt_at_index(at, self._text(question))

    def action_done(self) -> None:
        """Close with the answers as they are."""
        self.dismiss(self._answers)

    def _text(self, question: Question) -> str:
        return f"{self._answers[question.id]:<5}{question.text}"


class HelpDialog(Dialog[None]):
    """Every key, in sentences."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark,f1,enter", "leave", "Close", show=False)
    ]

    def __init__(self, text: str) -> None:
        super().__init__()
        self._text = text

    def compose(self) -> ComposeResult:
        """The text, scrolled if it is long."""
        with Vertical(), VerticalScroll():
            yield Static(self._text, markup=False)


class ChoiceDialog(Dialog[str]):
    """Asks which of some things is meant; the answer is its letter."""

    KEYS = "A letter or Enter chooses   Escape cancels"

    def __init__(self, question: str, options: Mapping[str, str]) -> None:
        super().__init__()
        self._question = question
        self._options = options

    def compose(self) -> ComposeResult:
        """The question, a line for each thing with its letter, and the keys."""
        with Vertical():
            yield Static(self._question, classes="title", markup=False)
            yield OptionList(
                *(f"{letter or 'Enter'}  {text}" for letter, text in self._options.items()),
                markup=False,
            )
            yield Static(self.KEYS, classes="keys")

    def on_key(self, event: events.Key) -> None:
        """Close with the letter, if it is one of them."""
        if event.character and event.character in self._options:
            event.stop()
            self.dismiss(event.character)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the letter of the line that was chosen."""
        self.dismiss(list(self._options)[event.option_index])

"""The filter line, in place of the one that says where one is, with the number of rows left.

What may be typed next, or what is wrong, stands in place of the keys. So nothing else on the screen
moves or is drawn again.
"""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widget import Widget
from textual.widgets import Input, Static

from tui.models.query import completed, hint, parse
from tui.text.status import Glyphs

FIRST = "words, !word, or status: host: port: check: ..."
"""What the empty line says."""


class _Completes(Suggester):
    """The first field or value that the last word may become."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The line with its last word completed."""
        return completed(value)


class FilterEntry(Input):
    """Where the filter is typed; Tab completes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "enter",
            "submit",
            "Apply",
            key_display="Enter",
            tooltip="applies the filter and goes to the table",
        ),
        Binding(
            "tab",
            "cursor_right",
            "Complete",
            key_display="Tab",
            tooltip="completes a field or a value",
        ),
        Binding(
            "escape",
            "screen.do('back')",
            "Clear",
            key_display="Esc",
            tooltip="takes the filter away and goes to the table",
        ),
        Binding("f1", "screen.do('help')", "Help", key_display="F1", tooltip="shows this help"),
    ]


class FilterLine(Vertical):
    """Shown while it is typed in; what is right in it filters at once, a mistake hides nothing."""

    DEFAULT_CSS = """
    FilterLine {
        height: auto;
        & > #filter-hint { height: 1; display: none; color: $text-muted; }
        & > #filter-hint.-wrong { height: auto; max-height: 3; }
        & > #filter-hint.-wrong { color: $text-error; text-style: bold; }
        & > Horizontal { height: 1; }
        & #filter-label { width: auto; padding: 0 1 0 0; text-style: bold; }
        & #filter { border: none; height: 1; width: 1fr; padding: 0; background: $panel; }
        & #filter-count { width: auto; padding: 0 0 0 1; }
    }
    """

    class Changed(Message):
        """Other rows are wanted; `done` if the operator said so with Enter."""

        def __init__(self, text: str, *, done: bool) -> None:
            super().__init__()
            self.text = text
            self.done = done

    def __init__(self, signs: Glyphs, keys: Widget) -> None:
        """The `keys` give way to the hint."""
        super().__init__(id="filter-line")
        self.display = False
        self._signs = signs
        self._keys = keys
        self._counted = ""
        self._composed = False
        self._opens = False

    def compose(self) -> ComposeResult:
        """The line with its count, and the hint."""
        with Horizontal():
            yield Static("/", id="filter-label")
            line = FilterEntry(id="filter", suggester=_Completes(), placeholder=FIRST)
            line.cursor_blink = False
            yield line
            yield Static(id="filter-count", markup=False)
        yield Static(id="filter-hint", markup=False)

    def on_mount(self) -> None:
        """What was wanted of it before is done now."""
        self._composed = True
        self._show_count()
        if self._opens:
            self.open()

    @property
    def shown(self) -> bool:
        """Whether it is seen, or will be at once."""
        return self.display or self._opens

    @property
    def typed_in(self) -> bool:
        """Whether it has the focus."""
        return self._composed and self.has_focus_within

    @property
    def _line(self) -> Input:
        return self.query_one("#filter", Input)

    def open(self) -> None:
        """Show the line and go to it, with what it held."""
        self._opens = not self._composed
        if self._opens:
            return
        # Not a class: everything in it would be styled again.
        self.display = True
        self._line.focus()
        self._tell()

    def close(self, *, forget: bool) -> None:
        """Hide the line; `forget` what was typed too."""
        self.display = self._opens = False
        self._keys.display = True
        if forget and self._composed:
            self._line.value = ""

    def count(self, text: str) -> None:
        """What to say beside the line of how many rows are left."""
        if text != self._counted:
            # Every update lays the whole screen out again.
            self._counted = text
            if self._composed:
                self._show_count()

    def _show_count(self) -> None:
        self.query_one("#filter-count", Static).update(self._signs.clean(self._counted))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        event.stop()
        self._tell()
        self.post_message(self.Changed(parse(event.value, typing=True).text, done=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Filter, and leave the line unless something in it is wrong."""
        event.stop()
        query = parse(event.value)
        if query.error:
            self._tell()
        self.post_message(self.Changed(query.text, done=not query.error))

    def _tell(self) -> None:
        text, wrong = hint(self._line.value)
        line = self.query_one("#filter-hint", Static)
        line.display = bool(text)
        self._keys.display = not text
        if text:
            line.update(self._signs.clean(text))
            line.set_class(wrong, "-wrong")

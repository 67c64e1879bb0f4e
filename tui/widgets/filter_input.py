"""Filter line in place of the breadcrumbs, with the number of visible rows.

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

PLACEHOLDER = "words, !word, or status: host: port: check: ..."
"""Text of the empty line."""


class _FilterSuggester(Suggester):
    """Suggester of the first field or value that completes the last word."""

    def __init__(self) -> None:
        super().__init__(use_cache=False, case_sensitive=True)

    async def get_suggestion(self, value: str) -> str | None:
        """The line with its last word completed."""
        return completed(value)


class FilterInput(Input):
    """Input of the filter; Tab completes."""

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
    """Filter line; valid terms filter as they are typed, invalid ones hide nothing."""

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
        """The filter has changed; `done` if the operator pressed Enter."""

        def __init__(self, text: str, *, done: bool) -> None:
            super().__init__()
            self.text = text
            self.done = done

    def __init__(self, glyphs: Glyphs, keys: Widget) -> None:
        """The `keys` give way to the hint."""
        super().__init__(id="filter-line")
        self.display = False
        self._glyphs = glyphs
        self._keys = keys
        self._count = ""
        self._composed = False
        self._open_on_mount = False

    def compose(self) -> ComposeResult:
        """The line with its count, and the hint."""
        with Horizontal():
            yield Static("/", id="filter-label")
            line = FilterInput(id="filter", suggester=_FilterSuggester(), placeholder=PLACEHOLDER)
            line.cursor_blink = False
            yield line
            yield Static(id="filter-count", markup=False)
        yield Static(id="filter-hint", markup=False)

    def on_mount(self) -> None:
        """Apply what was requested before it was mounted."""
        self._composed = True
        self._show_count()
        if self._open_on_mount:
            self.open()

    @property
    def shown(self) -> bool:
        """True if it is visible, or will be once it is mounted."""
        return self.display or self._open_on_mount

    @property
    def has_input_focus(self) -> bool:
        """True if it has the focus."""
        return self._composed and self.has_focus_within

    @property
    def _line(self) -> Input:
        return self.query_one("#filter", Input)

    def open(self) -> None:
        """Show the line and go to it, with what it held."""
        self._open_on_mount = not self._composed
        if self._open_on_mount:
            return
        # Not a class: everything in it would be styled again.
        self.display = True
        self._line.focus()
        self._show_hint()

    def close(self, *, forget: bool) -> None:
        """Hide the line; `forget` what was typed too."""
        self.display = self._open_on_mount = False
        self._keys.display = True
        if forget and self._composed:
            self._line.value = ""

    def set_count(self, text: str) -> None:
        """Set the text about the number of visible rows beside the line."""
        if text != self._count:
            # Every update lays the whole screen out again.
            self._count = text
            if self._composed:
                self._show_count()

    def _show_count(self) -> None:
        self.query_one("#filter-count", Static).update(self._glyphs.clean(self._count))

    def on_input_changed(self, event: Input.Changed) -> None:
        """Filter as it is typed."""
        event.stop()
        self._show_hint()
        self.post_message(self.Changed(parse(event.value, typing=True).text, done=False))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Filter, and leave the line unless something in it is wrong."""
        event.stop()
        query = parse(event.value)
        if query.error:
            self._show_hint()
        self.post_message(self.Changed(query.text, done=not query.error))

    def _show_hint(self) -> None:
        text, wrong = hint(self._line.value)
        line = self.query_one("#filter-hint", Static)
        line.display = bool(text)
        self._keys.display = not text
        if text:
            line.update(self._glyphs.clean(text))
            line.set_class(wrong, "-wrong")

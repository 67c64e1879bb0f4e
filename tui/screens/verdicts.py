"""The verdicts: one line a target, the worst first, and the whole of the chosen one below."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import Static

from probes.model import Target
from probes.wire.text import printable
from tui.models.filter import Filter
from tui.models.verdicts import VerdictLine, Verdicts
from tui.screens.dialogs import STYLE_SHEET
from tui.screens.help import show_page
from tui.text.detail import Line
from tui.text.pages import VERDICTS
from tui.text.status import RULING, Glyphs
from tui.widgets.detail import Detail
from tui.widgets.verdict_list import VerdictList

if TYPE_CHECKING:
    from tui.screens.context import Context

REFRESH = 1.0
"""Seconds between two looks for new verdicts."""
_LONG = 600


class VerdictScreen(Screen[Target]):
    """A list that follows the session; Enter chooses a target, Escape none."""

    CSS_PATH = STYLE_SHEET
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,v,q", "leave", "Back", show=False),
        Binding("m", "explain", "Meaning", show=False),
    ]

    def __init__(self, verdicts: Verdicts, glyphs: Glyphs) -> None:
        super().__init__()
        self._verdicts = verdicts
        self._glyphs = glyphs
        self._version = verdicts.version

    def compose(self) -> ComposeResult:
        """The counts, the list, the selected verdict, and the keys."""
        lines = self._verdicts.lines()
        yield Static(_title(lines), id="verdict-title", markup=False)
        yield VerdictList(lines, self._glyphs)
        yield Detail(self._glyphs)
        yield Static(
            "Enter shows its rows   Escape goes back   Tab to the details   m explains",
            id="verdict-keys",
            markup=False,
        )

    def on_mount(self) -> None:
        """Follow what is tested in the meantime."""
        self.set_interval(REFRESH, self._follow)

    def on_verdict_list_highlighted(self, event: VerdictList.Highlighted) -> None:
        """Tell the whole of the line under the cursor."""
        self.query_one(Detail).show((Line(*words) for words in _detail_text(event.line)), top=True)

    def on_verdict_list_selected(self, event: VerdictList.Selected) -> None:
        """Close with the target that was chosen."""
        self.dismiss(event.line.target)

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def action_explain(self) -> None:
        """Show the page about verdicts."""
        show_page(self.app, VERDICTS, self._glyphs)

    def _follow(self) -> None:
        if self._version != self._verdicts.version:
            self._version = self._verdicts.version
            lines = self._verdicts.lines()
            self.query_one("#verdict-title", Static).update(_title(lines))
            self.query_one(VerdictList).show(lines)


async def show_verdicts(context: Context) -> str:
    """Show the verdicts and filter the table to the rows of one target; returns what to say."""
    panes = context.panes
    if not any(True for _ in panes.verdicts.rulings):
        return "There is no verdict yet: nothing was tested."
    target = await context.push(VerdictScreen(panes.verdicts, context.glyphs))
    if target is None:
        return ""
    panes.show_only(Filter(role=target.role, host=target.label))
    panes.table.focus()
    return f"The rows of {printable(target.label)}; Escape shows the others again."


def _title(lines: Sequence[VerdictLine]) -> str:
    counts = Counter(line.ruling for line in lines)
    parts = [f"{counts[one]:,} {info.word}" for one, info in RULING.items() if counts[one]]
    return f"Verdicts: {', '.join(parts)}"


def _detail_text(line: VerdictLine) -> Iterator[tuple[str, str]]:
    yield "", f"{line.target.label} ({line.target.role})"
    if line.target.friendly_name:
        yield "known as", printable(line.target.friendly_name, _LONG)
    yield "verdict", RULING[line.ruling].word
    yield "means", printable(line.text, _LONG)
    for number, change in enumerate(line.fix):
        yield "" if number else "to change", printable(change, _LONG)
    if line.because:
        yield "because of", printable(", ".join(line.because), _LONG)
    yield "meaning, m", f"the page {VERDICTS}"

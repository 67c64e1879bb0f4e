"""Comparison of two sessions: changed rows, and a row's details before and after."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from probes.model import Result
from probes.session import Session
from probes.session.diff import Change, Comparison, compare
from probes.wire.text import printable
from tui.models.loaded_session import read_whole_session
from tui.screens.dialogs import STYLE_SHEET
from tui.text.comparison import counts, groups, name_text, session_text, statuses_text
from tui.text.detail import Line
from tui.text.status import Glyphs
from tui.widgets.detail import Detail

if TYPE_CHECKING:
    from tui.screens.context import Context

MAX_ROWS = 500
"""Rows of one heading that are listed."""
_LONG = 600


class ComparisonScreen(Screen[str]):
    """Rows by kind of change; Enter closes with the key of one, Escape without."""

    CSS_PATH = STYLE_SHEET
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "leave", "Back", show=False)]

    def __init__(
        self, before: Session, after: Session, compared: Comparison, glyphs: Glyphs
    ) -> None:
        super().__init__()
        self._before = before
        self._after = after
        self._compared = compared
        self._glyphs = glyphs
        self._changes: dict[str, Change] = {}

    def compose(self) -> ComposeResult:
        """Both sessions, the counts, the rows, the details of one, and the keys."""
        clean = self._glyphs.clean
        yield Static(clean(f"before {session_text(self._before)}"), classes="line", markup=False)
        yield Static(clean(f"after  {session_text(self._after)}"), classes="line", markup=False)
        yield Static(clean(counts(self._compared)), classes="heading", markup=False)
        for remark in self._compared.remarks:
            yield Static(clean(printable(remark, _LONG)), classes="remark", markup=False)
        yield OptionList(*self._options(), markup=False)
        yield Detail(self._glyphs)
        yield Static(
            "Enter shows the row   Escape goes back   Tab to the details",
            classes="keys",
            markup=False,
        )

    def on_mount(self) -> None:
        """The list has the keys."""
        options = self.query_one(OptionList)
        options.focus()
        if self._changes:
            options.highlighted = options.get_option_index("0")

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        """Tell what the row said before and says now."""
        change = self._changes.get(event.option_id or "")
        if change is not None:
            self.query_one(Detail).show((Line(*words) for words in _detail_text(change)), top=True)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        """Close with the row that was chosen."""
        change = self._changes.get(event.option_id or "")
        if change is not None:
            self.dismiss(change.key)

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def _options(self) -> Iterator[Option]:
        clean = self._glyphs.clean
        for title, changes in groups(self._compared):
            yield Option(f"{title} ({len(changes):,})", disabled=True)
            for change in changes[:MAX_ROWS]:
                id = str(len(self._changes))
                self._changes[id] = change
                yield Option(clean(f"  {name_text(change)}: {statuses_text(change)}"), id=id)
            if len(changes) > MAX_ROWS:
                yield Option(
                    f"  and {len(changes) - MAX_ROWS:,} more: diff lists all", disabled=True
                )
        if not self._changes:
            yield Option("Nothing changed, and nothing is left to change.", disabled=True)


async def compare_with(context: Context, path: Path) -> str:
    """Compare an earlier session with the present one, and go to a row; raises SessionError."""
    if not context.log_path:
        return "There is no session on the screen to compare with yet."
    if Path(context.log_path) == path:
        return "This is the session on the screen; choose another one to compare it with."
    both = [
        await asyncio.to_thread(read_whole_session, place, context.profile)
        for place in (path, Path(context.log_path))
    ]
    before, after = sorted(both, key=lambda one: one.header.started)
    compared = await asyncio.to_thread(compare, before, after)
    key = await context.push(ComparisonScreen(before, after, compared, context.glyphs))
    if key is not None and context.panes.table.rows.job_of(key) is not None:
        context.go_to(key)
    return ""


def _detail_text(change: Change) -> Iterator[tuple[str, str]]:
    yield "", name_text(change)
    if change.why:
        yield "why", printable(change.why, _LONG)
    yield from _result_text("before", change.before)
    yield from _result_text("after", change.after)


def _result_text(label: str, result: Result | None) -> Iterator[tuple[str, str]]:
    if result is None:
        yield label, "no such row"
        return
    seen = result.observation
    yield label, f"{result.status}: {printable(result.note, _LONG)}"
    yield "", f"{seen.state}, {seen.reason}; {printable(seen.started, 40)}"

"""Browser of earlier sessions, and what is done with the chosen one: open, compare, replay."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from itertools import chain, islice, repeat
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from probes.session import SessionError, Summary, annotate, summarize
from tui.models.loaded_session import load_session
from tui.screens.comparison import compare_with
from tui.screens.dialogs import STYLE_SHEET, PromptDialog
from tui.sessions import store
from tui.sessions.playback import SpeedError, parse_speed
from tui.sessions.store import summary_lines
from tui.text.status import Glyphs
from tui.widgets.table_rendering import fit

if TYPE_CHECKING:
    from tui.screens.context import Context

_READ_FIRST = 20
"""Sessions that are read before they are shown."""


@dataclass(frozen=True, slots=True)
class SessionChoice:
    """Chosen session and the action on it."""

    action: Literal["open", "compare", "replay"]
    path: Path


class SessionsScreen(Screen[SessionChoice]):
    """A list, the newest first; closes with a choice, or without one on Escape."""

    CSS_PATH = STYLE_SHEET
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,S", "leave", "Back", show=False),
        Binding("c", "choose('compare')", "Compare", show=False),
        Binding("p", "choose('replay')", "Replay", show=False),
        Binding("n", "remark", "Remark", show=False),
        Binding("delete,backspace", "discard", "Delete", show=False),
        Binding("u", "restore", "Undo", show=False),
    ]

    def __init__(self, glyphs: Glyphs, present: str) -> None:
        super().__init__()
        self._glyphs = glyphs
        self._present = present
        """The log of the session that is on the screen; empty if there is none."""
        self._found: dict[str, Summary] = {}
        self._total = 0
        """Logs in the folder, also those that are not listed."""
        self._unreadable: list[str] = []
        """Reasons why logs are not listed."""
        self._discarded: list[Path] = []

    def compose(self) -> ComposeResult:
        """The count, the list, the last action, and the keys."""
        yield Static("Sessions", classes="heading", markup=False)
        yield OptionList(markup=False)
        yield Static(id="done", markup=False)
        yield Static(
            "Enter opens  c compares  p replays  n remark  Del trash  u undoes  Escape",
            classes="keys",
            markup=False,
        )

    def on_mount(self) -> None:
        """Read them off the loop: there may be hundreds, and long ones."""
        self.query_one(OptionList).focus()
        self.run_worker(self._fill(), exclusive=True)

    def on_resize(self) -> None:
        """Cut the lines for the new width."""
        options = self.query_one(OptionList)
        for id, one in self._found.items():
            options.replace_option_prompt(id, self._line(one))

    def on_option_list_option_selected(self) -> None:
        """Enter opens."""
        self.action_choose("open")

    def action_choose(self, action: Literal["open", "compare", "replay"]) -> None:
        """Close with what is to be done with the session under the cursor."""
        chosen = self._chosen
        if chosen is not None:
            self.dismiss(SessionChoice(action, chosen.path))

    def action_leave(self) -> None:
        """Close without a choice."""
        self.dismiss(None)

    def action_discard(self) -> None:
        """Move the session under the cursor to the trash."""
        chosen = self._chosen
        if chosen is None:
            return
        if str(chosen.path) == self._present:
            self._say("This is the session on the screen; it stays.")
            return
        try:
            gone = store.discard(chosen.path)
        except SessionError as error:
            self._say(str(error))
            return
        self._discarded.append(gone)
        del self._found[str(chosen.path)]
        self._total -= 1
        options = self.query_one(OptionList)
        at = options.highlighted or 0
        options.remove_option(str(chosen.path))
        options.highlighted = min(at, options.option_count - 1) if options.option_count else None
        self._title()
        self._say(f"Moved to {gone}; u brings it back.")

    def action_restore(self) -> None:
        """Bring the one back that was thrown away last, also before this list was opened."""
        gone = self._discarded.pop() if self._discarded else store.last_discarded()
        if gone is None:
            self._say("The trash is empty: there is nothing to bring back.")
            return
        try:
            back = store.restore(gone)
        except SessionError as error:
            self._say(str(error))
            return
        self._say(f"{back.name} is back.")
        self.run_worker(self._fill(), exclusive=True)

    def action_remark(self) -> None:
        """Add a sentence to the session under the cursor."""
        if self._chosen is not None:
            self.run_worker(self._remark(self._chosen), exclusive=True)

    async def _remark(self, chosen: Summary) -> None:
        if str(chosen.path) == self._present:
            self._say("This is the session on the screen; go back to add a remark to it.")
            return
        said = await self.app.push_screen_wait(PromptDialog("Remark", ""))
        if not said or not said.strip():
            return
        try:
            await asyncio.to_thread(annotate, chosen.path, said.strip())
            one = await asyncio.to_thread(summarize, chosen.path)
        except SessionError as error:
            self._say(str(error))
            return
        self._found[str(one.path)] = one
        self.query_one(OptionList).replace_option_prompt(str(one.path), self._line(one))
        self._say("The remark is in the log.")

    async def _fill(self) -> None:
        self._found.clear()
        options = self.query_one(OptionList)
        options.clear_options()
        self._unreadable.clear()
        paths = await asyncio.to_thread(store.paths)
        self._total = len(paths)
        reading = store.summaries(paths[: store.MAX_LISTED])
        while batch := await asyncio.to_thread(lambda: [*islice(reading, _READ_FIRST)]):
            some = [one for one in batch if isinstance(one, Summary)]
            self._unreadable += [str(one) for one in batch if isinstance(one, SessionError)]
            self._found.update((str(one.path), one) for one in some)
            options.add_options(Option(self._line(one), id=str(one.path)) for one in some)
            if options.highlighted is None and some:
                options.highlighted = 0
            self._title()
        if self._unreadable:
            self._say(self._unreadable[0])
        elif not self._found:
            self._say("No session is kept here yet.")

    @property
    def _chosen(self) -> Summary | None:
        options = self.query_one(OptionList)
        at = options.highlighted
        if at is None:
            return None
        return self._found.get(options.get_option_at_index(at).id or "")

    def _line(self, one: Summary) -> str:
        width = max(20, self.size.width - 6)
        marks = chain(("* " if str(one.path) == self._present else "  ",), repeat("  "))
        lines = map(str.__add__, marks, summary_lines(one, width - 2))
        return "\n".join(fit(line, width, self._glyphs).rstrip() for line in lines)

    def _title(self) -> None:
        text = store.heading(
            len(self._found),
            self._total,
            len(self._unreadable),
            present=self._present in self._found,
        )
        self.query_one(".heading", Static).update(text)

    def _say(self, text: str) -> None:
        self.query_one("#done", Static).update(self._glyphs.clean(text))


async def browse_sessions(context: Context) -> str:
    """Show the earlier sessions and do what is chosen there; returns what to say."""
    choice = await context.push(SessionsScreen(context.glyphs, context.log_path))
    if choice is None:
        return ""
    try:
        if choice.action == "compare":
            return await compare_with(context, choice.path)
        if choice.action == "replay":
            return await _replay(context, choice.path)
        recorded = await asyncio.to_thread(load_session, choice.path, context.profile)
        context.show_session(recorded)
    except SessionError as error:
        return str(error)
    return ""


async def replay_session(context: Context, path: Path) -> str:
    """Ask for the speed and play a session as it came; returns what to say."""
    try:
        return await _replay(context, path)
    except SessionError as error:
        return str(error)


async def _replay(context: Context, path: Path) -> str:
    said = await context.push(PromptDialog("Replay how many times as fast?", "1"))
    if said is None:
        return ""
    try:
        wanted = parse_speed(said)
    except SpeedError as error:
        return str(error)
    recorded = await asyncio.to_thread(load_session, path, context.profile)
    context.show_session(recorded, replay=wanted)
    return ""

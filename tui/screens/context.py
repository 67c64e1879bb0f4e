"""Protocol between a session's screen and its commands and dialogs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Sequence
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from textual.screen import Screen

    from probes.model import Event
    from probes.session import Session
    from profiles.model import Profile
    from tui.controller import Controller
    from tui.models.command import Command
    from tui.models.loaded_session import LoadedSession
    from tui.screens.main_panes import Panes
    from tui.sessions.replay import Replay
    from tui.terminal.app_base import TerminalApp
    from tui.text.status import Glyphs
    from tui.watch.watcher import Watcher

T = TypeVar("T")


class Context(Protocol):
    """The screen that a command is given on, as far as commands and dialogs may use it.

    The main screen fulfils it. What is typed against this protocol need not import that screen,
    which is given every command: no cycle, not even of types.
    """

    profile: Profile
    glyphs: Glyphs
    commands: tuple[Command, ...]
    """Every command that can be given here, with its keys."""
    kiosk: bool
    """True if its users may reach nothing but this program."""
    controller: Controller | None
    """Access to the engine; None for an old session."""
    measurer: Controller | None
    """Controller that measures an old session again."""
    recorded: LoadedSession | None
    """The old session; None for one that is measured."""
    measuring: bool
    """True while rows wait or are in flight."""
    replay: Replay | None
    """Replay of the old session; None where its end is shown."""
    panes: Panes
    engine_started: asyncio.Event
    """Set once hosts can be measured."""

    @property
    def host(self) -> TerminalApp:
        """The application."""

    @property
    def watcher(self) -> Watcher:
        """The watch over this screen."""

    @property
    def log_path(self) -> str:
        """Path of the session log; empty where there is none."""

    @property
    def is_overlay(self) -> bool:
        """True if it was opened over another session's screen."""

    async def push(self, screen: Screen[T]) -> T | None:
        """Show a screen over this one until it closes; returns its result."""

    def say(self, text: str, *, trouble: bool = False) -> None:
        """Show a notice, with `{command-id}` in it for a key."""

    def measure_again(
        self, keys: Sequence[str], *, forced: bool = False, quiet: bool = False, notice: str = ""
    ) -> str | None:
        """Measure rows again, `forced` ones even if not needed; returns why not, if so."""

    def begin_session(self, session: Session, keys: Collection[str]) -> None:
        """Begin a session with an old one's rows, of which those with `keys` are measured."""

    def reset(self) -> None:
        """Forget every row: another session begins."""

    def show_state(self) -> None:
        """Show in the header what is going on and whether it is kept."""

    def show_events(self, events: Sequence[Event]) -> None:
        """Show events in every pane."""

    def show_until(self, done: Callable[[], bool]) -> None:
        """Show what the engine reports until `done`, before the next key is taken."""

    def go_to(self, key: str) -> None:
        """Move the cursor to a row, in sight or not."""

    def go_to_hosts(self) -> None:
        """Focus the host line, if there is one."""

    def put_hosts(self, text: str) -> None:
        """Put hosts into the host line, to be looked at before they are measured."""

    def show_session(self, recorded: LoadedSession, *, replay: float | None = None) -> None:
        """Open an old session over this one, or play it so many times as fast."""

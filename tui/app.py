"""The application: one session's screen, and whatever is opened over it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.screen import Screen

from profiles.model import Profile
from tui.commands import COMMANDS
from tui.lean import LeanApp
from tui.remembered import Remembered
from tui.screens.session import REFRESH, SLOW_REFRESH, SessionScreen
from tui.signs import ASCII, UNICODE

if TYPE_CHECKING:
    from tui.recorded import Recorded
    from tui.runner import Runner


class AuditReach(LeanApp):
    """The application; `runner` measures, or `recorded` holds an old session to show."""

    CSS_PATH = "app.tcss"
    TITLE = "auditreach"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        profile: Profile,
        runner: Runner | None,
        *,
        recorded: Recorded | None = None,
        entries: Sequence[str] = (),
        start: bool = False,
        ascii: bool = False,
        slow: bool = False,
        remembered: Remembered | None = None,
    ) -> None:
        super().__init__()
        self.profile = profile
        self.runner = runner
        self.remembered = remembered or Remembered(None)
        """What was chosen about the screen before."""
        self.main = SessionScreen(
            profile,
            ASCII if ascii else UNICODE,
            runner,
            recorded,
            entries=entries,
            start=start,
            refresh=SLOW_REFRESH if slow else REFRESH,
        )
        """The screen that the program began with."""

    def get_default_screen(self) -> Screen[object]:
        """The session's screen."""
        return self.main

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command by name, for the command palette."""
        if isinstance(screen, SessionScreen):
            for one in COMMANDS:
                if one.id != "back":
                    about = f"{one.about[:1].upper()}{one.about[1:]}."
                    yield SystemCommand(one.word, about, lambda id=one.id: screen.action_do(id))
        yield SystemCommand("Theme", "Choose other colours.", self.action_change_theme)

"""Application: one session's screen, and other screens over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from textual.app import SystemCommand
from textual.command import CommandPalette
from textual.screen import Screen
from textual.theme import Theme, ThemeProvider

from profiles.model import Profile
from tui.commands import COMMANDS
from tui.models.keymap import rebind
from tui.screens.main import REFRESH, SLOW_REFRESH, SessionScreen, make_screen_class
from tui.storage.preferences import Preferences
from tui.terminal.app_base import TerminalApp
from tui.text.status import ASCII, UNICODE

if TYPE_CHECKING:
    from tui.controller import Controller
    from tui.models.loaded_session import LoadedSession


class AuditReach(TerminalApp):
    """The application; `controller` measures, or `recorded` holds an old session to show."""

    CSS_PATH = "app.tcss"
    TITLE = "auditreach"
    ENABLE_COMMAND_PALETTE = True

    def __init__(
        self,
        profile: Profile,
        controller: Controller | None,
        *,
        recorded: LoadedSession | None = None,
        entries: Sequence[str] = (),
        start: bool = False,
        ascii: bool = False,
        slow: bool = False,
        kiosk: bool = False,
        keys: Mapping[str, str] = MappingProxyType({}),
        preferences: Preferences | None = None,
        theme: str | None = None,
        replay: float | None = None,
    ) -> None:
        preferences = preferences or Preferences(None)
        super().__init__(theme or preferences.get("theme"))
        self.dispatcher.pause()
        self.profile = profile
        self.controller = controller
        """True if its users may reach nothing but this program."""
        self.preferences = preferences
        """Saved choices about the screen."""
        self._make_screen = partial(
            make_screen_class(rebind(COMMANDS, keys), kiosk=kiosk),
            profile,
            ASCII if ascii else UNICODE,
            refresh=SLOW_REFRESH if slow else REFRESH,
            preferences=preferences,
        )
        self.main: SessionScreen = self._make_screen(
            controller if recorded is None else None,
            recorded,
            measurer=controller,
            entries=entries,
            start=start,
            replay=replay,
        )
        """The screen below all others: the first, or that of a session begun later."""

    def on_mount(self) -> None:
        """Save a theme that is chosen from now on."""
        self.theme_changed_signal.subscribe(self, self._save_theme)

    def _save_theme(self, theme: Theme) -> None:
        self.preferences.set("theme", theme.name)

    async def on_session_screen_session_begun(self, event: SessionScreen.SessionBegun) -> None:
        """Begin a session with the rows of an earlier one.

        It takes the place of the session that is measured, or of the old one that was opened.
        """
        assert self.controller is not None
        # Keys that come meanwhile are the new session's.
        self.dispatcher.pause()
        while self.screen is not self.main:
            await self.pop_screen()
        if self.main.controller is None:
            self.main = self._make_screen(self.controller, earlier=(event.session, event.keys))
            await self.push_screen(self.main)
        else:
            await self.main.measure_earlier(event.session, event.keys)
            self.dispatcher.resume()

    def get_default_screen(self) -> Screen[object]:
        """The session's screen."""
        return self.main

    def take_paste(self, text: str, *, continues: bool) -> None:
        """Put a paste into the host line, also of a screen below a dialog, which it answers not."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, SessionScreen):
                screen.take_paste(text, continues=continues)
                return

    def opens_line(self, text: str) -> bool:
        """True if the first character of a burst is surely the key of a line for the others."""
        return isinstance(self.screen, SessionScreen) and self.screen.opens_line(text)

    def open_url(self, url: str, *, new_tab: bool = True) -> None:
        """Open nothing: a browser is another program."""

    async def action_quit(self) -> None:
        """Quit from anywhere, after a question while rows are being measured."""
        if self.main.measuring:
            self.main.action_do("quit")
        else:
            self.exit(0)

    def action_command_palette(self) -> None:
        """Every command by a part of its name."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(CommandPalette(placeholder="Type a part of its name"))

    def search_themes(self) -> None:
        """Every theme by a part of its name."""
        palette = CommandPalette(providers=[ThemeProvider], placeholder="Type a part of its name")
        self.push_screen(palette)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Every command by name, for the command palette."""
        if isinstance(screen, SessionScreen):
            for one in screen.commands:
                if one.id != "back":
                    key = f" (key {one.key_text})" if one.keys else ""
                    about = f"{one.about[:1].upper()}{one.about[1:]}{key}."
                    yield SystemCommand(one.word, about, lambda id=one.id: screen.action_do(id))
        yield SystemCommand("Theme", "Choose other colours.", self.action_change_theme)

"""The lines above the keys: where one is, or the last news instead, or the filter that is typed."""

from __future__ import annotations

from collections import deque
from datetime import datetime
from typing import TYPE_CHECKING

from textual.widgets import Static

from tui.commands.keymap import with_keys
from tui.widgets.crumbs import Crumbs

if TYPE_CHECKING:
    from tui.screens.session import SessionScreen

_NOTICES = 100


class Below:
    """Shows one of them at a time, and remembers what was said."""

    def __init__(self, screen: SessionScreen) -> None:
        self.crumbs = screen.query_one(Crumbs)
        self.notices: deque[str] = deque(maxlen=_NOTICES)
        """What was said, the latest last, with the time."""
        self._notice = screen.query_one("#notice", Static)
        self._screen = screen
        self._said = ("", False)

    def say(self, text: str, *, trouble: bool = False) -> None:
        """One or a few sentences, `{command-id}` in them for a key; empty takes them away."""
        text = self._screen.signs.clean(with_keys(text, self._screen.host.commands))
        if (text, trouble) == self._said:
            # Every update lays the whole screen out again.
            return
        self._said = (text, trouble)
        if text:
            self.notices.append(f"{datetime.now().astimezone():%H:%M:%S}  {text}")
        self._notice.update(text)
        self._notice.set_class(bool(text), "-shown")
        self._notice.set_class(trouble, "-trouble")
        self._show_crumbs()

    def open_filter(self) -> None:
        """Go to the filter line."""
        self.say("")
        self._screen.filter_line.open()
        self._show_crumbs()

    def close_filter(self, *, forget: bool) -> None:
        """Hide the filter line; `forget` what was typed in it too."""
        self._screen.filter_line.close(forget=forget)
        self._show_crumbs()

    def _show_crumbs(self) -> None:
        self.crumbs.display = not self._said[0] and not self._screen.filter_line.shown

"""Which pane is in front: where not all of them fit, or one was made to stand alone, only it is
seen. What fits is a matter of `app.tcss`; here are the classes that it goes by.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from textual.screen import Screen
from textual.widget import Widget

from tui.storage.preferences import Preferences

Pane = Literal["tree", "table", "detail"]
PANES: tuple[Pane, ...] = get_args(Pane)
"""In the order of Tab."""


class Arrangement:
    """The pane in front follows the focus; what was chosen last time stands again.

    Made before the panes are, or each of them would be styled twice. A session that begins without
    rows has the table in front, whose hint says how to come by some.
    """

    def __init__(self, screen: Screen[object], remembered: Preferences, *, rows: bool) -> None:
        self._screen = screen
        self._panes: Mapping[Pane, Widget] = {}
        self._entry: Widget | None = None
        self._remembered = remembered
        self.alone = remembered.get("alone") == "yes"
        """Whether the pane in front was made to stand alone."""
        chosen = remembered.get("pane") if self.alone and rows else ""
        self.pane: Pane = next((pane for pane in PANES if pane == chosen), "table")
        """The pane in front."""
        self._show(update=False)

    def over(self, panes: Mapping[Pane, Widget], entry: Widget | None) -> None:
        """These are the panes, and this is the host line, if there is one."""
        self._panes = panes
        self._entry = entry

    @property
    def single(self) -> bool:
        """Whether a pane may be out of sight."""
        return self.alone or self._screen.has_class("-narrow") or self._screen.has_class("-short")

    def go(self, pane: Pane | None = None) -> None:
        """Focus a pane, or the one in front."""
        self._panes[pane or self.pane].focus()

    def go_on(self, step: int) -> None:
        """Focus the next pane, the host line included, or the one before."""
        ring = [widget for widget in (self._entry, *map(self._panes.get, PANES)) if widget]
        focused = self._screen.focused
        at = ring.index(focused) if focused in ring else ring.index(self._panes[self.pane])
        ring[(at + step) % len(ring)].focus()

    def follow(self, focused: Widget) -> None:
        """Bring the pane that has the focus to the front."""
        for pane, widget in self._panes.items():
            if widget is focused and pane != self.pane:
                self.pane = pane
                self._arrange()

    def toggle(self) -> bool:
        """Let the pane in front stand alone, or beside the others again; whether it does now."""
        self.alone = not self.alone
        self._arrange()
        return self.alone

    def _show(self, *, update: bool = True) -> None:
        classes = {f"-on-{pane}": pane == self.pane for pane in PANES}
        self._screen.update_classes({"-alone": self.alone, **classes}, update, animate=False)

    def _arrange(self) -> None:
        self._show()
        self._remembered.set("alone", "yes" if self.alone else "")
        if self.alone:
            self._remembered.set("pane", self.pane)

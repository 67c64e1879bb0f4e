"""Pane layout: the panes that are in sight, and the classes by which `app.tcss` shows them.

Where not all panes fit, or one has the whole screen, only that one is in sight. Where there is no
room for the tree it is a drawer over the table, open while it has the focus.
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


class PaneLayout:
    """Layout in which the pane in front follows the focus, with the choices of last time.

    Made before the panes are, or each of them would be styled twice. A session that begins without
    rows has the table in front, whose hint says how to come by some.
    """

    def __init__(self, screen: Screen[object], preferences: Preferences, *, rows: bool) -> None:
        self._screen = screen
        self._panes: Mapping[Pane, Widget] = {}
        self._host_input: Widget | None = None
        self._preferences = preferences
        self.alone = preferences.get("alone") == "yes"
        """True if the pane in front was made to stand alone."""
        chosen = preferences.get("pane") if self.alone and rows else ""
        self.pane: Pane = next((pane for pane in PANES if pane == chosen), "table")
        """The pane in front."""
        self._show(update=False)

    def set_widgets(self, panes: Mapping[Pane, Widget], host_input: Widget | None) -> None:
        """Set the widgets of the panes, and the host line, if there is one."""
        self._panes = panes
        self._host_input = host_input

    @property
    def tree_is_drawer(self) -> bool:
        """True if there is no room for the tree beside the table."""
        return any(map(self._screen.has_class, ("-narrow", "-usual")))

    def focus(self, pane: Pane | None = None) -> None:
        """Focus a pane, or the one in front."""
        self._panes[pane or self.pane].focus()

    def focus_next(self, step: int) -> None:
        """Focus the next pane, the host line included, or the one before; no closed drawer."""
        focused = self._screen.focused
        order = [self._host_input] if self._host_input else []
        for pane, widget in self._panes.items():
            if pane != "tree" or widget is focused or not self.tree_is_drawer:
                order.append(widget)
        at = order.index(focused) if focused in order else order.index(self._panes[self.pane])
        order[(at + step) % len(order)].focus()

    def follow(self, focused: Widget) -> None:
        """Bring the pane that has the focus to the front; a drawer closes when it loses it."""
        pane = next((pane for pane, widget in self._panes.items() if widget is focused), self.pane)
        if pane == "tree" and focused is not self._panes[pane] and not self.alone:
            pane = "table"
        if pane != self.pane:
            self.pane = pane
            self._arrange()

    def toggle(self) -> bool:
        """Let the pane in front stand alone, or beside the others again; True if it does now."""
        self.alone = not self.alone
        self._arrange()
        return self.alone

    def _show(self, *, update: bool = True) -> None:
        classes = {f"-on-{pane}": pane == self.pane for pane in PANES}
        self._screen.update_classes({"-alone": self.alone, **classes}, update, animate=False)

    def _arrange(self) -> None:
        self._show()
        self._preferences.set("alone", "yes" if self.alone else "")
        if self.alone:
            self._preferences.set("pane", self.pane)

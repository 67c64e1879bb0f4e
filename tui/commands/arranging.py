"""Commands that go from pane to pane."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.commands.model import Outcome

if TYPE_CHECKING:
    from tui.screens.session import SessionScreen


def tree(screen: SessionScreen) -> None:
    """Go to the tree."""
    screen.panes.arrangement.go("tree")


def table(screen: SessionScreen) -> None:
    """Go to the table."""
    screen.panes.arrangement.go("table")


def details(screen: SessionScreen) -> None:
    """Go to the details."""
    screen.panes.arrangement.go("detail")


def zoom(screen: SessionScreen) -> Outcome:
    """Give the whole screen to the pane in front, and back."""
    alone = screen.panes.arrangement.toggle()
    screen.panes.locate()
    if not alone:
        return ""
    return (
        "One pane at a time; {tree}, {table}, {details} and {next-pane} change it, "
        "{zoom} shows them all."
    )


def next_pane(screen: SessionScreen) -> None:
    """Go to the next pane."""
    screen.panes.arrangement.go_on(1)


def previous_pane(screen: SessionScreen) -> None:
    """Go to the pane before."""
    screen.panes.arrangement.go_on(-1)

"""PANES: the keys that a pane or line has while it has the focus, as sentences for the help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from tui.commands.model import Group


@dataclass(frozen=True, slots=True)
class Pane:
    """What the focus is in: its name, the group of commands about it, and its own keys."""

    name: str
    group: Group
    keys: tuple[tuple[str, str], ...]
    """Keys as Textual names them, separated by commas, and what they do."""


PANES: Mapping[str, Pane] = {
    "ResultTable": Pane(
        "table",
        "table",
        (
            ("up,k", "goes to the row above"),
            ("down,j", "goes to the row below"),
            ("pageup", "goes a page up"),
            ("pagedown", "goes a page down"),
            ("home", "goes to the first row"),
            ("end", "goes to the last row"),
            ("enter", "goes to the details of the row"),
        ),
    ),
    "Outline": Pane(
        "tree",
        "panes",
        (
            ("up,k", "goes to the node above; the table shows the rows of the node"),
            ("down,j", "goes to the node below"),
            ("pageup", "goes ten nodes up"),
            ("pagedown", "goes ten nodes down"),
            ("home", "goes to the top, where every row is shown"),
            ("end", "goes to the last node"),
            ("left,h", "folds the node; where nothing is to fold, goes to the one it stands in"),
            ("right,l", "unfolds the node"),
            ("enter", "folds or unfolds the node; on a check or host goes to its rows"),
            ("space", "leaves the check, role or section out of what is measured, or not any more"),
        ),
    ),
    "Detail": Pane(
        "details",
        "panes",
        (
            ("up,k", "scrolls a line up"),
            ("down,j", "scrolls a line down"),
            ("pageup", "scrolls eight lines up"),
            ("pagedown", "scrolls eight lines down"),
            ("home", "scrolls to the top"),
            ("end", "scrolls to the end"),
        ),
    ),
    "HostEntry": Pane(
        "host line",
        "hosts",
        (
            ("enter", "measures the hosts in the line"),
            ("tab", "completes a role or an earlier line; with nothing to complete, the next pane"),
            ("up", "recalls what was typed before"),
            ("down", "recalls what was typed after that"),
            ("escape", "leaves the line for the table"),
            ("f1", "shows this help"),
        ),
    ),
    "FilterEntry": Pane(
        "filter line",
        "table",
        (
            ("enter", "applies the filter and goes to the table"),
            ("tab", "completes a field or a value"),
            ("escape", "takes the filter away and goes to the table"),
            ("f1", "shows this help"),
        ),
    ),
}
"""By the name of the widget's class."""

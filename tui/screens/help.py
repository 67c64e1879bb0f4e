"""Help: the keys of what has the focus, and pages about statuses."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.model import Status
from tui.models.command import Command, Group
from tui.screens.dialogs import Help
from tui.text.pages import markdown_of, page_lines, page_of
from tui.text.status import STATUS, Signs

if TYPE_CHECKING:
    from textual.app import App

    from tui.screens.context import Context


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


_WIDTH = 72
_KEY = 9
_HEADING = 8
_STATUS_WORD = 14

_AFTER: dict[Group, tuple[tuple[str, str], ...]] = {
    "hosts": (
        (
            "",
            "HOST: name, address, 10.0.0.0/24, 10.0.0.10-20, @file, domain:NAME (its domain "
            "controllers); HOST:PORT where a role has one port. Up recalls what was typed before.",
        ),
    ),
    "program": (("Ctrl+P", "every action by name"),),
}
"""What is to be said behind the commands of the same heading."""

_NAMES = {"pageup": "PgUp", "pagedown": "PgDn", "escape": "Escape"}

_STATUS = (
    *((status.value, STATUS[status].about) for status in Status if STATUS[status].about),
    ("", "m on a row, or among the verdicts, shows the page about it."),
)


def help_text(commands: Iterable[Command], focus: str = "ResultTable", width: int = _WIDTH) -> str:
    """Every key in a sentence, beside headings, or below them where `width` is small, in columns.

    `focus` is the class of the widget that has it: its keys and the commands about it are first.
    """
    here = PANES.get(focus, PANES["ResultTable"])
    groups: dict[Group, list[Command]] = {here.group: []}
    for command in commands:
        groups.setdefault(command.group, []).append(command)
    width = min(width, _WIDTH)
    text = textwrap.fill("auditreach: can the audit reach what it must reach?", width) + "\n\n"
    text += _own_keys(f"You are in the {here.name}", here, width)
    for group, members in groups.items():
        lines = [(one.key_text, one.about) for one in members]
        lines += _AFTER.get(group, ())
        text += "\n".join(_section(group.upper(), lines, width)) + "\n\n"
    for pane in PANES.values():
        if pane is not here:
            text += _own_keys(f"In the {pane.name}", pane, width)
    return text + "\n".join(_section("STATUS", _STATUS, width, _STATUS_WORD)) + "\n"


def _own_keys(heading: str, pane: Pane, width: int) -> str:
    lines = [(", ".join(map(_written, keys.split(","))), about) for keys, about in pane.keys]
    return "\n".join((heading, *_section("", lines, width))) + "\n\n"


def _written(key: str) -> str:
    return _NAMES.get(key, key if len(key) == 1 else key.capitalize())


def _section(
    heading: str, lines: Iterable[tuple[str, str]], width: int, words: int = _KEY
) -> Iterator[str]:
    beside = _HEADING if width >= _WIDTH else 0
    if heading and not beside:
        yield heading
        heading = ""
    for key, about in lines:
        # A long key pushes its own first line to the right.
        first, *rest = textwrap.wrap(
            about, max(width - beside - words, 12), initial_indent=" " * (len(key) + 1 - words)
        )
        yield f"{heading:<{beside}}{key + ' ':<{words}}{first.lstrip()}"
        heading = ""
        yield from (f"{'':<{beside + words}}{line}" for line in rest)


_BESIDE = 4
"""Cells of its edges and its scroll bar."""
_WIDEST = 76


def show_help(context: Context) -> None:
    """Show every key, those of the widget that has the focus first."""
    app = context.host
    width = app.size.width - _BESIDE
    app.push_screen(Help(help_text(context.commands, type(app.focused).__name__, width)))


def show_status(context: Context, status: Status) -> None:
    """Show the page about a status."""
    show_page(context.host, page_of(status), context.signs)


def show_page(app: App[int], page: str, signs: Signs) -> None:
    """Show a page of docs/status as text, with keys to scroll it and to go back."""
    width = max(1, min(app.size.width - _BESIDE, _WIDEST))
    lines = page_lines(markdown_of(page), width)
    app.push_screen(Help("\n".join(signs.clean(line) for line in lines)))

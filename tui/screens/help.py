"""Help: the keys of what has the focus, and pages about statuses."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.binding import Binding
from textual.widget import Widget

from probes.model import Status
from tui.models.command import Command, Group
from tui.models.keymap import with_keys
from tui.screens.dialogs import HelpDialog
from tui.text.pages import page_lines, page_of, read_page
from tui.text.status import STATUS, Glyphs
from tui.widgets.detail import Detail
from tui.widgets.filter_input import FilterInput
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

if TYPE_CHECKING:
    from textual.app import App

    from tui.screens.context import Context


@dataclass(frozen=True, slots=True)
class Pane:
    """A widget that may have the focus: its name, the group of commands about it, its own keys."""

    name: str
    group: Group
    widget: type[Widget]

    @property
    def keys(self) -> list[tuple[str, str]]:
        """Keys as Textual names them, separated by commas, and what they do."""
        bindings = [one for one in self.widget.BINDINGS if isinstance(one, Binding)]
        return [(one.key, one.tooltip) for one in bindings]


PANES: Mapping[str, Pane] = {
    one.widget.__name__: one
    for one in (
        Pane("table", "table", ResultTable),
        Pane("tree", "panes", ProfileTree),
        Pane("details", "panes", Detail),
        Pane("host line", "hosts", HostInput),
        Pane("filter line", "table", FilterInput),
    )
}
"""By the name of the widget's class."""


_WIDTH = 72
_KEY = 9
_HEADING = 8
_STATUS_WORD = 14

_NOTES: dict[Group, tuple[tuple[str, str], ...]] = {
    "hosts": (
        (
            "",
            "HOST: name, address, 10.0.0.0/24, 10.0.0.10-20, @file, domain:NAME (its domain "
            "controllers); HOST:PORT where a role has one port. Up recalls what was typed before.",
        ),
    ),
    "program": (("Ctrl+P", "every action by name"),),
}
"""Text behind the commands of a heading."""

_NAMES = {"pageup": "PgUp", "pagedown": "PgDn", "escape": "Escape"}

_STATUS = (
    *((status.value, STATUS[status].about) for status in Status if STATUS[status].about),
    ("", "{explain} on a row, and m among the verdicts, shows the page about it."),
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
        lines += _NOTES.get(group, ())
        text += "\n".join(_section(group.upper(), lines, width)) + "\n\n"
    for pane in PANES.values():
        if pane is not here:
            text += _own_keys(f"In the {pane.name}", pane, width)
    bound = [one for members in groups.values() for one in members]
    status = [(word, with_keys(about, bound)) for word, about in _STATUS]
    return text + "\n".join(_section("STATUS", status, width, _STATUS_WORD)) + "\n"


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


_BORDER_CELLS = 4
"""Cells of its edges and its scroll bar."""
_WIDEST = 76


def show_help(context: Context) -> None:
    """Show every key, those of the widget that has the focus first."""
    app = context.host
    width = app.size.width - _BORDER_CELLS
    app.push_screen(HelpDialog(help_text(context.commands, type(app.focused).__name__, width)))


def show_status(context: Context, status: Status) -> None:
    """Show the page about a status."""
    show_page(context.host, page_of(status), context.glyphs)


def show_page(app: App[int], page: str, glyphs: Glyphs) -> None:
    """Show a page of docs/status as text, with keys to scroll it and to go back."""
    width = max(1, min(app.size.width - _BORDER_CELLS, _WIDEST))
    lines = page_lines(read_page(page), width)
    app.push_screen(HelpDialog("\n".join(glyphs.clean(line) for line in lines)))

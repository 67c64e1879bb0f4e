"""The help of a session's screen, made from its commands."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from tui.commands import COMMANDS
from tui.commands.model import Command, Group
from tui.pane_keys import PANES, Pane

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
    ("ok", "the path is open and the right service answered"),
    ("degraded", "works without it, at the cost the note states"),
    ("warning", "works, but something will bite"),
    ("blocked", "required and not available"),
    ("unverifiable", "nothing answers there by nature"),
    ("not needed", "its condition does not hold"),
    ("error", "not tested: never a pass, never blocked"),
    ("", "m on a row, or among the verdicts, shows the page about it."),
)


def help_text(
    commands: Iterable[Command] = COMMANDS, focus: str = "ResultTable", width: int = _WIDTH
) -> str:
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

"""The help of a session's screen, made from its commands."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from tui.commands import COMMANDS
from tui.commands.model import Command, Group

_WIDTH = 72
_KEY = 8

_BEFORE: dict[Group, tuple[tuple[str, str], ...]] = {
    "table": (("up/down", "Page up/down, Home/End move; Enter goes to the details"),),
}
_AFTER: dict[Group, tuple[tuple[str, str], ...]] = {
    "hosts": (
        (
            "",
            "HOST: name, address, 10.0.0.0/24, 10.0.0.10-20, @file, domain:NAME (its domain "
            "controllers); HOST:PORT where a role has one port. Up recalls what was typed before.",
        ),
        ("Escape", "leaves the line"),
    ),
    "tree": (
        ("space", "excludes a check, role or section, or includes it again"),
        ("left", "and right fold and unfold"),
    ),
    "program": (("ctrl+p", "every action by name"),),
}
"""What the panes and lines themselves do, around the commands of the same heading."""

_STATUS = """\
STATUS  ok            the path is open and the right service answered
        degraded      works without it, at the cost the note states
        warning       works, but something will bite
        blocked       required and not available
        unverifiable  nothing answers there by nature
        not needed    its condition does not hold
        error         not tested: never a pass, never blocked
"""


def help_text(commands: Iterable[Command] = COMMANDS) -> str:
    """Every key in a sentence, below the headings of its groups, at most 80 columns wide."""
    groups: dict[Group, list[Command]] = {}
    for command in commands:
        groups.setdefault(command.group, []).append(command)
    text = "auditreach: can the audit reach what it must reach?\n\n"
    for group, members in groups.items():
        lines = [*_BEFORE.get(group, ())]
        lines += [(one.key_text, one.about) for one in members]
        lines += _AFTER.get(group, ())
        text += "\n".join(_section(group.upper(), lines)) + "\n\n"
    return text + _STATUS


def _section(heading: str, lines: Iterable[tuple[str, str]]) -> Iterator[str]:
    for key, about in lines:
        wrapped = textwrap.wrap(about, _WIDTH - _KEY - _KEY)
        yield f"{heading:<{_KEY}}{key:<{_KEY}}{wrapped[0]}"
        heading = ""
        yield from (f"{'':<{2 * _KEY}}{line}" for line in wrapped[1:])

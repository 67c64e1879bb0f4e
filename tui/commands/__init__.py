"""Registry: every command of a session's screen, in the order of the help.

A command is a function below `@command(...)` in one of these modules. The help shows the commands
of a group in the order in which they stand here: module by module, each from top to bottom.
"""

from __future__ import annotations

from collections.abc import Mapping

from tui.commands import measure, output, program, rows, sessions, view
from tui.models.command import Command

_MODULES = (measure, view, rows, output, sessions, program)

COMMANDS: tuple[Command, ...] = tuple(
    one for module in _MODULES for one in vars(module).values() if isinstance(one, Command)
)
"""Ids and keys are unique."""

BY_ID: Mapping[str, Command] = {command.id: command for command in COMMANDS}

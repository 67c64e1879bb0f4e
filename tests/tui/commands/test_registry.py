"""The registry: every decorated function is a command, once, and in the order of its file."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import tui.commands
from tui.commands import BY_ID, COMMANDS
from tui.models.command import Group

ROOM = Path(tui.commands.__file__).parent


def decorated() -> Iterator[tuple[str, str]]:
    """Module and name of every function below `@command(...)`, from top to bottom."""
    for file in sorted(ROOM.glob("*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.decorator_list:
                yield f"tui.commands.{file.stem}", node.name


def test_every_decorated_function_of_the_room_is_a_command_in_the_order_of_its_file():
    written = list(decorated())
    modules = {module for module, _ in written}
    assert len(modules) >= 6
    for name in modules:
        found = [one.run.__name__ for one in COMMANDS if one.run.__module__ == name]
        assert found == [function for module, function in written if module == name], name
    assert len(COMMANDS) == len(written)


def test_no_two_commands_have_the_same_id_or_key():
    keys = [key for one in COMMANDS for key in one.keys.split(",")]
    assert len(BY_ID) == len(COMMANDS)
    assert len(set(keys)) == len(keys)


def test_every_group_of_the_help_has_a_command():
    assert {one.group for one in COMMANDS} == set(get_args(Group))

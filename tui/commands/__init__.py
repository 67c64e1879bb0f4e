"""COMMANDS: everything a key or the command palette can do on a session's screen.

The entries are data; the code of each is in the module its entry names.
"""

from __future__ import annotations

from tui.commands import entries_hosts, entries_rows, entries_session
from tui.commands.model import Command

COMMANDS: tuple[Command, ...] = (
    *entries_hosts.ENTRIES,
    *entries_rows.ENTRIES,
    *entries_session.ENTRIES,
)
"""Every command in the order of the help; ids and keys are unique."""

BY_ID = {command.id: command for command in COMMANDS}

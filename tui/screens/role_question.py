"""Question for the role of hosts that were entered without one."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase, digits
from typing import TYPE_CHECKING

from textual.widgets import OptionList

from probes.model import Target
from probes.wire.text import printable
from profiles.model import Profile, Role
from profiles.recognition import AUTO
from tui.screens.dialogs import ChoiceDialog

if TYPE_CHECKING:
    from tui.screens.context import Context

_MAX_NAMED = 2
_LONGEST = 40


class RoleDialog(ChoiceDialog):
    """Asks what some hosts are; Enter, while nothing else is chosen, lets what answers decide."""

    needs_sight = True
    KEYS = "A letter or Enter chooses   Escape goes back to the line"

    def on_mount(self) -> None:
        """Enter is for the first line."""
        self.query_one(OptionList).highlighted = 0


async def ask_for_role(context: Context, profile: Profile, targets: Sequence[Target]) -> str | None:
    """Role of these hosts, by one key; None if the operator goes back to the line."""
    letters = role_letters(profile)
    options = {"": "find out by what answers (auto)"}
    options |= {letter: f"{role.title} ({role.id})" for letter, role in letters.items()}
    said = await context.push(RoleDialog(_question(targets), options))
    if said is None:
        return None
    return letters[said].id if said else AUTO


def role_letters(profile: Profile) -> dict[str, Role]:
    """Roles by their letter; one without a letter of its own has one that no other has."""
    taken = {role.letter: role for role in profile.roles if role.letter}
    for role in profile.roles:
        if not role.letter and role.id != AUTO:
            free = [one for one in role.id + ascii_lowercase + digits if one.isalnum()]
            letter = next((one for one in free if one not in taken), "")
            if letter:
                taken[letter] = role
    order = {role.id: at for at, role in enumerate(profile.roles)}
    return dict(sorted(taken.items(), key=lambda item: order[item[1].id]))


def _question(targets: Sequence[Target]) -> str:
    names = [printable(one, _LONGEST) for one in dict.fromkeys(one.whole.label for one in targets)]
    if len(names) == 1:
        return f"What is {names[0]}?"
    if len(names) <= _MAX_NAMED:
        return f"What are {' and '.join(names)}?"
    return f"What are {', '.join(names[:_MAX_NAMED])} and {len(names) - _MAX_NAMED:,} more?"

"""Keymap: configured keys of commands, and keys inserted into sentences."""

from __future__ import annotations

import re
import string
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace

from tui.models.command import Command

_RENAMED = {
    "solidus": "slash",
    "reverse_solidus": "backslash",
    "commercial_at": "at",
    "hyphen_minus": "minus",
    "plus_sign": "plus",
    "low_line": "underscore",
}
"""Names that Textual shortens."""


def _character_name(char: str) -> str:
    """Textual's name of a character that is no letter or digit."""
    name = unicodedata.name(char).lower().replace("-", "_").replace(" ", "_")
    return _RENAMED.get(name, name)


_NAMES: Mapping[str, str] = {
    **{char: _character_name(char) for char in string.punctuation},
    " ": "space",
    "esc": "escape",
    "del": "delete",
    "return": "enter",
}
"""Textual's name of a key by the name a person writes."""
_KEYS = frozenset(
    {
        *_NAMES.values(),
        *string.ascii_letters,
        *string.digits,
        *("tab", "backspace", "insert", "home", "end", "pageup", "pagedown"),
        *("up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 25)),
    }
)
_MODIFIERS = re.compile(r"(?:(?:ctrl|shift|alt|super)\+)*")
_ALWAYS_BOUND = ("quit", "help", "back")
"""Commands that must keep a key: without them nobody finds the way out."""
_MARK = re.compile(r"\{([a-z-]{2,20})\}")


class KeymapError(Exception):
    """Invalid keys; the text is one sentence."""


def rebind(commands: Iterable[Command], keys: Mapping[str, str]) -> tuple[Command, ...]:
    """The commands with other keys, by id; raises KeymapError where two would have the same one.

    A command without a key stays in the command palette.
    """
    changed = tuple(
        replace(one, keys=_named(one.id, keys[one.id]), show="") if one.id in keys else one
        for one in commands
    )
    owner: dict[str, str] = {}
    for one in changed:
        for key in filter(None, one.keys.split(",")):
            if key in owner:
                raise KeymapError(
                    f"Key {key} is assigned to both {owner[key]} and {one.id}; change one of them."
                )
            owner[key] = one.id
    return changed


def with_keys(text: str, commands: Iterable[Command]) -> str:
    """A sentence with `{again}` and the like replaced by the key of that command.

    One without a key is in the command palette by its words.
    """
    if "{" not in text:
        return text
    shown = {one.id: one.key_text or f'Ctrl+P "{one.word}"' for one in commands}
    return _MARK.sub(lambda mark: shown.get(mark[1], mark[0]), text)


def _named(id: str, keys: str) -> str:
    named = [_key_name(key.strip() or key) for key in keys.split(",") if key]
    for key in named:
        if _plain_key(key) not in _KEYS:
            raise KeymapError(
                f"keys.{id} has '{key[:30]}', which is no key; write r, f5, ctrl+r or the like."
            )
    if not named and id in _ALWAYS_BOUND:
        raise KeymapError(f"keys.{id} cannot be empty: without it nobody finds the way out.")
    return ",".join(named)


def _key_name(written: str) -> str:
    """Textual's name of a key as a person writes it, with its modifiers."""
    plain = _plain_key(written)
    return written[: len(written) - len(plain)] + _NAMES.get(plain, plain)


def _plain_key(key: str) -> str:
    """Key without ctrl, shift and the like."""
    modifiers = _MODIFIERS.match(key)
    return key[modifiers.end() :] if modifiers else key

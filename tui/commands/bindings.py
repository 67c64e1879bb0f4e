"""Commands as Textual's bindings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from textual.binding import Binding

from tui.commands.model import Command


def bindings(commands: Iterable[Command]) -> Iterator[Binding]:
    """What the keys of commands do on this screen; a command without a key has none."""
    for one in commands:
        if one.keys:
            yield Binding(
                one.keys,
                f"do({one.id!r})",
                one.word,
                show=bool(one.bar),
                key_display=one.show or None,
                id=one.id,
            )

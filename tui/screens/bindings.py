"""Bindings of commands, as Textual has them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from textual.binding import Binding

from tui.models.command import Command


def bindings(commands: Iterable[Command], offered: Collection[Command]) -> Iterator[Binding]:
    """Textual's bindings of commands that have a key; shown are those that are offered."""
    for one in commands:
        if one.keys:
            yield Binding(
                one.keys,
                f"do({one.id!r})",
                one.word,
                show=bool(one.bar) and one in offered,
                key_display=one.show or None,
                id=one.id,
            )

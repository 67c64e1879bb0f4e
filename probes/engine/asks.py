"""The probes' coroutines, each loaded when its first job comes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from probes.engine.call import Answer, Ask, Call


class Loads(Protocol):
    """A probe that can be loaded when its first job comes (see probes.Probe)."""

    def load(self) -> Ask | None:
        """The coroutine that asks, or None where the transport is everything."""


class Asks:
    """The coroutine of each probe by name, once it has been loaded."""

    def __init__(self, probes: Mapping[str, Loads]) -> None:
        self._probes = probes
        self._loaded: dict[str, Ask | None] = {}

    def load(self, name: str) -> None:
        """Import a probe; one that cannot be imported spoils its own rows only."""
        if name in self._loaded:
            return
        try:
            self._loaded[name] = self._probes[name].load()
        except ImportError as error:
            self._loaded[name] = _broken(error)

    def __getitem__(self, name: str) -> Ask | None:
        return self._loaded[name]


def _broken(error: ImportError) -> Ask:
    """A probe that could not be loaded: its rows say so."""

    async def ask(call: Call) -> Answer:
        raise ImportError(str(error))

    return ask

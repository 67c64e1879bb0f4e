"""Marked rows, to which a command applies instead of the selected row."""

from __future__ import annotations

from collections.abc import Iterable, Iterator


class Marks:
    """Keys of rows, in the order of marking."""

    def __init__(self) -> None:
        self._keys: dict[str, None] = {}

    def __contains__(self, key: object) -> bool:
        return key in self._keys

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return iter(self._keys)

    def add(self, keys: Iterable[str]) -> None:
        """Mark rows."""
        self._keys.update(dict.fromkeys(keys))

    def discard(self, keys: Iterable[str]) -> None:
        """Remove marks; rows without one stay so."""
        for key in tuple(keys):
            self._keys.pop(key, None)

"""What was chosen about the screen and outlasts it: the pane that stands alone, the theme."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Literal

from tui.storage.files import write_private

Choice = Literal["pane", "alone", "theme"]

_LONGEST = 4096


class Remembered:
    """Choices by name, in a JSON file of mode 0600; one that cannot be used is as if absent."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._chosen: dict[str, str] = {}
        if path is not None:
            with suppress(OSError, ValueError, RecursionError):
                with path.open(encoding="utf-8") as file:
                    text = file.read(_LONGEST)
                found = json.loads(text)
                if isinstance(found, dict):
                    self._chosen = {
                        name: value for name, value in found.items() if isinstance(value, str)
                    }

    def get(self, name: Choice) -> str:
        """What was chosen last, or an empty text."""
        return self._chosen.get(name, "")

    def set(self, name: Choice, value: str) -> None:
        """Remember a choice, in memory only where the file cannot be written."""
        if self.get(name) == value:
            return
        self._chosen[name] = value
        if self._path is not None:
            with suppress(OSError):
                write_private(self._path, json.dumps(self._chosen) + "\n")

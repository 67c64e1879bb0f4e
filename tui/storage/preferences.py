"""Preferences of the screen that outlast it: the zoomed pane, the theme."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import Literal

from probes.state_directory import UnsafeDirectory
from profiles.files import FileError, FileKind
from tui.storage.files import read_private, write_private

Preference = Literal["pane", "alone", "theme"]

_KIND = FileKind("a file of preferences", 4096)


class Preferences:
    """Preferences by name, in a JSON file of mode 0600; an unusable file is ignored."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._values: dict[str, str] = {}
        self.trouble = ""
        """Sentence on a directory that is not used; empty for any other."""
        if path is not None:
            try:
                self._values = _texts(json.loads(read_private(path, _KIND)))
            except UnsafeDirectory as error:
                self.trouble = f"Nothing is kept on this machine: {error.strerror}."
            except (OSError, FileError, ValueError, RecursionError):
                # As if there was no file.
                pass

    def get(self, name: Preference) -> str:
        """The last choice, or an empty text."""
        return self._values.get(name, "")

    def set(self, name: Preference, value: str) -> None:
        """Remember a choice, in memory only where the file cannot be written."""
        if self.get(name) == value:
            return
        self._values[name] = value
        if self._path is not None:
            with suppress(OSError):
                write_private(self._path, json.dumps(self._values) + "\n")


def _texts(found: object) -> dict[str, str]:
    if not isinstance(found, dict):
        return {}
    return {name: value for name, value in found.items() if isinstance(value, str)}

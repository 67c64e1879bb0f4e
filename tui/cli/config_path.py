"""Where the configuration file is looked for."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def default_path() -> Path:
    """The usual place (XDG_CONFIG_HOME on Linux), whether or not there is a file."""
    return platformdirs.user_config_path("auditreach", appauthor=False) / "config.toml"


def is_there(path: Path) -> bool:
    """Whether there is a file; in a home that may not be looked into, as after `su`, is none."""
    try:
        return path.exists()
    except OSError:
        return False

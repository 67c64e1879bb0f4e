"""Path of the configuration file."""

from __future__ import annotations

from pathlib import Path

import platformdirs


def default_path() -> Path:
    """The usual path (XDG_CONFIG_HOME on Linux); the file need not exist."""
    return platformdirs.user_config_path("auditreach", appauthor=False) / "config.toml"


def is_there(path: Path) -> bool:
    """True if the file exists; False in a home directory that may not be read, as after `su`."""
    try:
        return path.exists()
    except OSError:
        return False

"""Somewhere of its own for a program under test, and a terminal that takes copies."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the program keeps its files, for this test alone; nothing is there yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state" / "auditreach"


@pytest.fixture
def clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that takes copies, without tmux or screen between."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("TMUX", "STY"):
        monkeypatch.delenv(name, raising=False)

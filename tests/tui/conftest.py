"""Somewhere of its own for a program under test, and a terminal that takes copies."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
import textual.app
import textual.pilot
from textual._context import active_app

from bench.settled import settled


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """State folder of this test alone; nothing is in it yet."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    return tmp_path / "state" / "auditreach"


@pytest.fixture
def clipboard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A terminal that takes copies, without tmux or screen between."""
    monkeypatch.setenv("TERM", "xterm-256color")
    for name in ("TMUX", "STY", "SSH_CONNECTION", "SSH_TTY", "VTE_VERSION"):
        monkeypatch.delenv(name, raising=False)


async def wait_for_idle(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until nothing is left to do, on a busy machine for longer than Textual would."""
    await asyncio.sleep(min_sleep)
    await settled(active_app.get(None), 20 * max_sleep)


@pytest.fixture(autouse=True)
def no_quiet_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and pauses of a test take as long as what they begin."""
    for place in (textual.app, textual.pilot):
        monkeypatch.setattr(place, "wait_for_idle", wait_for_idle)

"""Somewhere of its own for a program under test, and a terminal that takes copies."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
import textual.app
import textual.pilot
from textual._context import active_app


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


async def settled(min_sleep: float = 0, max_sleep: float = 1) -> None:
    """Wait until nothing is left to do: no callback is ready, no frame due, no key on its way.

    Textual's own waits until the processor has been quiet for 20 ms, twice for every key.
    """
    loop: Any = asyncio.get_running_loop()
    until = loop.time() + max_sleep
    await asyncio.sleep(min_sleep)
    while loop.time() < until:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        app: Any = active_app.get(None)
        if app is None or not app._running or not app._screen_stack:
            return
        due = app._resize_event or app.screen._update_timer._active.is_set()
        turns = getattr(app, "turns", None)
        if not due and (turns is None or turns.idle):
            return
        await asyncio.sleep(0.002)


@pytest.fixture(autouse=True)
def no_quiet_processor(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keys and pauses of a test take as long as what they begin."""
    for place in (textual.app, textual.pilot):
        monkeypatch.setattr(place, "wait_for_idle", settled)

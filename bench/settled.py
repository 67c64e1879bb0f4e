"""Wait until an application is idle."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.app import App


async def settled(app: App[Any] | None, longest: float) -> bool:
    """Wait until no callback is ready, no frame due, no key pending; True if that was reached.

    Textual's own waits until the processor has been quiet for 20 ms, twice for every key: longer
    than it takes, and on a busy machine, where a process is quiet while others run, not as long.
    """
    loop: Any = asyncio.get_running_loop()
    until = loop.time() + longest
    while loop.time() < until:
        await asyncio.sleep(0)
        if loop._ready:
            continue
        if app is None or not app._running or not app._screen_stack:
            return True
        due = app._resize_event or app.screen._update_timer._active.is_set()
        dispatcher = getattr(app, "dispatcher", None)
        if not due and (dispatcher is None or dispatcher.idle):
            return True
        await asyncio.sleep(0.002)
    return False

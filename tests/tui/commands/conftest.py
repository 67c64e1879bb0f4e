"""A session on the screen, driven by keys: an old one, or one measured on loopback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from tui.app import AuditReach
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.widgets.header import Header
from tui.widgets.table import ResultTable

SITE = Path(__file__).parents[2] / "sessions" / "site.jsonl"


@dataclass
class Seat:
    """Somebody in front of the screen: what they press and what they read."""

    pilot: Pilot[int]
    app: AuditReach

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, happened: Callable[[], object]) -> None:
        async with asyncio.timeout(120):
            while not happened():
                await self.pilot.pause(0.01)

    @property
    def top(self) -> str:
        """The name of the screen that is over the others."""
        return type(self.app.screen).__name__

    async def opens(self, key: str, screen: str) -> None:
        """The key puts this over the session's screen."""
        await self.press(key)
        await self.until(lambda: self.top == screen)

    async def focuses(self, key: str, widget: type[Widget]) -> None:
        await self.press(key)
        assert isinstance(self.app.focused, widget)

    @property
    def panes(self):
        return self.app.main.panes

    @property
    def table(self) -> ResultTable:
        return self.app.main.query_one(ResultTable)

    @property
    def seen(self) -> list[str]:
        """The keys of the visible rows, from top to bottom."""
        return [self.table.rows.key(line) for line in range(len(self.table.rows.view))]

    @property
    def notice(self) -> str:
        return str(self.app.main.query_one("#notice", Static).content)

    @property
    def head(self) -> str:
        return self.text(Header)

    def text(self, widget) -> str:
        """Text of a widget of lines."""
        found = self.app.screen.query_one(widget)
        return "\n".join(found.render_line(y).text for y in range(found.size.height))

    def static(self, name: str) -> str:
        return str(self.app.screen.query_one(name, Static).content)

    async def dialog(self) -> None:
        """Wait for something over the session's screen."""
        await self.until(lambda: len(self.app.screen_stack) == 2)
        await self.pilot.pause()

    async def closed(self) -> None:
        await self.until(lambda: len(self.app.screen_stack) == 1)
        await self.pilot.pause()


Keys = Callable[[Seat], Awaitable[None]]


@pytest.fixture(autouse=True)
def surroundings(state: Path, clipboard: None) -> None:
    """Every test here has files of its own and a terminal that takes copies."""


def seated(argv: tuple[str, ...], size: tuple[int, int], keys: Keys, *, ready) -> None:
    async def main() -> None:
        app = build(parse_options(argv))
        try:
            async with app.run_test(size=size) as pilot:
                seat = Seat(pilot, app)
                await pilot.pause()
                await ready(seat)
                await keys(seat)
        finally:
            if app.controller is not None:
                await asyncio.to_thread(app.controller.close)

    asyncio.run(main())


@pytest.fixture
def opened(tmp_path: Path):
    """Run keys over the old session of a site; the cursor stands in the table."""
    copy = tmp_path / "site.jsonl"
    copy.write_bytes(SITE.read_bytes())

    def run(*, size: tuple[int, int] = (80, 24), argv: tuple[str, ...] = (), path: Path = copy):
        async def ready(seat: Seat) -> None:
            await seat.press("escape")

        return lambda keys: seated(("open", str(path), *argv), size, keys, ready=ready)

    return run


@pytest.fixture
def measured():
    """Measure hosts on this machine, then run keys; the cursor stands in the table."""

    def run(*entries: str, size: tuple[int, int] = (80, 24)):
        async def ready(seat: Seat) -> None:
            rows = seat.table.rows
            await seat.until(lambda: len(rows) and not seat.app.main.measuring)
            await seat.until(lambda: seat.app.focused is seat.table)
            await seat.pilot.pause()

        return lambda keys: seated((*entries, "--run"), size, keys, ready=ready)

    return run

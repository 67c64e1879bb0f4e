"""Drives the whole screen with keys, and reads what it shows."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from textual.pilot import Pilot
from textual.widget import Widget
from textual.widgets import Static

from probes.model import Status
from tui.app import AuditReach
from tui.cli.config import with_config
from tui.cli.parser import parse_options
from tui.cli.screen import build
from tui.widgets.host_input import HostInput
from tui.widgets.table import ResultTable

Drive = Callable[[Pilot[int], AuditReach], Awaitable[None]]


async def until(pilot: Pilot[int], happened: Callable[[], object]) -> None:
    async with asyncio.timeout(120):
        while not happened():
            await pilot.pause(0.01)


def drive(*argv: str, size: tuple[int, int] = (80, 24)) -> Callable[[Drive], None]:
    """Run the program with these arguments while a coroutine presses keys."""

    def run(keys: Drive) -> None:
        async def main() -> None:
            app = build(with_config(parse_options(argv)))
            try:
                async with app.run_test(size=size) as pilot:
                    await pilot.pause()
                    await keys(pilot, app)
            finally:
                if app.controller is not None:
                    await asyncio.to_thread(app.controller.close)

        asyncio.run(main())

    return run


async def enter(pilot: Pilot[int], app: AuditReach, text: str) -> None:
    """Type hosts and wait for their results."""
    app.query_one(HostInput).focus().value = text
    await pilot.press("enter")
    await until(pilot, lambda: len(rows(app)) and not app.main.measuring)
    await pilot.pause()


def rows(app: AuditReach) -> dict[str, Status]:
    table = app.main.query_one(ResultTable).rows
    return {table.job(row).key: table.status(row) for row in range(len(table))}


def seen(app: AuditReach) -> list[str]:
    table = app.main.query_one(ResultTable)
    return [table.rows.key(line) for line in range(len(table.rows.view))]


def notice(app: AuditReach) -> str:
    return str(app.main.query_one("#notice", Static).content)


def text_of(widget: Widget) -> str:
    return "\n".join(widget.render_line(y).text for y in range(widget.size.height))

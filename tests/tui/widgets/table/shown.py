"""A table on a screen of its own, which remembers what it draws."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from textual.app import App, ComposeResult
from textual.geometry import Region
from textual.message import Message
from textual.pilot import Pilot

from probes.model import Job
from tests.tui.unmeasured import a_job
from tui.widgets.table import ResultTable


class Watched(ResultTable):
    """Remembers what was asked to be drawn and what was drawn."""

    def __init__(self, **options: Any) -> None:
        self.refreshed: list[tuple[Region, ...]] = []
        self.drawn: list[int] = []
        super().__init__(**options)

    def refresh(self, *regions: Region, **options: Any) -> "Watched":
        self.refreshed.append(regions)
        return super().refresh(*regions, **options)

    def render_line(self, y: int) -> Any:
        self.drawn.append(y)
        return super().render_line(y)


class TableApp(App[None]):
    def __init__(self, **options: Any) -> None:
        super().__init__()
        self.table = Watched(**options)
        self.heard: list[Message] = []

    def compose(self) -> ComposeResult:
        yield self.table

    def on_result_table_row_highlighted(self, message: ResultTable.RowHighlighted) -> None:
        self.heard.append(message)

    def on_result_table_row_selected(self, message: ResultTable.RowSelected) -> None:
        self.heard.append(message)

    def selected(self) -> list[str]:
        return [m.key for m in self.heard if isinstance(m, ResultTable.RowSelected)]

    def highlighted(self) -> list[str | None]:
        return [m.key for m in self.heard if isinstance(m, ResultTable.RowHighlighted)]


@asynccontextmanager
async def a_table(
    jobs: list[Job], size: tuple[int, int] = (80, 24), **options: Any
) -> AsyncIterator[tuple[Pilot[None], Watched]]:
    app = TableApp(**options)
    async with app.run_test(size=size) as pilot:
        if jobs:
            app.table.add(jobs)
        await pilot.pause()
        yield pilot, app.table


def app_of(pilot: Pilot[None]) -> TableApp:
    assert isinstance(pilot.app, TableApp)
    return pilot.app


def lines(table: ResultTable) -> list[str]:
    return [table.render_line(y).text for y in range(table.size.height)]


def rows_seen(table: ResultTable) -> list[str]:
    """The lines of rows, from top to bottom, without the headings."""
    first = 1 if "Host" in lines(table)[0] else 0
    return [line for line in lines(table)[first:] if line.strip() and not _is_heading(line)]


def headings_seen(table: ResultTable) -> list[str]:
    """The headings of statuses, without the rule that fills their lines."""
    return [line.rstrip(" ─-") for line in lines(table) if _is_heading(line)]


def hosts_seen(table: ResultTable) -> list[str]:
    """The hosts of the rows: a host stands behind the sign."""
    return [line.split()[1] for line in rows_seen(table)]


def _is_heading(line: str) -> bool:
    return line.rstrip().endswith(("──", "--"))


def many(count: int) -> list[Job]:
    return [a_job(f"host{number}") for number in range(count)]

"""Scale on the screen: what one can do with 20,000 rows, and the longest pause of each.

    python -m bench.operations [--rows 20000]

The whole application (`bench.whole`) in a pty of 80x24, every row measured. "Shown" is the time
from a key to the write of the frame with what it asked for; "pause" is the longest time the loop
answered nothing until then, and for a second after; CPU is that of the screen's thread. Memory is
that of Python's objects (tracemalloc) and of the process, in a run of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import NamedTuple

from textual.widgets import Input, OptionList

from bench import command
from bench.whole import DrivenApp, child, moved, report, run, typed
from probes.model import Status
from tui.app import AuditReach
from tui.models.columns import COLUMNS
from tui.screens.diagnosis import DiagnosisDialog
from tui.screens.verdicts import VerdictScreen
from tui.widgets.table import ResultTable

SORTED = [column.id for column in COLUMNS if column.sort is not None]
REMOVED = 500
"""Hosts that are taken out at once."""
GOAL = 100.0
"""Milliseconds of the longest pause."""


class Durations(NamedTuple):
    """Rounds, and seconds of each pause."""

    rounds: int = 3
    filled: float = 4.0
    between: float = 0.5
    weighed: float = 10.0


async def operate(driven: DrivenApp, pace: Durations) -> None:
    """Do everything once, a few times, and report the middle of each."""
    driven.source.everything()
    await asyncio.sleep(pace.filled)
    app, panes = driven.app, driven.app.main.panes
    table, line = panes.table, app.main.query_one("#filter", Input)
    seen: dict[str, list[tuple[float, float, float]]] = {}

    async def do(name: str, key: str, holds: Callable[[], object]) -> None:
        driven.lags.clear()
        shown, cpu = await driven.press(key, holds)
        await asyncio.sleep(pace.between)
        seen.setdefault(name, []).append((shown, max(driven.lags), cpu))

    every, last = len(table.rows), len(table.rows.view) - 1
    # The last host, so that its last digit leaves other rows than the one before it: the same
    # rows would not be drawn again, and no frame would show that the filter was applied.
    word = panes.targets[-1].host
    table.sort(None)
    for _ in range(pace.rounds):
        await do("to the last row", "end", lambda: table.cursor_line == last)
        await do("page up", "pageup", moved(table))
        await do("to the first row", "home", lambda: table.cursor_line == 0)
        for column in SORTED:
            await do(f"sort by {column}", "o", ordered(table, column))
        await do("the other way round", "O", lambda: table.rows.order == (SORTED[-1], True))
        await do("as added", "o", lambda: table.rows.order is None)
        await do("failures only", "f", lambda: table.rows.filter.failures)
        await do("everything again", "f", lambda: not table.rows.filter.failures)
        await do("to the filter", "slash", lambda: app.focused is line)
        for at in range(1, len(word)):
            await do("a letter of a filter", word[at - 1], typed(line, word[:at]))
        await do("the rows of a word", word[-1], lambda: table.rows.filter.text == word)
        await do("out of the filter", "escape", lambda: table.has_focus)
        await do("to the tree", "t", lambda: panes.tree.has_focus)
        for _ in range(4):
            await do("down the tree", "down", moved(panes.tree))
        panes.show_all()
        table.focus()
        await asyncio.sleep(pace.between)
        await do("verdicts", "v", lambda: isinstance(app.screen, VerdictScreen))
        await do("back from them", "escape", lambda: app.screen is app.main)
        await do("diagnosis", "d", lambda: isinstance(app.screen, DiagnosisDialog) and listed(app))
        await do("back from it", "escape", lambda: app.screen is app.main)
        gone = frozenset(panes.targets[::5][:REMOVED])
        panes.mark([job.key for job in driven.source.jobs if job.target in gone], on=True)
        await asyncio.sleep(pace.between)
        await do(f"remove {REMOVED} hosts", "delete", lambda: len(table.rows) < every)
        await do("bring them back", "u", lambda: len(table.rows) == every)
    out = []
    for name, several in seen.items():
        shown, _, cpu = (sorted(column)[len(several) // 2] for column in zip(*several, strict=True))
        out.append(f"{name}|{shown}|{max(pause for _, pause, _ in several)}|{cpu}")
    report(out)


def ordered(table: ResultTable, column: str) -> Callable[[], bool]:
    """A condition that holds when a table is sorted by a column."""
    return lambda: table.rows.order == (column, False)


def listed(app: AuditReach) -> bool:
    """True if the list of findings is shown."""
    return bool(app.screen.query(OptionList))


def weigh(rows: int, pace: Durations) -> None:
    async def work(driven: DrivenApp) -> None:
        await asyncio.sleep(1)
        panes = driven.app.main.panes
        panes.clear()
        gc.collect()
        resident = rss()
        tracemalloc.start()
        panes.add(driven.source.jobs)
        driven.source.everything()
        await asyncio.sleep(pace.weighed)
        assert not panes.table.rows.counts[Status.QUEUED]
        gc.collect()
        traced = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        report([f"{traced / rows} {(rss() - resident) * 1024 / rows}"])

    run(rows, work)


def rss() -> int:
    """KiB of this process."""
    status = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:"))


def main() -> None:
    parser = command.parser("bench.operations")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--child", choices=("operate", "weigh"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    pace = Durations(1, 1.0, 0.05, 1.0) if options.smoke else Durations()
    if options.smoke:
        options.rows = 200
    if options.child == "operate":
        run(options.rows, partial(operate, pace=pace))
        return
    if options.child:
        weigh(options.rows, pace)
        return
    extra = ["--rows", str(options.rows), *["--smoke"] * options.smoke]
    print(f"80x24, {options.rows} rows; middle of {pace.rounds}, worst pause\n")
    print(f"{'what':<24} {'shown ms':>8} {'pause ms':>9} {'CPU ms':>7}")
    over = []
    with child("bench.operations", "--child", "operate", *extra) as lines:
        for line in lines:
            name, *numbers = line.split("|")
            shown, pause, cpu = map(float, numbers)
            print(f"{name:<24} {shown:>8.0f} {pause:>9.0f} {cpu:>7.0f}")
            if pause > GOAL:
                over.append(name)
    print(
        f"\ngoal (no pause over {GOAL:g} ms): {'MISSED by ' + ', '.join(over) if over else 'kept'}"
    )
    with child("bench.operations", "--child", "weigh", *extra) as (line,):
        traced, resident = map(float, line.split())
    print(f"memory: {traced:.0f} bytes of objects a row, results included; process {resident:.0f}")


if __name__ == "__main__":
    main()

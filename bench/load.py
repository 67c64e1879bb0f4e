"""Goals 6 and 7 on the whole screen: keys under load, the loop's lag, frames and bytes.

    python -m bench.load [--rows 20000] [--rate 1000] [--seconds 20]

The whole application (`bench.whole`) in a pty of 80x24 while results arrive at random rows. "Key"
is the time from a key to the write of the frame that shows what it did, on the clock and as CPU
time of the screen's thread; "lag" is how late a 2 ms sleep wakes up. Frames and bytes are counted
in seconds without a key. In the second table only twelve rows get all the results, so every line
of the table changes all the time.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
from collections.abc import Callable, Sequence
from statistics import median, quantiles
from typing import NamedTuple

from textual.widgets import Input

from bench import command
from bench.whole import DrivenApp, child, moved, report, run, typed
from tui.screens.main_panes import Panes
from tui.screens.verdicts import VerdictScreen


async def keys(driven: DrivenApp, seconds: float) -> dict[str, list[tuple[float, float]]]:
    """Press the same keys again and again; milliseconds and CPU milliseconds of each."""
    app, took = driven.app, dict[str, list[tuple[float, float]]]()
    panes, chance = app.main.panes, random.Random(1)
    table, line = panes.table, app.main.query_one("#filter", Input)
    until = time.perf_counter() + seconds

    async def press(name: str, key: str, holds: Callable[[], object]) -> None:
        took.setdefault(name, []).append(await driven.press(key, holds))
        await asyncio.sleep(0.05 + chance.random() * 0.1)

    while time.perf_counter() < until:
        for name in ("down", "down", "pagedown"):
            await press(name, name, moved(table))
        await press("f", "f", switched(panes))
        await press("/", "slash", lambda: app.focused is line)
        for text in ("1", "10"):
            await press("typing", text[-1], typed(line, text))
        await press("Escape", "escape", lambda: table.rows.filter.text == "" and table.has_focus)
        await press("v", "v", lambda: isinstance(app.screen, VerdictScreen))
        await press("back", "escape", lambda: app.screen is app.main)
        if table.cursor_line > len(table.rows.view) * 0.9:
            await press("Home", "home", lambda: table.cursor_line == 0)
    return took


def switched(panes: Panes) -> Callable[[], bool]:
    """A condition that holds when failures only, or everything again, is shown."""
    failures = panes.failures
    return lambda: panes.failures != failures


class Durations(NamedTuple):
    """Seconds of each part."""

    filled: float = 3.0
    begun: float = 1.0
    still: float = 5.0
    changing: float = 10.0


SHORT = Durations(0.5, 0.2, 0.5, 0.5)


def measure(rows: int, rate: int, seconds: float, pace: Durations) -> None:
    async def work(driven: DrivenApp) -> None:
        driven.source.everything()
        await asyncio.sleep(pace.filled)
        driven.source.begin(rate, driven.source.jobs)
        await asyncio.sleep(pace.begun)
        driven.lags.clear()
        frames, sent, began = driven.frames, driven.sent, time.perf_counter()
        await asyncio.sleep(pace.still)
        wall = time.perf_counter() - began
        still = f"{(driven.frames - frames) / wall:.1f} {(driven.sent - sent) / wall / 1024:.2f}"
        quiet = sorted(driven.lags)
        driven.lags.clear()
        cpu, began = time.process_time(), time.perf_counter()
        took = await keys(driven, seconds)
        cpu = (time.process_time() - cpu) / (time.perf_counter() - began) * 100
        lags = driven.lags
        took["all"] = [one for several in took.values() for one in several]
        out = []
        for name, several in took.items():
            ms, cpus = [one for one, _ in several], [one for _, one in several]
            out.append(
                f"{name} {len(ms)} {median(ms)} {p99(ms)} {max(ms)} {median(cpus)} {p99(cpus)}"
            )
        report([*out, f"{p99(quiet)} {max(quiet)} {p99(lags)} {max(lags)} {cpu} {still}"])

    run(rows, work)


def change(rate: int, slow: bool, pace: Durations) -> None:
    async def work(driven: DrivenApp) -> None:
        driven.source.everything()
        await asyncio.sleep(pace.filled)
        driven.source.begin(rate, driven.source.jobs[:12])
        await asyncio.sleep(pace.begun)
        frames, sent, began = driven.frames, driven.sent, time.perf_counter()
        await asyncio.sleep(pace.changing)
        wall = time.perf_counter() - began
        report([f"{(driven.frames - frames) / wall} {(driven.sent - sent) / wall / 1024}"])

    run(1000, work, slow=slow)


def p99(values: list[float]) -> float:
    return quantiles(values, n=100)[98] if len(values) > 1 else values[0]


def main() -> None:
    parser = command.parser("bench.load")
    parser.add_argument("--rows", type=int, default=20000)
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--child", choices=("keys", "change", "slow"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    pace, rates = (SHORT, (1000,)) if options.smoke else (Durations(), (10, 100, 1000))
    if options.smoke:
        options.rows, options.seconds = 200, 0.5
    if options.child == "keys":
        measure(options.rows, options.rate, options.seconds, pace)
    elif options.child:
        change(options.rate, options.child == "slow", pace)
    else:
        under_load(options)
        all_changing(rates, ("--smoke",) if options.smoke else ())


def under_load(options: argparse.Namespace) -> None:
    """Print the table of the keys, and whether the goals are kept."""
    print(f"80x24, {options.rows} rows, {options.rate} results a second\n")
    extra = [f"--{name}={getattr(options, name)}" for name in ("rows", "rate", "seconds")]
    extra += ["--smoke"] * options.smoke
    print(f"{'key':<10} {'times':>5} {'median ms':>10} {'p99':>7} {'worst':>7}  CPU ms     p99")
    with child("bench.load", "--child", "keys", *extra) as (*rows, last):
        for row in rows:
            name, times, *ms = row.split()
            middle, last_but, worst, cpus, most = map(float, ms)
            print(
                f"{name:<10} {times:>5} {middle:>10.1f} {last_but:>7.1f} {worst:>7.1f}"
                f" {cpus:>7.1f} {most:>7.1f}"
            )
        quiet, quiet_worst, lag, lag_worst, cpu, frames, sent = map(float, last.split())
    print(
        f"\nlag p99 {quiet:.1f} ms (worst {quiet_worst:.1f}), with keys {lag:.1f} ({lag_worst:.1f})"
    )
    print(f"CPU {cpu:.0f}%, {frames:.1f} frames a second, {sent:.2f} KiB a second without a key")
    kept = "kept" if last_but < 50 and quiet < 20 else "MISSED"
    print(f"goal: keys {middle:.0f} ms, p99 {last_but:.0f} (50), lag p99 {quiet:.0f} (20): {kept}")
    kept = "kept" if most < 50 else "MISSED"
    print(f"by CPU: keys {cpus:.0f} ms, p99 {most:.0f} (50): {kept}")


def all_changing(rates: Sequence[int], extra: Sequence[str]) -> None:
    """Print the table of frames and bytes."""
    print(f"\n{'every line changing':<24} frames/s   KiB/s")
    for per_second in rates:
        for name, kind in (("", "change"), (", --slow-link", "slow")):
            with child("bench.load", "--child", kind, f"--rate={per_second}", *extra) as (row,):
                frames, sent = map(float, row.split())
            title = f"{per_second}/s{name}"
            kept = "kept" if sent < 16 else "MISSED"
            print(f"{title:<24} {frames:>8.1f} {sent:>7.2f}  {kept}")


if __name__ == "__main__":
    main()

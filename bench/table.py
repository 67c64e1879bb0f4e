"""Goal 6: the table under load against Textual's DataTable, in the same run.

    python -m bench.table [--seconds 5] [--rows 1000 20000] [--rate 1000]

Rows are updated at random, batched five times a second as the application does, while keys are
pressed. Nothing is sent to a terminal, but every byte for one is made and counted. "Key" is the
time from posting a key to the write of the frame that shows the moved cursor. "Lag" is how late a
5 ms sleep wakes up. CPU includes making the updates. Each widget runs in a process of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import subprocess
import sys
import time
import tracemalloc
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from statistics import median, quantiles

from textual import events
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.widgets import DataTable

from bench import command
from probes.model import Job, Observation, Reason, Result, State, Status, Target
from profiles.model import Check
from tui.models.columns import COLUMNS
from tui.models.filter import Filter
from tui.models.rows import Rows
from tui.widgets.table import ResultTable

SIZE = (120, 40)
BATCHES = 5
CHECKS = tuple(
    Check(f"windows.{title.lower()}", "windows", "windows.target", title, "tcp", "tcp",
          "", "", "", port=port)
    for title, port in (("WinRM", 5985), ("Kerberos", 88), ("LDAP", 389), ("SMB", 445))
)  # fmt: skip


@dataclass
class Figures:
    widget: str
    rows: int
    add_ms: float
    bytes_row: float
    key_median: float
    key_max: float
    lag_p99: float
    cpu: float
    kib_s: float


class Counting(HeadlessDriver):
    """A terminal that is not there: counts what it is sent."""

    sent = 0
    on_write: Callable[[], None] | None = None

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.sent += len(data)
        if self.on_write is not None:
            self.on_write()


class Peer(DataTable[str]):
    """DataTable, filled and updated the way its documentation says, without resizing columns."""

    def fill(self, jobs: list[Job]) -> None:
        self.cursor_type = "row"
        for name, width in (("Status", 14), ("Host", 24), ("Check", 15), ("ms", 9), ("Note", 46)):
            self.add_column(name, key=name, width=width)
        for job in jobs:
            texts = ("queued", job.target.host, f"{job.check.title} {job.check.port_text}", "", "")
            self.add_row(*texts, key=job.key)

    def take(self, results: list[Result]) -> None:
        for result in results:
            key = result.job.key
            self.update_cell(key, "Status", result.status.value)
            self.update_cell(key, "ms", f"{result.observation.latency_ms:.2f}")
            self.update_cell(key, "Note", result.note)

    def line(self) -> int:
        return self.cursor_row


class Ours(ResultTable):
    def fill(self, jobs: list[Job]) -> None:
        self.add(jobs)

    def take(self, results: list[Result]) -> None:
        self.apply(results)

    def line(self) -> int:
        return self._cursor


class Bench(App[None]):
    def __init__(self, table: Peer | Ours) -> None:
        super().__init__(driver_class=Counting)
        self.table = table

    def compose(self) -> ComposeResult:
        yield self.table


def make_jobs(count: int) -> list[Job]:
    return [
        Job(f"{check.id}|{host}", check, Target("windows.target", host), check.port)
        for number in range(count)
        for check in (CHECKS[number % 4],)
        for host in (f"10.{number >> 18}.{number >> 10 & 255}.{number >> 2 & 255}",)
    ]


def make_result(job: Job, chance: random.Random) -> Result:
    status = chance.choice((Status.OK, Status.OK, Status.OK, Status.BLOCKED, Status.DEGRADED))
    ms = chance.random() * 50
    note = f"answered in {ms:.3f} ms; open {job.check.port_text} towards {job.target.host}"
    seen = Observation(
        State.OPEN, Reason.SYN_ACK, address=job.target.host, latency_ms=ms, started="now"
    )
    return Result(job, status, note, seen)


class Load:
    """Updates and key presses on a shown table, and the lag of its loop meanwhile."""

    def __init__(
        self, app: Bench, driver: Counting, jobs: list[Job], chance: random.Random
    ) -> None:
        self.lags: list[float] = []
        self.keys: list[float] = []
        self._app = app
        self._table = app.table
        self._driver = driver
        self._jobs = jobs
        self._chance = chance
        self._stop = asyncio.Event()

    async def run(self, rate: int, seconds: float) -> None:
        work = (self._watch_lag(), self._update(rate), self._press())
        tasks = [asyncio.create_task(one) for one in work]
        await asyncio.sleep(seconds)
        self._stop.set()
        await asyncio.gather(*tasks)

    async def _watch_lag(self) -> None:
        while not self._stop.is_set():
            before = time.perf_counter()
            await asyncio.sleep(0.005)
            self.lags.append((time.perf_counter() - before - 0.005) * 1000)

    async def _update(self, rate: int) -> None:
        due = time.perf_counter()
        while not self._stop.is_set():
            batch = self._chance.choices(self._jobs, k=rate // BATCHES)
            self._table.take([make_result(job, self._chance) for job in batch])
            due += 1 / BATCHES
            await asyncio.sleep(max(0.0, due - time.perf_counter()))

    async def _press(self) -> None:
        painted = asyncio.Event()
        before = self._table.line()

        def look() -> None:
            if self._table.line() != before:
                painted.set()

        self._driver.on_write = look
        presses = 0
        while not self._stop.is_set():
            presses += 1
            before = self._table.line()
            painted.clear()
            began = time.perf_counter()
            names = ("down", "down", "pagedown", "down", "pagedown", "up")
            self._app.post_message(events.Key(names[presses % len(names)], None))
            await asyncio.wait_for(painted.wait(), 30)
            self.keys.append((time.perf_counter() - began) * 1000)
            if self._table.line() > len(self._jobs) * 0.9:
                self._app.post_message(events.Key("home", None))
            await asyncio.sleep(0.03 + self._chance.random() * 0.1)
        self._driver.on_write = None


async def measure(widget: str, rows: int, rate: int, seconds: float) -> Figures:
    chance = random.Random(rows)
    jobs = make_jobs(rows)
    table = Peer() if widget == "DataTable" else Ours()
    app = Bench(table)
    async with app.run_test(headless=False, size=SIZE) as pilot:
        began = time.perf_counter()
        table.fill(jobs)
        await pilot.pause()
        add_ms = (time.perf_counter() - began) * 1000
        table.focus()
        table.take([make_result(job, chance) for job in jobs])
        await pilot.pause()
        driver = app._driver
        assert isinstance(driver, Counting)
        load = Load(app, driver, jobs, chance)
        sent, cpu, wall = driver.sent, time.process_time(), time.perf_counter()
        await load.run(rate, seconds)
        wall = time.perf_counter() - wall
        cpu = (time.process_time() - cpu) / wall * 100
        kib_s = (driver.sent - sent) / 1024 / wall
    keys, p99 = load.keys, quantiles(load.lags, n=100)[98]
    return Figures(widget, rows, add_ms, 0.0, median(keys), max(keys), p99, cpu, kib_s)


async def weigh(widget: str, rows: int) -> float:
    """Bytes a row the widget holds beyond the jobs and results, which the engine owns."""
    chance = random.Random(rows)
    jobs = make_jobs(rows)
    results = [make_result(job, chance) for job in jobs]
    table = Peer() if widget == "DataTable" else Ours()
    async with Bench(table).run_test(headless=False, size=SIZE) as pilot:
        tracemalloc.start()
        table.fill(jobs)
        table.take(results)
        await pilot.pause()
        if isinstance(table, Ours):
            table.sort("host")
            table.sort(None)
            await pilot.pause()
        held = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
    return held / rows


def weigh_engine(rows: int) -> float:
    """Bytes a row of the jobs and results themselves."""
    chance = random.Random(rows)
    tracemalloc.start()
    jobs = make_jobs(rows)
    results = [make_result(job, chance) for job in jobs]
    held = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return held / len(results)


def time_model(rows: int) -> list[tuple[str, float]]:
    """Milliseconds of the model's operations, the median of five; the first host sort alone."""
    chance = random.Random(rows)
    jobs = make_jobs(rows)
    model = Rows(jobs)
    model.apply([make_result(job, chance) for job in jobs])
    figures: list[tuple[str, float]] = []

    def timed(name: str, work: Callable[[], None], times: int = 5) -> None:
        took = []
        for _ in range(times):
            began = time.perf_counter()
            work()
            took.append((time.perf_counter() - began) * 1000)
        figures.append((name, median(took)))

    columns = [column.id for column in COLUMNS if column.sort is not None]
    timed("sort by host, the first time", lambda: model.sort("host"), 1)
    for column in columns:
        timed(f"sort by {column}", partial(model.sort, column))
    model.sort(None)
    timed("filter failures", lambda: model.show(Filter(failures=True)))
    timed("filter check", lambda: model.show(Filter(check="windows.ldap")))
    timed("filter two words", lambda: model.show(Filter(text="answered 10.0.7")))
    return figures


def child(*arguments: str) -> Figures:
    command = [sys.executable, "-m", "bench.table", "--child", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    return Figures(**json.loads(done.stdout.splitlines()[-1]))


def main() -> None:
    parser = command.parser("bench.table")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--rows", type=int, nargs="+", default=[1000, 20000])
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--child", nargs=2, metavar=("WIDGET", "ROWS"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        widget, rows = options.child[0], int(options.child[1])
        figures = asyncio.run(measure(widget, rows, options.rate, options.seconds))
        figures.bytes_row = asyncio.run(weigh(widget, rows))
        print(json.dumps(asdict(figures)))
        return

    if options.smoke:
        options.rows, options.seconds = [100], 0.5
    print(f"headless driver that counts bytes, {SIZE[0]}x{SIZE[1]}, {options.rate} updates/s,")
    print(
        f"{BATCHES} batches/s, {options.seconds:g} s each; bytes a row without jobs and results\n"
    )
    print("   rows  widget       add ms  bytes/row  key ms median (max)  lag p99 ms  CPU %  KiB/s")
    goal: Figures | None = None
    for rows in options.rows:
        for widget in ("DataTable", "ResultTable"):
            extra = ("--rate", str(options.rate), "--seconds", str(options.seconds))
            figures = child(widget, str(rows), *extra)
            goal = figures
            print(
                f"{rows:7}  {widget:11}  {figures.add_ms:6.0f}  {figures.bytes_row:9.0f}"
                f"  {figures.key_median:8.1f} ({figures.key_max:6.1f})   "
                f"  {figures.lag_p99:10.1f}  {figures.cpu:5.0f}  {figures.kib_s:5.1f}",
                flush=True,
            )
    assert goal is not None
    kept = goal.key_median < 50 and goal.lag_p99 < 20 and goal.bytes_row <= 500
    verdict = "kept" if kept else "MISSED"
    print(f"\ngoal 6 (key < 50 ms, lag p99 < 20 ms, <= 500 bytes a row): {verdict}")
    print(f"jobs and results, owned by the engine: {weigh_engine(goal.rows):.0f} bytes a row more")
    print(f"\nthe model with {goal.rows} rows, ms:")
    for name, ms in time_model(goal.rows):
        print(f"  {name:30} {ms:6.1f}")


if __name__ == "__main__":
    main()

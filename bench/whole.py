"""The whole application in a pty, with results made at a rate of one's own, not by the engine.

What the engine does per result beside sockets is done too: events, verdicts and the session log, in
a thread of their own. The application, Textual's driver, its writer thread and frames are the real
ones.
"""

from __future__ import annotations

import asyncio
import os
import queue
import random
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from textual import events
from textual.widgets import Input

from bench.terminal import Terminal, python
from probes.engine.plan import plan
from probes.engine.verdict_tracker import VerdictTracker
from probes.model import (
    Event,
    Job,
    Observation,
    Reason,
    Removed,
    Restored,
    Result,
    Service,
    Started,
    State,
    Status,
    Target,
    VantageInfo,
)
from probes.session import SessionLog, new_header
from probes.settings import Settings
from tui.app import AuditReach
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.controller import Controller
from tui.engine_session import EngineSession
from tui.widgets.table import ResultTable
from tui.widgets.tree import ProfileTree

STEP = 0.01
"""Seconds between two batches of results."""


class Source(Controller):
    """Stands for the engine: rows of Windows computers, their results, and their verdicts."""

    def __init__(self, rows: int, folder: str) -> None:
        profile = load(Options("screen"))
        super().__init__(profile, dict(profile.default_answers), Settings())
        targets = [Target("windows.target", host) for host in hosts(rows // 7 + 1)]
        self.jobs = plan(profile, targets)[:rows]
        self.results: dict[str, Result] = {}
        self._queue: queue.SimpleQueue[Sequence[Event]] = queue.SimpleQueue()
        self._chance = random.Random(rows)
        by_key = {job.key: job for job in self.jobs}
        self._docket = VerdictTracker(profile, self.answers, by_key, self.results)
        self._done = threading.Event()
        self._thread: threading.Thread | None = None
        path = Path(folder, "session.jsonl")
        self._written = SessionLog.create(path)
        self._written.write_header(
            new_header(profile, VantageInfo("local", "here"), Settings(), {}, targets)
        )
        self._path = str(path)

    @property
    def has_session(self) -> bool:
        return True

    @property
    def log_path(self) -> str:
        return self._path

    async def start(self) -> str:
        return "bench (127.0.0.1)"

    def drain(self) -> list[Event]:
        found: list[Event] = []
        while not self._queue.empty():
            found += self._queue.get()
        return found

    def everything(self) -> None:
        """A result for every row, at once."""
        self._measured(self.jobs)

    def remove(self, targets: Sequence[Target]) -> None:
        self._queue.put((Removed(tuple(targets)),))

    def restore(self, targets: Sequence[Target]) -> None:
        self._queue.put((Restored(tuple(targets)),))

    def begin(self, rate: int, jobs: Sequence[Job]) -> None:
        """Make results of these rows at random, so many a second, until `end`."""

        def work() -> None:
            due = time.perf_counter()
            while not self._done.is_set():
                batch = self._chance.choices(jobs, k=max(1, int(rate * STEP)))
                self._queue.put((Started(tuple(job.key for job in batch)),))
                due += len(batch) / rate
                time.sleep(max(0.0, due - time.perf_counter()))
                self._measured(batch)

        self._done.clear()
        self._thread = threading.Thread(target=work)
        self._thread.start()

    def end(self) -> None:
        """Make no more results."""
        self._done.set()
        if self._thread is not None:
            self._thread.join()

    def close(self) -> None:
        self.end()
        self._written.close()

    def _make_engine(self) -> EngineSession:
        raise AssertionError("a bench of the screen asks nobody")

    def _measured(self, jobs: Sequence[Job]) -> None:
        found = [self._result(job) for job in dict.fromkeys(jobs)]
        self._written.write_results(found)
        told: list[Event] = list(found)
        for one in found:
            self._docket.row_opened(one.job)
        for one in found:
            self.results[one.job.key] = one
            told += self._docket.row_closed(one.job)
        self._queue.put(told)

    def _result(self, job: Job) -> Result:
        status = self._chance.choice((Status.OK, Status.OK, Status.OK, Status.BLOCKED))
        ms = self._chance.random() * 50
        if status is Status.OK:
            state, reason, service = State.OPEN, Reason.SYN_ACK, Service.CONFIRMED
            note = f"Answered in {ms:.3f} ms."
        else:
            state, reason, service = State.FILTERED, Reason.NO_RESPONSE, Service.NOT_ASKED
            note = f"Nobody answers on {job.check.port_text}: a firewall may drop it."
        seen = Observation(
            state,
            reason,
            service,
            address=job.target.host,
            latency_ms=ms if status is Status.OK else None,
            started="2026-11-25T18:00:00.000+00:00",
        )
        return Result(job, status, note, seen)


def hosts(count: int) -> list[str]:
    """Addresses that nobody is asked at."""
    return [f"10.{at >> 16}.{at >> 8 & 255}.{at & 255}" for at in range(1, count + 1)]


def moved(pane: ResultTable | ProfileTree) -> Callable[[], bool]:
    """A condition that holds when the cursor of a pane is elsewhere than now."""
    line = pane._cursor
    return lambda: pane._cursor != line


def typed(line: Input, text: str) -> Callable[[], bool]:
    """A condition that holds when a line has this text."""
    return lambda: line.value == text


class DrivenApp:
    """Presses keys in the running application and waits until their frame has been written."""

    def __init__(self, app: AuditReach, source: Source) -> None:
        self.app = app
        self.source = source
        self.sent = 0
        self.frames = 0
        self.lags: list[float] = []
        """Milliseconds by which the loop was late, one for each 2 ms of sleep."""
        self._painted = asyncio.Event()
        self._holds: Callable[[], object] = lambda: False
        write = app.output.write

        def counted(text: str) -> None:
            write(text)
            self.sent += len(text.encode())
            self.frames += bool(text)
            if text and self._holds():
                self._painted.set()

        app.output.write = counted  # type: ignore[method-assign]

    async def press(self, key: str, holds: Callable[[], object]) -> tuple[float, float]:
        """Milliseconds from a key to the first frame written while something holds.

        On the clock, and of the loop's own CPU time, which other work on the machine cannot bend.
        """
        self._holds = holds
        self._painted.clear()
        began, cpu = time.perf_counter(), time.thread_time()
        character = "/" if key == "slash" else key if len(key) == 1 else None
        self.app.post_message(events.Key(key, character))
        await asyncio.wait_for(self._painted.wait(), 60)
        self._holds = lambda: False
        return (time.perf_counter() - began) * 1000, (time.thread_time() - cpu) * 1000

    async def watch(self) -> None:
        """Note how late the loop is, until cancelled."""
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0.002)
            self.lags.append((time.perf_counter() - before - 0.002) * 1000)


def run(rows: int, work: Callable[[DrivenApp], Awaitable[None]], *, slow: bool = False) -> None:
    """The application over so many rows, with a coroutine that works in it, on this terminal."""

    async def main() -> None:
        with tempfile.TemporaryDirectory() as folder:
            source = Source(rows, folder)
            app = AuditReach(source.profile, source, slow=slow)
            shown = asyncio.create_task(app.run_async())
            await app.main.engine_started.wait()
            app.main.panes.add(source.jobs)
            app.main.measuring = True
            app.main.panes.table.focus()
            driven = DrivenApp(app, source)
            watch = asyncio.create_task(driven.watch())
            try:
                await work(driven)
            finally:
                watch.cancel()
                source.close()
                app.exit(0)
                await shown

    asyncio.run(main())


@contextmanager
def child(module: str, *arguments: str, columns: int = 80, lines: int = 24) -> Iterator[list[str]]:
    """The lines another run of a bench writes to its report, from a pty of its own."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder, "report")
        os.environ["BENCH_REPORT"] = str(report)
        terminal = Terminal(python("-m", module, *arguments), columns, lines)
        while True:
            try:
                data = os.read(terminal.descriptor, 65536)
            except OSError:
                break
            terminal.output = (terminal.output + data)[-4000:]
        os.waitpid(terminal.pid, 0)
        os.close(terminal.descriptor)
        if not report.exists():
            sys.exit(f"{module} failed:\n{terminal.output.decode(errors='replace')}")
        yield report.read_text(encoding="utf-8").splitlines()


def report(lines: Sequence[str]) -> None:
    """Write what the parent prints."""
    Path(os.environ["BENCH_REPORT"]).write_text("\n".join(lines), encoding="utf-8")

"""The engine in its own thread: a stalled screen can neither bend nor delay a measurement."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future
from typing import Any, Protocol, TypeVar

from probes.engine.model import Event, Finished, Job, Message, Result, Settings, VantageInfo
from probes.engine.run import Loads, Report, Run
from probes.engine.vantage import Vantage
from profiles.model import Profile

T = TypeVar("T")


class Log(Protocol):
    """Where results are kept before anybody sees them."""

    def results(self, batch: Sequence[Result]) -> None:
        """Append results; raises OSError when they cannot be kept."""

    def end(self, complete: bool) -> None:
        """Append the end of a run; raises OSError when it cannot be kept."""


class Engine:
    """Runs jobs in a thread with an event loop of its own.

    Methods may be called from any thread. `report` is called in the engine's thread, after the
    log has been written, and must return quickly.
    """

    def __init__(
        self,
        vantage: Callable[[], Vantage],
        probes: Mapping[str, Loads],
        report: Report,
    ) -> None:
        self._make_vantage = vantage
        self._probes = probes
        self._report = report
        self._log: Log | None = None
        self._log_works = True
        self._run: Run | None = None
        self._vantage: Vantage | None = None
        self._loop = asyncio.SelectorEventLoop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._main, name="engine", daemon=True)
        self._thread.start()

    def begin(
        self, profile: Profile, answers: Mapping[str, str], settings: Settings, log: Log | None
    ) -> None:
        """Start a new, empty session; a run still going on is stopped first."""
        self._do(lambda: self._begin(profile, answers, settings, log))

    def add(self, jobs: Iterable[Job]) -> None:
        """Measure new rows."""
        fixed = tuple(jobs)
        self._with_run(lambda run: run.add(fixed))

    def rerun(self, keys: Iterable[str], *, forced: bool = False) -> None:
        """Measure rows again; see Run.rerun."""
        fixed = tuple(keys)
        self._with_run(lambda run: run.rerun(fixed, forced=forced))

    def stop(self) -> None:
        """End what is queued and in flight; results so far stay."""
        self._with_run(Run.stop)

    def info(self, timeout: float | None = None) -> VantageInfo:
        """Where this engine measures from; waits for the thread to be up."""
        self._ready.wait(timeout)
        assert self._vantage is not None
        return self._vantage.info

    def ask(self, work: Callable[[Vantage], Coroutine[Any, Any, T]]) -> Future[T]:
        """Run a coroutine with the vantage on the engine's loop."""
        self._ready.wait()
        assert self._vantage is not None
        return asyncio.run_coroutine_threadsafe(work(self._vantage), self._loop)

    def close(self, timeout: float = 2.0) -> None:
        """Stop, write the end of the log and end the thread, within `timeout` seconds."""
        if self._thread.is_alive():
            self._do(self._close)
            self._thread.join(timeout)

    def _do(self, action: Callable[[], object]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

    def _with_run(self, action: Callable[[Run], None]) -> None:
        self._do(lambda: action(self._run) if self._run is not None else None)

    def _main(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._open())
        self._ready.set()
        self._loop.run_forever()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        if self._vantage is not None:
            self._loop.run_until_complete(self._vantage.close())
        self._loop.close()

    async def _open(self) -> None:
        self._vantage = self._make_vantage()

    def _begin(
        self, profile: Profile, answers: Mapping[str, str], settings: Settings, log: Log | None
    ) -> None:
        assert self._vantage is not None
        if self._run is not None:
            self._run.stop()
        self._log, self._log_works = log, True
        self._run = Run(self._vantage, self._probes, profile, answers, settings, self._reported)

    def _close(self) -> None:
        if self._run is not None:
            self._run.stop()
        # The run reports in the next turn; what it says must still be written.
        self._loop.call_soon(self._loop.call_soon, self._loop.stop)

    def _reported(self, batch: Sequence[Event]) -> None:
        """Log first, then whoever watches."""
        trouble = self._keep(batch) if self._log is not None else ""
        if trouble:
            self._log_works = False
            batch = [*batch, Message(f"Not being saved any more: {trouble}", "error")]
        self._report(batch)

    def _keep(self, batch: Sequence[Event]) -> str:
        """Write a batch to the log; returns why it failed, the first time it does."""
        assert self._log is not None
        measured = [
            event for event in batch if isinstance(event, Result) and event.status != "cancelled"
        ]
        try:
            if measured:
                self._log.results(measured)
            for event in batch:
                if isinstance(event, Finished):
                    self._log.end(event.complete)
        except OSError as error:
            return str(error) if self._log_works else ""
        return ""

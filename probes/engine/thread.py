"""Engine thread: a stalled screen neither distorts nor delays a measurement."""

from __future__ import annotations

import asyncio
import inspect
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, TypeVar

from probes.call import LoadableProbe
from probes.engine.events import Report
from probes.engine.plan import Planner
from probes.engine.scheduler import Scheduler
from probes.model import (
    Diagnosed,
    EarlierResult,
    Event,
    Finished,
    Job,
    Message,
    Recognised,
    Removed,
    Restored,
    Result,
    Status,
    Target,
    VantageInfo,
    Verdict,
)
from probes.options import NO_OPTIONS, Options
from probes.session import LogError, SessionLog
from probes.settings import Settings
from probes.vantage import Vantage
from probes.vantage.measured_loop import MeasuredLoop
from profiles.model import Profile

T = TypeVar("T")

MakeVantage = Callable[[], Vantage | Awaitable[Vantage]]
"""Factory of the vantage, called on the loop that uses it; opening may take a while."""

LOG_RETRY_INTERVAL = 1.0
"""Seconds after which a log that failed is written again."""

_SWITCH_INTERVAL = 0.0005
"""Seconds after which a thread that computes lets another one run."""


class Engine:
    """Engine in a thread with an event loop of its own.

    Methods may be called from any thread. `report` is called in the engine's thread, after the log
    has been written, and must return quickly.
    """

    def __init__(
        self,
        vantage: MakeVantage,
        probes: Mapping[str, LoadableProbe],
        report: Report,
    ) -> None:
        self._probes = probes
        self._report = report
        self._logs: tuple[SessionLog, ...] = ()
        self._failed_logs: set[SessionLog] = set()
        self._retry: asyncio.TimerHandle | None = None
        self._scheduler: Scheduler | None = None
        self._vantage: Vantage | None = None
        self._changes = 0
        """Number of times that something more was to be measured."""
        self._latest_end: tuple[int, float | None] = (0, None)
        """The latest end of the run in seconds of `time.time`, and the changes it counts with."""
        self._loop = MeasuredLoop()
        self._opening = asyncio.run_coroutine_threadsafe(self._open(vantage), self._loop)
        self._thread = threading.Thread(target=self._run, name="engine", daemon=True)
        # By default a screen that computes holds the interpreter for 5 ms at each of the engine's
        # system calls.
        sys.setswitchinterval(_SWITCH_INTERVAL)
        self._thread.start()

    def begin(
        self,
        profile: Profile,
        answers: Mapping[str, str],
        settings: Settings,
        logs: Sequence[SessionLog] = (),
        options: Options = NO_OPTIONS,
        earlier: Sequence[Result] = (),
    ) -> None:
        """Start a new session recorded in `logs`; a session that is running is stopped.

        It is empty but for the rows of an `earlier` one, which are not measured again. Waits for
        the vantage, as `info` does.
        """
        self._opening.result()
        fixed, recalled = tuple(logs), tuple(earlier)
        self._changes += 1
        self._call_in_loop(
            lambda: self._begin(profile, answers, settings, fixed, options, recalled)
        )

    def add(self, jobs: Iterable[Job], planner: Planner | None = None) -> None:
        """Measure new rows; see Scheduler.add."""
        fixed = tuple(jobs)
        self._changes += 1
        self._with_scheduler(lambda run: run.add(fixed, planner))

    def recall(self, results: Iterable[Result]) -> None:
        """Take in earlier results of rows that are measured again; see Scheduler.recall."""
        fixed = tuple(results)
        self._with_scheduler(lambda run: run.recall(fixed))

    def rerun(self, keys: Iterable[str], *, forced: bool = False) -> None:
        """Measure rows again; see Scheduler.rerun."""
        fixed = tuple(keys)
        self._changes += 1
        self._with_scheduler(lambda run: run.rerun(fixed, forced=forced))

    def remove(self, targets: Iterable[Target]) -> None:
        """Remove targets from the session; see Scheduler.remove."""
        fixed = tuple(targets)
        self._with_scheduler(lambda run: run.remove(fixed))

    def restore(self, targets: Iterable[Target]) -> None:
        """Restore removed targets; see Scheduler.restore."""
        fixed = tuple(targets)
        self._changes += 1
        self._with_scheduler(lambda run: run.restore(fixed))

    def set_options(self, options: Options) -> None:
        """Use other options for probes that start from now on."""
        self._with_scheduler(lambda run: run.set_options(options))

    def stop(self) -> None:
        """Cancel everything queued and in flight; results so far stay."""
        self._with_scheduler(Scheduler.stop)

    def latest_end(self) -> float | None:
        """Time by which the run is over at the latest, in seconds of `time.time`.

        It is the one that was known when this was last called; None where no bound can be told.
        """
        changes = self._changes
        self._with_scheduler(lambda run: self._update_latest_end(run, changes))
        known, latest = self._latest_end
        return latest if known == changes else None

    def _update_latest_end(self, run: Scheduler, changes: int) -> None:
        latest = run.latest_end()
        if latest is not None:
            latest += time.time() - self._loop.time()
        self._latest_end = changes, latest

    def info(self) -> VantageInfo:
        """Description of the vantage; waits until it is open.

        Raises the error of opening it, and `concurrent.futures.CancelledError` where the engine was
        closed meanwhile.
        """
        return self._opening.result().info

    def run_with_vantage(self, work: Callable[[Vantage], Coroutine[Any, Any, T]]) -> Future[T]:
        """Run a coroutine with the vantage on the engine's loop; waits and raises like `info`."""
        return asyncio.run_coroutine_threadsafe(work(self._opening.result()), self._loop)

    def close(self, timeout: float = 2.0) -> None:
        """Stop, write the end of the log and end the thread, within `timeout` seconds."""
        if self._thread.is_alive():
            self._call_in_loop(self._close)
            self._thread.join(timeout)

    def _call_in_loop(self, action: Callable[[], object]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(action)

    def _with_scheduler(self, action: Callable[[Scheduler], None]) -> None:
        self._call_in_loop(lambda: action(self._scheduler) if self._scheduler is not None else None)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.set_exception_handler(self._on_loop_error)
        self._loop.run_forever()
        pending = asyncio.all_tasks(self._loop)
        for task in pending:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*pending, return_exceptions=True))
        if self._vantage is not None:
            self._loop.run_until_complete(self._vantage.close())
        self._loop.close()

    async def _open(self, make: MakeVantage) -> Vantage:
        made = make()
        self._vantage = await made if inspect.isawaitable(made) else made
        return self._vantage

    def _on_loop_error(self, loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        """Report a fault in the engine itself and end the run, so that nobody waits forever."""
        if "handle" not in context:
            # A callback of a library failed; the row of its probe tells.
            return
        name = type(context.get("exception")).__name__
        self._report([Message(f"A fault in auditreach's engine ({name}) ended the run.", "error")])
        if self._scheduler is not None:
            self._scheduler.stop()
            self._scheduler.flush()

    def _begin(
        self,
        profile: Profile,
        answers: Mapping[str, str],
        settings: Settings,
        logs: tuple[SessionLog, ...],
        options: Options,
        earlier: Sequence[Result],
    ) -> None:
        assert self._vantage is not None
        if self._scheduler is not None:
            self._scheduler.stop()
            self._scheduler.flush()
        self._close_logs(besides=logs)
        self._logs = logs
        self._failed_logs = set()
        self._scheduler = Scheduler(
            self._vantage,
            self._probes,
            profile,
            answers,
            settings,
            self._on_events,
            options,
            earlier,
        )

    def _close(self) -> None:
        if self._scheduler is not None:
            self._scheduler.stop()
            self._scheduler.flush()
        self._loop.stop()

    def _close_logs(self, besides: Sequence[SessionLog]) -> None:
        """Close the logs of the session before, and say of which records are missing."""
        messages = []
        for log in self._logs:
            if log in besides:
                continue
            with suppress(LogError):
                log.close()
            messages += [Message(notice) for notice in log.take_notices()]
            if log.loss:
                messages.append(Message(f"The log of the session before is not whole: {log.loss}"))
        if messages:
            self._report(messages)

    def _on_events(self, batch: Sequence[Event]) -> None:
        """Write events to the logs, then report them."""
        for log in self._logs:
            _write(log, batch)
        self._report([*batch, *self._log_messages()])

    def _log_messages(self) -> list[Message]:
        """News of the logs: one that fails, is written anew, or has caught up."""
        messages = []
        for log in self._logs:
            messages += [Message(notice) for notice in log.take_notices()]
            if log.trouble and log not in self._failed_logs:
                self._failed_logs.add(log)
                messages.append(Message(f"This session is not being saved: {log.trouble}", "error"))
            elif not log.trouble and log in self._failed_logs:
                self._failed_logs.discard(log)
                text = log.loss or f"Nothing is missing from {log.name}."
                severity = "warning" if log.loss else "information"
                messages.append(Message(f"This session is being saved again. {text}", severity))
        if self._failed_logs and self._retry is None:
            self._retry = self._loop.call_later(LOG_RETRY_INTERVAL, self._retry_logs)
        return messages

    def _retry_logs(self) -> None:
        """Let the logs that failed catch up, also where nothing more happens."""
        self._retry = None
        for log in self._failed_logs:
            with suppress(LogError):
                log.flush()
        messages = self._log_messages()
        if messages:
            self._report(messages)


def _write(log: SessionLog, batch: Sequence[Event]) -> None:
    """Give a log every record of a batch, also after it failed to write one: it keeps them."""
    measured = [
        event
        for event in batch
        if isinstance(event, Result) and event.status is not Status.CANCELLED
    ]
    earlier = [event.result for event in batch if isinstance(event, EarlierResult)]
    verdicts = [event for event in batch if isinstance(event, Verdict)]
    recognised = [event.target for event in batch if isinstance(event, Recognised)]
    with suppress(LogError):
        if recognised:
            # Before the rows of these targets.
            log.write_targets(recognised)
    with suppress(LogError):
        if earlier:
            log.write_earlier(earlier)
    with suppress(LogError):
        if measured:
            log.write_results(measured)
    with suppress(LogError):
        if verdicts:
            log.write_verdicts(verdicts)
    for event in batch:
        with suppress(LogError):
            if isinstance(event, Removed | Restored):
                log.write_removal(event)
            elif isinstance(event, Diagnosed):
                log.write_findings(event.findings)
            elif isinstance(event, Finished):
                log.write_end(event.complete, event.counts)

"""Scheduler of a run: preconditions, concurrency, attempts, retries and completion of jobs."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from probes.call import LoadableProbe, ProbeFunction, ProbeLoader
from probes.engine import observation
from probes.engine import observation as observe
from probes.engine.dns_consistency import Agreement
from probes.engine.events import Clock, Outbox, Report
from probes.engine.middlebox import Calibration
from probes.engine.name_lookup import Names
from probes.engine.pacing import Lanes, Pauses, Work
from probes.engine.session_state import Board, Ledger
from probes.judging.status import judge
from probes.model import (
    Diagnosed,
    Evidence,
    Finished,
    Job,
    Message,
    Observation,
    Queued,
    Reason,
    Result,
    Settings,
    Started,
    State,
    Target,
)
from probes.options import NO_OPTIONS, Options
from probes.vantage import NotOffered, Outcome, Vantage
from probes.vantage.happy_eyeballs import connect
from profiles.model import Profile


@dataclass
class Admission:
    """Lets rows in by what is known on the board; `open` holds the keys that have no result yet."""

    board: Board
    open: Collection[str]
    clock: Clock
    find: Callable[[Work], None]
    """Sends a row on to its host."""
    settle: Callable[[Work, Observation], None]
    """Ends a row that need not or cannot be asked."""
    _parked: dict[str, list[Work]] = field(default_factory=dict)

    def admit(self, work: Work) -> None:
        """Send a row on its way: to its host, to wait for another row, or to its end."""
        job = work.job
        if not work.started:
            work.began, work.started = self.clock.now()
        if not work.forced:
            if self.board.why_not_needed(job):
                gone = observation.untested(work, Reason.NOT_NEEDED, "", State.NOT_RUN)
                self.settle(work, gone)
                return
            for key in self.board.decided_by(job):
                if key in self.open:
                    self._parked.setdefault(key, []).append(work)
                    return
        missing = self.board.missing(job)
        if missing is not None:
            needs = missing.job.check
            problem = f"{needs.title} ({needs.port_text}), which it depends on, is not available"
            gone = observation.untested(work, Reason.DEPENDENCY, problem, State.NOT_RUN)
            self.settle(work, gone)
            return
        self.find(work)

    def decided(self, key: str) -> None:
        """A row has its result: let in those that waited for it."""
        for work in self._parked.pop(key, ()):
            self.admit(work)

    def drop(self, keys: Collection[str]) -> None:
        """Forget what waits for these rows."""
        for key in keys:
            self._parked.pop(key, None)

    def clear(self) -> None:
        """Forget everything that waits."""
        self._parked.clear()


class Width:
    """As many as were asked for, or as the descriptor limit allows; says when it is fewer."""

    def __init__(self, wanted: int, possible: int, emit: Callable[[Message], None]) -> None:
        self._emit = emit
        # With none at all the run would wait for ever.
        self.limit = max(1, min(wanted, possible))
        if self.limit < wanted:
            emit(
                Message(
                    f"{self.limit} attempts in flight instead of {wanted}: "
                    "the descriptor limit (ulimit -n) allows no more.",
                    "information",
                )
            )

    def starved(self, flying: int) -> None:
        """No descriptor was left for another one: keep to what was possible."""
        limit = max(1, flying)
        if limit < self.limit:
            self.limit = limit
            self._emit(Message(f"Out of descriptors: {limit} attempts in flight from now on."))


BUDGET = 0.002
"""Seconds of one loop turn spent on starting attempts, so that answers are read in time."""
_NO_DESCRIPTOR = frozenset({errno.EMFILE, errno.ENFILE})
Begin = Callable[[float, int], Awaitable[Observation]]


class Run:
    """Measures jobs until none is left; everything happens on one event loop.

    `report` gets events in order, a batch at most every 30 ms; the results in it are final.
    """

    def __init__(
        self,
        vantage: Vantage,
        probes: Mapping[str, LoadableProbe],
        profile: Profile,
        answers: Mapping[str, str],
        settings: Settings,
        report: Report,
        options: Options = NO_OPTIONS,
        earlier: Sequence[Result] = (),
    ) -> None:
        self._vantage = vantage
        self._settings = settings
        self._options = options
        self._loop = asyncio.get_running_loop()
        self._clock = Clock(self._loop.time)
        self._outbox = Outbox(self._loop, report)
        self._emit = self._outbox.put
        self._ledger = Ledger(profile, answers, settings.timeout, self._emit, earlier)
        self._board, self._docket = self._ledger.board, self._ledger.docket
        self._lanes = Lanes(settings.per_host, self._pump_soon)
        self._names = Names(vantage, self._named)
        self._calibration = Calibration(vantage, (c.port for c in profile.checks), self._amend)
        self._agreement = Agreement(vantage, probes, [h for r in profile.roles for h in r.hosts])
        self._asks = ProbeLoader(probes)
        self._pauses = Pauses(self._loop)
        self._open: dict[str, Work] = {}
        self._admission = Admission(
            self._board, self._open, self._clock, self._names.find, self._settle
        )
        self._width = Width(settings.concurrency, vantage.descriptors, self._emit)
        self._flying: set[Work] = set()
        self._pumping = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._whole = True

    def add(self, jobs: Iterable[Job]) -> None:
        """Queue new rows; rows that are known already are left as they are."""
        self._queue([Work(job) for job in self._ledger.add(tuple(jobs))])

    def rerun(self, keys: Iterable[str], *, forced: bool = False) -> None:
        """Measure rows again; `forced` ones even if their condition does not hold."""
        again = [key for key in keys if key in self._board.jobs and key not in self._open]
        if not again:
            return
        works = [Work(self._board.jobs[key], forced) for key in again]
        hosts = {work.job.endpoint[0] for work in works}
        self._names.forget(hosts)
        self._agreement.forget(hosts)
        before = (self._board.results.get(work.job.key) for work in works)
        self._calibration.forget(one.observation.address for one in before if one is not None)
        self._emit(Queued(tuple(again)))
        self._queue(works)

    def remove(self, targets: Collection[Target]) -> None:
        """Leave targets out: what is open of them ends unheard, and nothing counts them."""
        works = self._ledger.remove(targets, self._open)
        self._admission.drop([work.job.key for work in works])
        for work in works:
            if work in self._flying and work.cancel is not None:
                work.cancel()
                self._flying.discard(work)
                self._lanes.release(work)
        self._pump_soon()
        self._end_anew()

    def restore(self, targets: Iterable[Target]) -> None:
        """Take removed targets in again with their results, and measure what had none yet."""
        unmeasured, known = self._ledger.restore(targets)
        self._queue([Work(job) for job in unmeasured])
        self._ledger.close(known)
        self._end_anew()

    def use(self, options: Options) -> None:
        """Take other options for what is asked from now on."""
        self._options = options

    def stop(self) -> None:
        """End everything queued and in flight; rows measured before keep their result."""
        for work in self._flying:
            if work.cancel is not None:
                work.cancel()
        self._flying.clear()
        self._admission.clear()
        self._names.stop()
        self._calibration.stop()
        self._agreement.stop()
        self._lanes = Lanes(self._settings.per_host, self._pump_soon)
        for key, work in self._open.items():
            earlier = self._board.results.get(key)
            gone = observe.untested(work, Reason.CANCELLED, "", State.NOT_RUN)
            self._emit(earlier or judge(work.job, gone))
        stopped = bool(self._open)
        self._open.clear()
        self._finish(complete=not stopped)

    async def idle(self) -> None:
        """Wait until nothing is queued or in flight."""
        await self._idle.wait()

    def _queue(self, works: Sequence[Work]) -> None:
        if not works:
            return
        self._idle.clear()
        self._pauses.watch()
        for work in works:
            self._open[work.job.key] = work
            self._docket.opened(work.job)
            # Protocol libraries take long to import: before anything of theirs is in flight.
            self._asks.load(work.job.check.probe)
        for work in works:
            self._admission.admit(work)
        self._pump_soon()

    def _named(self, works: Sequence[Work]) -> None:
        """A host's addresses are known, or known not to be."""
        works = [work for work in works if self._is_open(work)]
        if works and works[0].addresses:
            self._agreement.look(works)
            self._lanes.add(works[0].addresses[0], works)
            self._pump_soon()
            return
        for work in works:
            if self._pauses.excused(work):
                self._names.again(work)
            elif work.resolution is not None:
                problem = work.resolution.problem
                self._settle(work, observe.untested(work, Reason.NAME_NOT_RESOLVED, problem))

    def _pump_soon(self) -> None:
        if not self._pumping:
            self._pumping = True
            self._loop.call_soon(self._pump)

    def _pump(self) -> None:
        self._pumping = False
        until = self._loop.time() + BUDGET
        begun: list[Work] = []
        while len(self._flying) < self._width.limit:
            work = self._lanes.take()
            if work is None:
                break
            if not self._is_open(work):
                self._lanes.release(work)
                continue
            begun.append(work)
            if not self._start(work):
                break
            if self._loop.time() > until:
                self._pump_soon()
                break
        keys = tuple(work.job.key for work in begun if work in self._flying)
        if keys:
            self._emit(Started(keys))

    def _start(self, work: Work) -> bool:
        """Begin one attempt; False when no descriptor is left for it."""
        if not work.attempts:
            work.began, work.started = self._clock.now()
        self._flying.add(work)
        job = work.job
        try:
            ask = self._asks[job.check.probe]
            if job.check.transport == "tcp":
                self._connect(work, ask)
            elif ask is not None:
                self._fly(work, partial(observe.datagrams, self._vantage, ask, work, self._options))
            else:
                self._fly(work, partial(observe.echo, self._vantage, work))
        except OSError:
            self._starved(work)
            return False
        return True

    def _connect(self, work: Work, ask: ProbeFunction | None) -> None:
        port = work.job.endpoint[1]
        assert port is not None
        done = partial(self._connected, work, ask)
        timeout, keep = self._settings.timeout, ask is not None
        cancel = connect(self._vantage, work.addresses, port, timeout, done, keep=keep)
        if work in self._flying and work.cancel is None:
            work.cancel = cancel

    def _connected(
        self,
        work: Work,
        ask: ProbeFunction | None,
        outcome: Outcome,
        tried: tuple[Outcome, ...] = (),
    ) -> None:
        work.attempts += 1
        work.cancel = None
        now = (self._loop.time() - work.began) * 1000
        work.evidence += [observe.tcp_evidence(one, now) for one in tried or (outcome,)]
        if outcome.reason is Reason.NO_RESPONSE and work.attempts <= self._settings.retries:
            self._once_more(work)
        elif ask is not None and outcome.pipe is not None:
            call = observe.call(self._vantage, work, outcome, self._settings, self._options)
            task = self._fly(work, lambda *_: observe.converse(call, ask, work, outcome, tried))
            task.add_done_callback(call.close_unused)
        else:
            self._land(work, observe.unspoken(work, outcome, tried))

    def _fly(self, work: Work, begin: Begin) -> asyncio.Task[None]:
        task = self._loop.create_task(self._guard(work, begin))
        work.cancel = task.cancel
        return task

    async def _guard(self, work: Work, begin: Begin) -> None:
        try:
            observation = await begin(self._settings.timeout, self._settings.retries)
        except NotOffered as error:
            observation = observe.not_offered(work, error)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in _NO_DESCRIPTOR:
                self._starved(work)
                return
            fault = f"a fault in the {work.job.check.probe} probe ({type(error).__name__})"
            observation = observe.untested(work, Reason.LOCAL_ERROR, fault)
        self._land(work, observation)

    def _starved(self, work: Work) -> None:
        """No descriptor was left: wait for one, and keep below what was possible."""
        self._flying.discard(work)
        work.cancel = None
        self._lanes.put_back(work)
        self._width.starved(len(self._flying))
        if not self._flying:
            self._loop.call_later(0.1, self._pump_soon)

    def _land(self, work: Work, observation: Observation) -> None:
        """An attempt's last word, once it is known what it is worth."""
        work.cancel = None
        if self._pauses.spoiled(work, observation):
            self._once_more(work)
        else:
            self._calibration.check(work.job, observation, partial(self._landed, work))

    def _once_more(self, work: Work) -> None:
        """What was seen decides nothing: it takes its turn again."""
        self._flying.discard(work)
        self._lanes.again(work)
        self._pump_soon()

    def _landed(self, work: Work, observation: Observation) -> None:
        """Nothing is in flight for this row: its host may be asked the next thing."""
        self._flying.discard(work)
        self._lanes.release(work)
        self._settle(work, observe.from_here(observation, self._vantage))
        self._pump_soon()

    def _settle(self, work: Work, observation: Observation) -> None:
        """A row is finished: judge it, tell everybody, and let go what waited for it."""
        key = work.job.key
        if not self._is_open(work):
            return
        del self._open[key]
        self.rerun([job.key for job in self._ledger.keep(work.job, observation)])
        self._ledger.pronounce(self._docket.closed(work.job))
        self._admission.decided(key)
        if not self._open:
            self._agreement.when_quiet(self._complete)

    def _is_open(self, work: Work) -> bool:
        """Whether somebody still waits for this row's result: not after its target was removed."""
        return self._open.get(work.job.key) is work

    def _amend(self, key: str, evidence: Evidence) -> None:
        if key not in self._open:
            self._ledger.amend(key, evidence)

    def _end_anew(self) -> None:
        """After rows came or went: where nothing is measured, another end says what counts now."""
        if not self._open and self._idle.is_set():
            self._idle.clear()
            self._finish(complete=self._whole)
        elif not self._open:
            self._agreement.when_quiet(self._complete)

    def _complete(self) -> None:
        if not self._open:
            for key, observation in [*self._agreement.amended(self._board.results)]:
                self._ledger.keep(self._board.jobs[key], observation)
            self._finish(complete=True)

    def _finish(self, *, complete: bool) -> None:
        if not self._idle.is_set():
            self._idle.set()
            self._pauses.rest()
            self._whole = complete
            self._ledger.pronounce(self._docket.ended())
            if complete:
                # It may take a second, for which nobody waits who stops.
                self._emit(Diagnosed(self._board.findings()))
            self._emit(Finished(complete, self._board.counts()))

    def flush(self) -> None:
        """Report what has happened so far at once."""
        self._outbox.flush()

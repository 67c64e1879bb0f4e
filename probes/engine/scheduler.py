"""Scheduler of a run: preconditions, concurrency, attempts, retries and completion of jobs."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from probes.call import LoadableProbe, ProbeFunction, ProbeLoader
from probes.engine.completion_bound import CompletionBound
from probes.engine.concurrency import ConcurrencyLimit
from probes.engine.detection import NO_ROWS, Found, Known, RoleDetection, known_rows
from probes.engine.dns_consistency import DnsConsistency
from probes.engine.events import Clock, EventBatcher, Report
from probes.engine.middlebox import MiddleboxDetector
from probes.engine.name_lookup import NameLookup, only_ipv4
from probes.engine.observation import (
    evidence_of,
    from_connect,
    make_call,
    not_offered,
    not_over_ipv6,
    not_resolved,
    run_ping,
    run_tcp_probe,
    run_udp_probe,
    untested,
    with_local_facts,
    without_own_pause,
)
from probes.engine.pacing import HostQueues, SilenceTimer, SuspendDetector, Work
from probes.engine.plan import Planner
from probes.engine.preconditions import Preconditions
from probes.engine.session_state import ResultRecorder
from probes.judging.status import judge
from probes.model import (
    Diagnosed,
    Finished,
    Job,
    Observation,
    Queued,
    Reason,
    Recognised,
    Result,
    Started,
    State,
    Target,
)
from probes.options import NO_OPTIONS, Options
from probes.settings import Settings
from probes.vantage import NotOffered, Outcome, Vantage
from probes.vantage.deadlines import Deadlines
from probes.vantage.error_mapping import FD_EXHAUSTED, errno_text
from probes.vantage.repeated_connect import SILENCE, RepeatedConnect
from profiles.model import Profile
from profiles.recognition import AUTO

DISPATCH_BUDGET = 0.002
"""Seconds of one loop turn for starting attempts, so that answers are read in time."""
Attempt = Callable[[float, int], Awaitable[Observation]]
"""Coroutine function of an attempt; its arguments are the timeout in seconds and the retries."""


class Scheduler:
    """Scheduler of the jobs of one session, on one event loop.

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
        self._events = EventBatcher(self._loop, report)
        self._emit = self._events.put
        self._pending: dict[str, Work] = {}
        self._recorder = ResultRecorder(
            profile, answers, settings.timeout, self._emit, earlier, self._pending
        )
        self._state, self._verdicts = self._recorder.state, self._recorder.verdicts
        self._queues = HostQueues(settings.per_host, self._schedule_dispatch)
        self._names = NameLookup(vantage, self._on_resolved)
        self._middleboxes = MiddleboxDetector(
            vantage,
            (c.port for c in profile.checks),
            settings.timeout,
            self._recorder.mark_accepts_everything,
        )
        self._dns_consistency = DnsConsistency(
            vantage, probes, [h for r in profile.roles for h in r.hosts]
        )
        self._probes = ProbeLoader(probes)
        self._suspend_detector = SuspendDetector(self._loop)
        self._preconditions = Preconditions(
            self._state, self._pending, self._clock, self._names.resolve, self._complete
        )
        self._detection = RoleDetection(profile, self._ask, self._on_decision)
        self._silences = Deadlines(self._loop)
        self._repeats: deque[Work] = deque()
        """Rows with a silent connect, beside which another one may begin."""
        self._concurrency = ConcurrencyLimit(settings.concurrency, vantage.descriptors, self._emit)
        self._in_flight: set[Work] = set()
        self._bound = CompletionBound(
            settings, self._recorder, self._names, self._pending, self._in_flight
        )
        self._dispatch_scheduled = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._was_complete = True

    def add(self, jobs: Iterable[Job], planner: Planner | None = None) -> None:
        """Queue new rows; rows that are known already are left as they are; no rows is a round too.

        The planner makes the rows of hosts without a role once their role is known.
        """
        if planner is not None:
            self._detection.planner = planner
        self._bound.forget()
        if not (added := tuple(jobs)):
            self._finish_again()
        self._enqueue([Work(job) for job in self._recorder.add(added)])

    def rerun(self, keys: Iterable[str], *, forced: bool = False, beside: bool = True) -> None:
        """Measure rows again; `forced` ones even if their condition does not hold.

        `beside` takes along measured rows of other roles that ask the same port of the same host,
        so that it has one state, and has names looked up again.
        """
        chosen = [key for key in keys if key in self._state.jobs and key not in self._pending]
        chosen = self._state.without_recognised(chosen)
        if not chosen:
            return
        works = [Work(self._state.jobs[key], forced) for key in chosen]
        others = self._state.same_ports(chosen) if beside else []
        works += [Work(job) for job in others if job.key not in self._pending]
        chosen = [work.job.key for work in works]
        if beside:
            hosts = {work.job.endpoint[0] for work in works}
            self._names.invalidate(hosts)
            self._dns_consistency.invalidate(hosts)
            self._bound.forget()
        before = (self._state.results.get(work.job.key) for work in works)
        self._middleboxes.invalidate(
            result.observation.address for result in before if result is not None
        )
        self._emit(Queued(tuple(chosen)))
        self._enqueue(works)

    def remove(self, targets: Collection[Target]) -> None:
        """Remove targets: their pending rows end without a result, and nothing counts them."""
        works = self._recorder.remove(targets, self._pending)
        works += self._detection.drop([work.job.key for work in works], self._pending)
        self._preconditions.drop([work.job.key for work in works])
        for work in works:
            self._withdraw(work)
        self._schedule_dispatch()
        self._finish_again()

    def recall(self, results: Iterable[Result]) -> None:
        """Take in the results that rows had in an earlier session, before they are added."""
        self._state.recall(results)

    def restore(self, targets: Iterable[Target]) -> None:
        """Restore removed targets with their results, and measure rows that had none yet."""
        self._bound.forget()
        unmeasured, known = self._recorder.restore(targets)
        self._enqueue([Work(job) for job in unmeasured])
        self._recorder.close_rows(known)
        self._finish_again()

    def set_options(self, options: Options) -> None:
        """Use other options for probes that start from now on."""
        self._options = options

    def stop(self) -> None:
        """Cancel everything queued and in flight; rows that were measured keep their result."""
        for work in self._in_flight:
            work.stop_timer()
            if work.cancel is not None:
                work.cancel()
        for kept in (self._in_flight, self._concurrency, self._repeats, self._preconditions):
            kept.clear()
        self._silences.close()
        self._names.stop()
        self._middleboxes.stop()
        self._dns_consistency.stop()
        self._queues = HostQueues(self._settings.per_host, self._schedule_dispatch)
        for key, work in self._detection.rows_of(self._pending):
            earlier = self._state.results.get(key)
            cancelled = untested(work, Reason.CANCELLED, "", State.NOT_RUN)
            self._emit(earlier or judge(work.job, cancelled))
        stopped = bool(self._pending)
        self._detection.clear()
        self._pending.clear()
        self._finish(complete=not stopped)

    def latest_end(self) -> float | None:
        """Loop time by which the run is over at the latest; None where no bound can be told."""
        return self._bound.latest(
            self._loop.time(), self._concurrency.limit, self._suspend_detector.resumed_at
        )

    async def wait_idle(self) -> None:
        """Wait until nothing is queued or in flight."""
        await self._idle.wait()

    def flush(self) -> None:
        """Report pending events at once."""
        self._events.flush()

    def _enqueue(self, works: Sequence[Work], known: Known = NO_ROWS) -> None:
        """Queue rows; those with a `known` observation are completed with it, before the others."""
        if not works:
            return
        if self._idle.is_set():
            self._recorder.agreement.begin_round()
        self._idle.clear()
        self._suspend_detector.start()
        for work in works:
            self._pending[work.job.key] = work
            self._recorder.reopen(work.job)
            self._verdicts.row_opened(work.job)
            # Importing a protocol library takes long, so it precedes every attempt that is timed.
            self._probes.load(work.job.check.probe)
        for work in works:
            if work.job.key in known:
                self._dns_consistency.enqueue([work])
                done = partial(self._complete, work)
                self._middleboxes.check(work.job, known[work.job.key], done)
        for work in works:
            if work.job.check.role == AUTO:
                self._detection.begin(work)
            elif work.job.key not in known:
                self._preconditions.check(work)
        self._schedule_dispatch()

    def _ask(self, questions: Sequence[Work]) -> None:
        """Measure questions of a detection, each like a row of its own."""
        for work in questions:
            self._pending[work.job.key] = work
            self._probes.load(work.job.check.probe)
        for work in questions:
            work.start_time, work.started = self._clock.now()
            self._names.resolve(work)
        self._schedule_dispatch()

    def _on_decision(
        self, work: Work, observation: Observation, jobs: Sequence[Job], found: Found
    ) -> None:
        """Complete the row of a host without a role, and begin the rows of the role it has."""
        if self._is_pending(work):
            again = work.job.key in self._state.results
            self._complete(work, observation)
            if jobs:
                self._emit(Recognised(jobs[0].target, tuple(jobs)))
            new = self._recorder.add(jobs)
            rows = [Work(job) for job in (jobs if again else new) if job.key not in self._pending]
            self._enqueue(rows, known_rows(rows, found, self._options))

    def _on_resolved(self, works: Sequence[Work]) -> None:
        """Queue the rows of a host with addresses; complete those of a host without."""
        works = [work for work in works if self._is_pending(work)]
        if works and works[0].addresses:
            first = works[0].addresses[0]
            works = [work for work in works if self._has_usable_address(work)]
            self._dns_consistency.enqueue(works)
            self._queues.add(first, works)
            self._schedule_dispatch()
            return
        for work in works:
            if self._suspend_detector.allows_repeat(work):
                self._names.resolve_again(work)
            elif work.resolution is not None:
                work.ended = self._loop.time()
                self._complete(work, not_resolved(work, work.resolution))

    def _has_usable_address(self, work: Work) -> bool:
        """Leave a row whose protocol is one of IPv4 those addresses; complete it without any."""
        check = work.job.check
        if not self._probes.is_ipv4_only(check.probe, check.port):
            return True
        known = work.addresses if work.resolution is None else work.resolution.addresses
        usable = only_ipv4(known)
        if not usable:
            self._complete(work, not_over_ipv6(work))
            return False
        work.addresses = usable
        return True

    def _schedule_dispatch(self) -> None:
        if not self._dispatch_scheduled:
            self._dispatch_scheduled = True
            self._loop.call_soon(self._dispatch)

    def _dispatch(self) -> None:
        self._dispatch_scheduled = False
        deadline = self._loop.time() + DISPATCH_BUDGET
        started: list[Work] = []
        while self._concurrency.has_room:
            if self._repeats:
                self._repeat(self._repeats.popleft())
                if self._loop.time() > deadline:
                    self._schedule_dispatch()
                    break
                continue
            work = self._queues.take()
            if work is None:
                break
            if not self._is_pending(work):
                self._queues.release(work)
                continue
            started.append(work)
            if not self._start_attempt(work):
                break
            if self._loop.time() > deadline:
                self._schedule_dispatch()
                break
        shown = (self._detection.shown_key(work) for work in started if work in self._in_flight)
        keys = tuple(filter(None, shown))
        if keys:
            self._emit(Started(keys))

    def _start_attempt(self, work: Work) -> bool:
        """Start one attempt; false when no descriptor is left for it."""
        if not work.attempts:
            work.start_time, work.started = self._clock.now()
            work.listened.clear()
            # What is there of an attempt that a suspend spoiled has the times of another start.
            work.evidence.clear()
        self._in_flight.add(work)
        self._concurrency.add(work)
        job = work.job
        try:
            ask = self._probes[job.check.probe]
            if job.check.transport == "tcp":
                self._connect(work, ask)
            elif ask is not None:
                self._start_task(
                    work, partial(run_udp_probe, self._vantage, ask, work, self._options_of(work))
                )
            else:
                self._start_task(work, partial(run_ping, self._vantage, work))
        except OSError as error:
            self._on_fd_exhausted(work, error)
            return False
        return True

    def _options_of(self, work: Work) -> Options:
        return self._options.for_unknown if self._detection.is_question(work) else self._options

    def _connect(self, work: Work, ask: ProbeFunction | None) -> None:
        port = work.job.endpoint[1]
        assert port is not None
        done = partial(self._on_connected, work, ask)
        timeout = self._settings.timeout
        connects = RepeatedConnect(
            self._loop, self._vantage, work.addresses, port, timeout, done, keep=ask is not None
        )
        work.connects = connects
        try:
            connects.begin()
        except OSError:
            work.connects = None
            raise
        if work.connects is connects:
            work.cancel = connects.cancel
            if timeout > SILENCE:
                self._await_silence(work, SILENCE)

    def _await_silence(self, work: Work, seconds: float) -> None:
        """Let other rows go on beside this one when it has not ended after so many seconds."""
        work.stop_timer()
        work.silence = SilenceTimer(work, self._loop.time(), seconds, self._on_silence)
        self._silences.add(work.silence, seconds)

    def _on_silence(self, work: Work, timer: SilenceTimer) -> None:
        work.silence = None
        if self._suspend_detector.has_resumed_since(timer.began):
            self._await_silence(work, timer.seconds)
            return
        if work.holds_slot:
            self._queues.give_up_slot(work)
        if work.connects is None:
            # It is connected, and its service lets us wait: others need not wait for it too.
            self._concurrency.ease(work)
        if self._may_repeat(work):
            self._repeats.append(work)
        self._preconditions.on_silence(work.job.key)
        self._schedule_dispatch()

    def _may_repeat(self, work: Work) -> bool:
        """True if another connect of a row may begin beside a silent one."""
        connects = work.connects
        return (
            connects is not None
            and connects.is_silent
            and work.attempts + connects.attempts <= self._settings.retries
        )

    def _repeat(self, work: Work) -> None:
        """Begin another connect of a row beside its silent one, if that has not ended yet."""
        if not self._may_repeat(work):
            return
        assert work.connects is not None
        self._concurrency.add(work)
        try:
            work.connects.begin()
        except OSError:
            # The first one goes on, and after it there is a descriptor.
            self._concurrency.remove(work)
            self._concurrency.lower()

    def _on_connected(
        self,
        work: Work,
        ask: ProbeFunction | None,
        outcome: Outcome,
        tried: tuple[Outcome, ...] = (),
    ) -> None:
        work.cancel = None
        work.stop_timer()
        self._count_connects(work)
        if outcome.reason is Reason.NO_RESPONSE and work.attempts <= self._settings.retries:
            self._requeue(work)
        elif ask is not None and outcome.pipe is not None:
            self._queues.take_slot(work)
            self._await_silence(work, self._settings.timeout)
            call = make_call(self._vantage, work, outcome, self._settings, self._options_of(work))
            task = self._start_task(work, lambda *_: run_tcp_probe(call, ask, work, outcome, tried))
            task.add_done_callback(call.close_unused)
        else:
            self._on_observation(work, from_connect(work, outcome, tried))

    def _count_connects(self, work: Work) -> None:
        """Take the connects that were made into the row's attempts and evidence."""
        connects, work.connects = work.connects, None
        assert connects is not None
        work.attempts += connects.attempts
        work.ended = max(ended for _, ended in connects.ended)
        work.listened.append((connects.began, work.ended))
        work.evidence += [
            evidence_of(one, (ended - work.start_time) * 1000, "TCP connect")
            for one, ended in connects.ended
        ]
        for _ in range(connects.attempts - 1):
            self._concurrency.remove(work)

    def _start_task(self, work: Work, attempt: Attempt) -> asyncio.Task[None]:
        task = self._loop.create_task(self._run_attempt(work, attempt))
        work.cancel = task.cancel
        return task

    async def _run_attempt(self, work: Work, attempt: Attempt) -> None:
        try:
            observation = await attempt(self._settings.timeout, self._settings.retries)
        except NotOffered as error:
            observation = not_offered(work, error)
        except Exception as error:
            if isinstance(error, OSError) and error.errno in FD_EXHAUSTED:
                self._on_fd_exhausted(work, error)
                return
            problem = f"a fault in the {work.job.check.probe} probe ({type(error).__name__})"
            self._end_call(work)
            observation = untested(work, Reason.LOCAL_ERROR, problem)
        self._on_observation(work, observation)

    def _end_call(self, work: Work) -> None:
        """Take what the call of a row has done by now."""
        if work.call is not None:
            work.take_call()
            work.ended = self._loop.time()

    def _on_fd_exhausted(self, work: Work, error: OSError) -> None:
        """Put the row back and lower the concurrency to what was possible.

        A row for which no other can free a descriptor waits a while, in case somebody else does.
        """
        if self._concurrency.is_starved(self._loop.time()):
            self._on_attempt_done(
                work, untested(work, Reason.LOCAL_ERROR, errno_text(error.errno or 0))
            )
            return
        self._leave_flight(work)
        self._queues.put_back(work)
        self._concurrency.lower()
        if not self._in_flight:
            self._loop.call_later(0.1, self._schedule_dispatch)

    def _on_observation(self, work: Work, observation: Observation) -> None:
        """Repeat an attempt that a suspend spoiled; otherwise check for a middlebox."""
        self._concurrency.end_starvation()
        work.cancel = None
        work.stop_timer()
        if self._suspend_detector.invalidates(work, observation):
            self._requeue(work)
        else:
            if self._suspend_detector.has_resumed_since(work.start_time):
                observation = without_own_pause(observation)
            self._middleboxes.check(work.job, observation, partial(self._on_attempt_done, work))

    def _requeue(self, work: Work) -> None:
        """Put the row at the end of its host's queue: the attempt decided nothing."""
        self._leave_flight(work)
        self._queues.requeue(work)
        self._schedule_dispatch()

    def _leave_flight(self, work: Work) -> None:
        work.cancel = None
        work.stop_timer()
        self._in_flight.discard(work)
        self._concurrency.discard(work)

    def _withdraw(self, work: Work) -> None:
        """End the attempt of a row that is not wanted any more, if it is in flight."""
        if work not in self._in_flight:
            return
        if work.cancel is not None:
            work.cancel()
        if work.connects is not None:
            self._count_connects(work)
        self._end_call(work)
        self._leave_flight(work)
        self._queues.release(work)

    def _on_attempt_done(self, work: Work, observation: Observation) -> None:
        """Free the slot of the row at its host, and complete the row, unless it was withdrawn."""
        if work not in self._in_flight:
            return
        self._leave_flight(work)
        self._queues.release(work)
        self._complete(work, with_local_facts(observation, self._vantage))
        self._schedule_dispatch()

    def _complete(self, work: Work, observation: Observation) -> None:
        """Record the result of a row, emit verdicts, and release rows that waited for it."""
        key = work.job.key
        if not self._is_pending(work):
            return
        del self._pending[key]
        if self._detection.is_question(work):
            self._detection.on_observation(work, observation)
            return
        needed = self._recorder.record(work.job, observation)
        self.rerun([job.key for job in needed], beside=False)
        self._recorder.emit_verdicts(self._verdicts.row_closed(work.job))
        needless = self._preconditions.on_result(key)
        for one in needless:
            self._withdraw(one)
            self._complete(one, untested(one, Reason.NOT_NEEDED, "", State.NOT_RUN))
        if not self._pending:
            # Not now: this may be within the completion of a row that still has to be told.
            self._loop.call_soon(self._end_round)

    def _end_round(self) -> None:
        if not self._pending and not self._idle.is_set():
            self._dns_consistency.when_idle(self._on_all_done)

    def _is_pending(self, work: Work) -> bool:
        """True while the result of this row is awaited: no more after its target was removed."""
        return self._pending.get(work.job.key) is work

    def _finish_again(self) -> None:
        """Finish once more after targets were removed or restored, so that counts are right."""
        if not self._pending and self._idle.is_set():
            self._idle.clear()
            self._finish(complete=self._was_complete)
        elif not self._pending:
            self._dns_consistency.when_idle(self._on_all_done)

    def _on_all_done(self) -> None:
        if not self._pending:
            for key, observation in [*self._dns_consistency.updates(self._state.results)]:
                self._recorder.record(self._state.jobs[key], observation)
            self._finish(complete=True)

    def _finish(self, *, complete: bool) -> None:
        if not self._idle.is_set():
            self._idle.set()
            self._suspend_detector.stop()
            self._silences.close()
            self._was_complete = complete
            self._recorder.emit_verdicts(self._verdicts.finish())
            if complete:
                self._recorder.emit_verdicts(self._verdicts.network_verdicts())
                # The diagnosis may take a second, and a stop has to be quick.
                self._emit(Diagnosed(self._state.findings()))
            self._emit(Finished(complete, self._state.counts()))

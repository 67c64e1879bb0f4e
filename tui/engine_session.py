"""Engine session: an engine, its log and its queue of events."""

from __future__ import annotations

import dataclasses
import queue
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from probes.engine.plan import CONFIRM_ABOVE, Planner, endpoint_count, plan
from probes.engine.thread import Engine
from probes.model import (
    Event,
    Finished,
    Job,
    Queued,
    Recognised,
    Result,
    Started,
    Status,
    Target,
    VantageInfo,
)
from probes.options import NO_OPTIONS, Options
from probes.proxy_route import route
from probes.registry import PROBES
from probes.session import Header, LogError, Session, SessionLog, default_path, new_header
from probes.settings import Settings
from probes.targets import (
    ParseResult,
    find_domain_controllers,
    merge_results,
    parse,
)
from profiles.model import Profile
from profiles.recognition import AUTO
from tui.cli.vantage import make_vantage
from tui.models.rerun import Rerun, patient_settings, prepare_rerun

if TYPE_CHECKING:
    from probes.lab.address_map import AddressMap


class EngineSession:
    """Session of the engine; every method returns at once except where it says otherwise."""

    def __init__(
        self,
        profile: Profile,
        settings: Settings,
        log: Path | None,
        options: Options = NO_OPTIONS,
        lab: AddressMap | None = None,
        *,
        files: bool = True,
    ) -> None:
        self.profile = profile
        self._settings = settings
        self._requested_path = log
        self._options = options
        self._files = files
        self._log: SessionLog | None = None
        self._events: queue.SimpleQueue[Sequence[Event]] = queue.SimpleQueue()
        self._engine = Engine(partial(make_vantage, lab), PROBES, self._events.put)
        self._keys: set[str] = set()
        self._finished: Finished | None = None
        """The last event, where that is the end of a run."""
        self.answers: Mapping[str, str] | None = None
        """Answers of the running session; None before one."""

    @property
    def log_path(self) -> str:
        """Path of the session log; empty while there is none."""
        return "" if self._log is None else self._log.path

    @property
    def is_saved(self) -> bool:
        """True if everything so far is in the session log."""
        return self._log is not None and not self._log.trouble

    def info(self) -> VantageInfo:
        """Vantage of the measurement; may block for a moment."""
        return self._engine.info()

    def read(self, text: str, role: str) -> ParseResult:
        """The targets in a line, plain hosts in `role`; blocks for the look-ups of domains."""
        entered = parse(
            (text,),
            self.profile,
            resolvers=self._engine.info().resolvers,
            read_files=self._files,
            default_role=role,
        )
        if not entered.domains:
            return entered
        found = self._engine.run_with_vantage(
            lambda vantage: find_domain_controllers(entered.domains, vantage)
        ).result()
        return merge_results(dataclasses.replace(entered, domains=()), found)

    def question(self, targets: Sequence[Target], only: frozenset[str]) -> str:
        """Question to the operator before these are measured; empty when they are few."""
        count = endpoint_count(self.profile, plan(self.profile, targets, only=only))
        if count <= CONFIRM_ABOVE:
            return ""
        most = "up to " if any(target.role == AUTO for target in targets) else ""
        return f"This asks {most}{count:,} endpoints. Test them all?"

    def measure(
        self, targets: Sequence[Target], only: frozenset[str], answers: Mapping[str, str]
    ) -> tuple[tuple[Job, ...], str]:
        """Start measuring targets; returns the rows and why they are not being saved, if so.

        The first call, and the first with other answers, begins a session with a log of its own.
        """
        trouble = ""
        if self.answers != answers:
            trouble = self._begin_session(targets, only, answers)
        elif self._log is not None:
            trouble = self._log_targets(targets)
        jobs = plan(self.profile, targets, only=only, route=route(self._options))
        known = [job.key for job in jobs if job.key in self._keys]
        self._keys.update(job.key for job in jobs)
        self._engine.add(jobs, Planner(self.profile, only, route(self._options)))
        # Who names a host again wants it measured again.
        self._engine.rerun(known)
        return jobs, trouble

    def measure_earlier(
        self, session: Session, keys: Collection[str], answers: Mapping[str, str]
    ) -> tuple[Rerun, str]:
        """Begin a session with the rows of an earlier one, of which those with `keys` are measured.

        Returns also why it is not being saved, if so. Nothing begins where nothing is planned.
        """
        rerun = prepare_rerun(
            self.profile,
            session,
            answers,
            patient_settings(self._settings, session.header),
            self._engine.info(),
            route(self._options),
            only=_statuses(session, keys),
            keys=keys,
        )
        if not rerun.planned:
            return rerun, ""
        trouble = self._begin(rerun.header, rerun.earlier)
        self._keys.update(job.key for job in rerun.planned)
        self._engine.recall(rerun.recalled)
        self._engine.add(rerun.jobs)
        return rerun, trouble

    def rerun(self, keys: Iterable[str], *, forced: bool = False) -> None:
        """Measure rows again."""
        self._engine.rerun(keys, forced=forced)

    def remove(self, targets: Sequence[Target]) -> None:
        """Leave targets out of the session."""
        self._engine.remove(targets)

    def restore(self, targets: Sequence[Target]) -> None:
        """Take removed targets in again, with the results they had."""
        self._engine.restore(targets)

    def set_options(self, options: Options) -> None:
        """Give the probes other options for what is measured from now on."""
        self._options = options
        self._engine.set_options(options)

    def remark(self, text: str) -> str:
        """Write a sentence of the operator's into the log; returns what went wrong, if anything."""
        if self._log is None:
            return "This session is not being saved, so nothing was written."
        try:
            self._log.write_remark(text)
            if self._finished is not None:
                # What follows an end needs another one, or the log would not be complete.
                self._log.write_end(self._finished.complete, self._finished.counts)
        except LogError as error:
            return f"{error} The remark is kept until it can be written."
        return ""

    def latest_end(self) -> float | None:
        """Time by which the run is over at the latest; see Engine.latest_end."""
        return self._engine.latest_end()

    def stop(self) -> None:
        """End what is queued and in flight."""
        self._engine.stop()

    def drain(self) -> list[Event]:
        """Events since the last call."""
        events: list[Event] = []
        while True:
            try:
                events += self._events.get_nowait()
            except queue.Empty:
                break
        for event in events:
            if isinstance(event, Finished):
                self._finished = event
            elif isinstance(event, Queued | Started | Result):
                self._finished = None
            elif isinstance(event, Recognised):
                self._keys.update(job.key for job in event.jobs)
        return events

    def close(self) -> str:
        """Stop, complete the log and end the engine in at most two seconds.

        Returns what the operator must know of the log, if anything.
        """
        self._engine.close()
        if self._log is None:
            return ""
        with suppress(LogError):
            self._log.close()
        missing = f"The session log is not whole: {self._log.loss}" if self._log.loss else ""
        return " ".join(filter(None, (*self._log.take_notices(), missing)))

    def _begin_session(
        self, targets: Sequence[Target], only: frozenset[str], answers: Mapping[str, str]
    ) -> str:
        left_out = only < {check.id for check in self.profile.checks}
        header = new_header(
            self.profile,
            self._engine.info(),
            self._settings,
            answers,
            targets,
            only=sorted(only) if left_out else (),
        )
        return self._begin(header)

    def _begin(self, header: Header, earlier: Sequence[Result] = ()) -> str:
        """Begin a session with a log of its own; returns why it is not being saved, if so."""
        path = self._requested_path or default_path(header)
        self._requested_path = None
        self._log, trouble = None, ""
        try:
            log = SessionLog.create(path, patient=True)
            self._log = log
            log.write_header(header)
        except LogError as error:
            trouble = str(error)
            if self._log is not None and not self._log.trouble:
                self._log.discard()
                self._log = None
        self.answers = dict(header.answers)
        self._keys.clear()
        logs = (self._log,) if self._log is not None else ()
        self._engine.begin(
            self.profile, self.answers, header.settings, logs, self._options, earlier
        )
        return trouble

    def _log_targets(self, targets: Sequence[Target]) -> str:
        assert self._log is not None
        try:
            self._log.write_targets(targets)
        except LogError as error:
            return str(error)
        return ""


def _statuses(session: Session, keys: Collection[str]) -> tuple[Status, ...]:
    """Statuses of the rows with these keys; none where every row is among them."""
    rows = {result.job.key: result.status for result in (*session.earlier, *session.results)}
    if rows.keys() <= set(keys):
        return ()
    chosen = {rows.get(key, Status.CANCELLED) for key in keys}
    return tuple(status for status in Status if status in chosen)

"""`auditreach run`: a run without a screen."""

from __future__ import annotations

import os
import queue
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from types import FrameType
from typing import TextIO

from probes.engine.plan import CONFIRM_ABOVE, Planner, endpoint_count, plan
from probes.engine.thread import Engine
from probes.judging.findings import Finding, rows_in_no_finding
from probes.model import (
    Diagnosed,
    Event,
    Finished,
    Job,
    Message,
    Recognised,
    Result,
    Status,
    Target,
)
from probes.proxy_route import route
from probes.registry import PROBES
from probes.session import (
    Header,
    LogError,
    SessionLog,
    default_path,
    new_header,
)
from probes.targets import ParseResult, find_domain_controllers, parse
from probes.wire.text import printable
from profiles.model import Profile
from profiles.recognition import AUTO
from tui.cli import prepare
from tui.cli.credentials import with_credentials
from tui.cli.exit_codes import Exit, exit_status
from tui.cli.options import Options, UsageError, quoted
from tui.cli.rerun import begin_rerun, load_earlier, nothing_to_rerun, rerun_answers
from tui.cli.standard_streams import say
from tui.cli.trust import trust
from tui.cli.vantage import make_vantage
from tui.models.verdicts import Verdicts, verdict_lines
from tui.text.findings import findings_lines
from tui.text.result_line import ResultFormatter, failures, summary

_REFRESH = 0.2
"""Seconds between two looks at the progress line."""
_NOTICE = 400


class _Terminated(Exception):
    """A signal requested the end."""


def run(options: Options) -> int:
    """Measure what was asked for and return the exit status; raises UsageError."""
    profile = prepare.load(options)
    before = None if options.session is None else load_earlier(options, profile)
    answered = rerun_answers(options, profile, before)
    given = replace(trust(options, os.environ), dns_name=options.dns_name, pjl=options.pjl)
    given = with_credentials(given, options.credentials, os.environ)
    if not options.entries and before is None:
        raise UsageError("Nothing to test; name a ROLE=HOST, such as windows.target=pc1.")
    events: queue.SimpleQueue[Sequence[Event]] = queue.SimpleQueue()
    engine = Engine(make_vantage, PROBES, events.put)
    logs: list[SessionLog] = []
    try:
        with _signals():
            bad = False
            if before is not None:
                rerun = begin_rerun(options, profile, before, answered, engine.info(), route(given))
                for notice in rerun.notices:
                    say(f"auditreach: {printable(notice, _NOTICE)}")
                if not rerun.jobs:
                    say(f"auditreach: {nothing_to_rerun(options)}")
                    return Exit.READY
                header, jobs, earlier = rerun.header, rerun.jobs, rerun.earlier
                recalled = rerun.recalled
            else:
                targets, bad = _targets(options, profile, engine)
                if not targets:
                    return Exit.USAGE
                jobs, earlier, recalled = plan(profile, targets, route=route(given)), (), ()
                header = new_header(profile, engine.info(), options.settings, answered, targets)
            _require_confirmation(options, profile, jobs)
            logs = _logs(options, header)
            engine.begin(profile, answered, header.settings, logs, given, earlier)
            engine.recall(recalled)
            engine.add(jobs, Planner(profile, frozenset(header.only) or None, route(given)))
            status = _drain_events(jobs, events, logs[-1] if options.json else None)
    except (KeyboardInterrupt, _Terminated):
        engine.close()
        losses = _close(logs)
        kept = "; the session log holds every result so far" if logs and not losses else ""
        say(f"auditreach: interrupted{kept}.")
        _say_losses(losses)
        return Exit.INTERRUPTED
    finally:
        engine.close()
        losses = _close(logs)
    _say_losses(losses)
    if not logs:
        say("auditreach: this session was not saved.")
    if losses:
        return Exit.NOT_SAVED
    return Exit.USAGE if bad else status


def _close(logs: Sequence[SessionLog]) -> list[str]:
    """Close the logs; returns a sentence for each that is not whole."""
    for log in logs:
        with suppress(LogError):
            log.close()
        for notice in log.take_notices():
            say(f"auditreach: {notice}")
    return [log.loss for log in logs if log.loss]


def _say_losses(losses: Iterable[str]) -> None:
    for loss in losses:
        say(f"auditreach: the session log is not whole: {loss}")


def _targets(options: Options, profile: Profile, engine: Engine) -> tuple[tuple[Target, ...], bool]:
    default = AUTO if profile.recognitions else ""
    resolvers = engine.info().resolvers
    entered = parse(options.entries, profile, resolvers=resolvers, default_role=default)
    bad = list(entered.problems)
    targets = list(entered.targets)
    if entered.domains:
        found: ParseResult = engine.run_with_vantage(
            lambda vantage: find_domain_controllers(entered.domains, vantage)
        ).result()
        targets += found.targets
        bad += found.problems
    for one in bad:
        say(f"auditreach: {one}")
    if not targets and not bad:
        given = quoted(" ".join(options.entries))
        raise UsageError(f"{given} holds no host; name a ROLE=HOST, such as windows.target=pc1.")
    return tuple(dict.fromkeys(targets)), not all(one.is_warning for one in bad)


def _require_confirmation(options: Options, profile: Profile, jobs: Sequence[Job]) -> None:
    count = endpoint_count(profile, jobs)
    if count > CONFIRM_ABOVE and not options.yes:
        most = "up to " if any(job.check.role == AUTO for job in jobs) else ""
        raise UsageError(
            f"This would ask {most}{count:,} endpoints, more than {CONFIRM_ABOVE:,}; "
            "add --yes if that is what you want."
        )


def _logs(options: Options, header: Header) -> list[SessionLog]:
    logs = []
    try:
        log = SessionLog.create(options.log or default_path(header), patient=options.log is None)
        try:
            log.write_header(header)
        except LogError:
            if options.log is not None or not log.trouble:
                log.discard()
                raise
        logs.append(log)
        say(f"auditreach: the session log is {log.name}")
    except LogError as error:
        if options.log is not None:
            raise UsageError(str(error)) from None
        say(f"auditreach: this session is not being saved: {error}")
    if options.json:
        out = SessionLog.stream(sys.stdout.fileno(), "standard output")
        try:
            out.write_header(header)
        except LogError as error:
            if out.failure is None:
                raise UsageError(str(error)) from None
        logs.append(out)
    return logs


def _drain_events(
    jobs: Sequence[Job],
    events: queue.SimpleQueue[Sequence[Event]],
    printed: SessionLog | None,
) -> Exit:
    """Status at the end; raises OSError where standard output, `printed` too, takes no more."""
    output = Output(jobs, as_json=printed is not None)
    while not output.finished:
        try:
            batch = events.get(timeout=_REFRESH)
        except queue.Empty:
            batch = ()
        if printed is not None and printed.failure is not None:
            raise printed.failure
        output.add(batch)
    output.end()
    return exit_status(output.verdicts.rulings)


class Output:
    """Standard output of a run: a line a result as it comes, at the end what it all means.

    With `as_json` the session log writes there, and this nothing.
    """

    def __init__(self, jobs: Sequence[Job], *, as_json: bool) -> None:
        self.finished = False
        self.verdicts = Verdicts()
        self.verdicts.add(jobs)
        self._json = as_json
        self._lines = ResultFormatter(
            jobs, colour=_colour(sys.stdout), encoding=sys.stdout.encoding or "ascii"
        )
        self._progress = _Progress(len(jobs))
        self._latest: dict[str, Result] = {}
        self._findings: tuple[Finding, ...] = ()
        self._started = time.monotonic()

    def add(self, batch: Sequence[Event]) -> None:
        """Print what a batch of events says, and the progress."""
        self.verdicts.apply(batch)
        shown: dict[str, Result] = {}
        for event in batch:
            if isinstance(event, Result):
                before = self._latest.get(event.job.key)
                self._latest[event.job.key] = event
                # A network may have hundreds; they are counted, and a finding tells of them.
                if event.status is Status.NO_HOST:
                    continue
                key = event.job.key
                if before is None or before.status is Status.NO_HOST:
                    shown[key] = event
                elif (before.status, before.note) != (event.status, event.note):
                    shown[key] = replace(event, note=f"Again: {event.note}")
                elif key in shown:
                    # Its reason may be another; a line that is printed is not printed again for it.
                    shown[key] = replace(shown[key], why=event.why)
            elif isinstance(event, Message):
                self._progress.clear()
                say(f"auditreach: {event.text}")
            elif isinstance(event, Diagnosed):
                self._findings = event.findings
            elif isinstance(event, Recognised):
                self.verdicts.add(event.jobs)
                self._lines.add(event.jobs)
                self._progress.add(len(event.jobs))
            elif isinstance(event, Finished):
                self.finished = True
        if shown and not self._json:
            self._progress.clear()
            print("\n".join(map(self._lines.format, shown.values())), flush=True)
        self._progress.show(self._latest.values())

    def end(self) -> None:
        """Print counts, failures again after many rows, findings and verdicts."""
        self._progress.clear()
        if self._json:
            return
        counts = Counter(result.status for result in self._latest.values())
        print(f"\n{summary(counts, time.monotonic() - self._started)}")
        if len(self._latest) > 20:
            for result in failures(self._latest.values()):
                print(self._lines.format(result))
        alone = rows_in_no_finding(self._latest.values(), self._findings)
        for line in findings_lines(self._findings, len(alone)):
            print(line)
        for line in verdict_lines(self.verdicts.lines()):
            print(line)
        sys.stdout.flush()


class _Progress:
    """One line on standard error, rewritten, where that is a terminal that can."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._enabled = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._last_shown = 0.0
        self._shown = False

    def add(self, rows: int) -> None:
        """Count more rows that are measured."""
        self._total += rows

    def show(self, results: Iterable[Result]) -> None:
        """Rewrite the line, at most five times a second."""
        now = time.monotonic()
        if not self._enabled or now - self._last_shown < _REFRESH:
            return
        self._last_shown = now
        counts = Counter(result.status for result in results)
        blocked = counts[Status.BLOCKED]
        text = f"{counts.total():,} of {self._total:,} tested, {blocked:,} blocked"
        sys.stderr.write(f"\r{text}\x1b[K")
        sys.stderr.flush()
        self._shown = True

    def clear(self) -> None:
        """Take the line away before something else is written."""
        if self._shown:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
            self._shown = False


def _colour(stream: TextIO) -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "dumb") == "dumb"
    return stream.isatty() and not plain


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a run as Ctrl-C does: with a complete log."""

    def ended(number: int, frame: FrameType | None) -> None:
        raise _Terminated

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), ended) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)

"""`auditreach run`: measure without a screen, a line a result as they come."""

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

from probes import PROBES
from probes.engine.plan import ASK_ABOVE, endpoints, plan
from probes.engine.thread import Engine
from probes.judging.findings import Finding
from probes.model import Diagnosed, Event, Finished, Job, Message, Result, Status, Target
from probes.proxy_route import route
from probes.session import Header, LogFailed, SessionLog, default_path, new_header
from probes.targets import Entered, expand, parse
from probes.wire.text import printable
from profiles.model import Profile
from tui import again, prepare
from tui.credentials import with_credentials
from tui.exit import Exit, exit_status
from tui.findings_text import findings_lines
from tui.lines import Lines, failures, summary
from tui.options import Options, UsageError
from tui.trust import trust
from tui.vantage_factory import make_vantage
from tui.verdicts import Verdicts, verdict_lines

_REFRESH = 0.2
"""Seconds between two looks at the progress line."""
_NOTICE = 400


class _Ended(Exception):
    """A signal asked for the end."""


def run(options: Options) -> int:
    """Measure what was asked for and return the exit status; raises UsageError."""
    profile = prepare.load(options)
    before = None if options.session is None else again.load(options, profile)
    answered = again.answers(options, profile, before)
    given = replace(trust(options, os.environ), dns_name=options.dns_name, pjl=options.pjl)
    given = with_credentials(given, options.credentials, os.environ)
    if not options.entries and before is None:
        raise UsageError("Nothing to measure; name a ROLE=HOST, such as windows.target=pc1.")
    events: queue.SimpleQueue[Sequence[Event]] = queue.SimpleQueue()
    engine = Engine(make_vantage, PROBES, events.put)
    logs: list[SessionLog] = []
    try:
        with _signals():
            bad = False
            if before is not None:
                rerun = again.begin(options, profile, before, answered, engine.info(), route(given))
                for notice in rerun.notices:
                    _say(f"auditreach: {printable(notice, _NOTICE)}")
                if not rerun.jobs:
                    _say(f"auditreach: {again.nothing(options)}")
                    return Exit.READY
                header, jobs, earlier = rerun.header, rerun.jobs, rerun.earlier
            else:
                targets, bad = _targets(options, profile, engine)
                if not targets:
                    return Exit.USAGE
                jobs, earlier = plan(profile, targets, route=route(given)), ()
                header = new_header(profile, engine.info(), options.settings, answered, targets)
            _ask_first(options, jobs)
            logs = _logs(options, header)
            engine.begin(profile, answered, header.settings, logs, given, earlier)
            engine.add(jobs)
            status = _watch(options, jobs, events)
    except (KeyboardInterrupt, _Ended):
        engine.close()
        kept = "; the session log holds every result so far" if logs else ""
        _say(f"auditreach: interrupted{kept}.")
        return Exit.INTERRUPTED
    finally:
        engine.close()
        for log in logs:
            with suppress(LogFailed):
                log.close()
    return Exit.USAGE if bad else status


def _targets(options: Options, profile: Profile, engine: Engine) -> tuple[tuple[Target, ...], bool]:
    entered = parse(options.entries, profile, resolvers=engine.info().resolvers)
    bad = list(entered.bad)
    targets = list(entered.targets)
    if entered.domains:
        found: Entered = engine.ask(lambda vantage: expand(entered.domains, vantage)).result()
        targets += found.targets
        bad += found.bad
    for one in bad:
        _say(f"auditreach: {one}")
    if not targets and not bad:
        raise UsageError("What was named holds no host; name a ROLE=HOST.")
    return tuple(dict.fromkeys(targets)), not all(one.taken for one in bad)


def _ask_first(options: Options, jobs: Sequence[Job]) -> None:
    count = endpoints(jobs)
    if count > ASK_ABOVE and not options.yes:
        raise UsageError(
            f"This would ask {count:,} endpoints, more than {ASK_ABOVE:,}; "
            "add --yes if that is what you want."
        )


def _logs(options: Options, header: Header) -> list[SessionLog]:
    logs = []
    try:
        log = SessionLog.create(options.log or default_path(header))
        log.header(header)
        logs.append(log)
        _say(f"auditreach: the session log is {log.name}")
    except LogFailed as error:
        if options.log is not None:
            raise UsageError(str(error)) from None
        _say(f"auditreach: this session is not being saved: {error}")
    if options.json:
        out = SessionLog(sys.stdout.fileno(), "standard output")
        try:
            out.header(header)
        except LogFailed as error:
            raise UsageError(str(error)) from None
        logs.append(out)
    return logs


def _watch(
    options: Options,
    jobs: Sequence[Job],
    events: queue.SimpleQueue[Sequence[Event]],
) -> Exit:
    lines = Lines(jobs, colour=_colour(sys.stdout))
    progress = _Progress(len(jobs))
    latest: dict[str, Result] = {}
    verdicts = Verdicts()
    verdicts.add(jobs)
    began = time.monotonic()
    findings: tuple[Finding, ...] = ()
    finished = False
    while not finished:
        try:
            batch = events.get(timeout=_REFRESH)
        except queue.Empty:
            batch = ()
        shown = []
        verdicts.apply(batch)
        for event in batch:
            if isinstance(event, Result):
                latest[event.job.key] = event
                shown.append(lines.result(event))
            elif isinstance(event, Message):
                progress.clear()
                _say(f"auditreach: {event.text}")
            elif isinstance(event, Diagnosed):
                findings = event.findings
            elif isinstance(event, Finished):
                finished = True
        if shown and not options.json:
            progress.clear()
            print("\n".join(shown), flush=True)
        progress.show(latest.values())
    progress.clear()
    if not options.json:
        counts = Counter(result.status for result in latest.values())
        print(f"\n{summary(counts, time.monotonic() - began)}")
        if len(latest) > 20:
            for result in failures(latest.values()):
                print(lines.result(result))
        for line in findings_lines(findings):
            print(line)
        for line in verdict_lines(verdicts.lines()):
            print(line)
        sys.stdout.flush()
    return exit_status(verdicts.rulings)


class _Progress:
    """One line on standard error, rewritten, where that is a terminal that can."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._on = sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._last = 0.0
        self._shown = False

    def show(self, results: Iterable[Result]) -> None:
        """Rewrite the line, at most five times a second."""
        now = time.monotonic()
        if not self._on or now - self._last < _REFRESH:
            return
        self._last = now
        counts = Counter(result.status for result in results)
        blocked = counts[Status.BLOCKED]
        text = f"{counts.total():,} of {self._total:,} measured, {blocked:,} blocked"
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


def _say(text: str) -> None:
    # After a hang-up there is no terminal to say it to.
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


@contextmanager
def _signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end a run as Ctrl-C does: with a complete log."""

    def ended(number: int, frame: FrameType | None) -> None:
        raise _Ended

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {name: signal.signal(getattr(signal, name), ended) for name in names}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(getattr(signal, name), handler)

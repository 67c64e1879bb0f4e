"""A watch over hosts that are switched off and on by a script with a clock, event by event.

    python -m bench.watch [--minutes 10] [--seed 1]

The real program watches in a terminal, from a client behind a router of its own (`routed.py`). What
is done to the hosts, and when, is written down (`faults.py`) and compared with the changes that the
session log tells: each that lasted is told once, between the two times that are told and with its
reason, and nothing else is. The list on the screen is compared with that of the log opened again.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from bench import command, faults
from bench.faults import OK, Record, Script, Span
from bench.routed import Network, wait_until
from probes.model import AVAILABLE, MEASURED, Result
from probes.session import read_session
from probes.session.replay import timeline
from tui.cli.options import Options
from tui.cli.prepare import load
from tui.watch.row_history import Change, RowHistory

NEEDED = ("ip", "nft", "sysctl", "sshd", "ssh-keygen", "dnsmasq", "getent", "tmux")
SLACK = 0.015
"""Seconds by which a time may be off: times in the log are cut to milliseconds."""
RIGHT, MISSED, INVENTED = "right", "missed", "invented"
WRONG_TIME, WRONG_CAUSE, TWICE = "wrong time", "wrong cause", "told twice"
BETWEEN = "in between"
"""Something was done while the row was being measured, and it tells what it met."""


@dataclass(frozen=True)
class Event:
    """A line of the table: what was done to a row or told about it, and the verdict on that."""

    key: str
    verdict: str
    what: str
    done: tuple[float, float] | None
    told: Change | None


class Window:
    """The program in a tmux window of its own."""

    def __init__(self, folder: Path, name: str, down: ExitStack) -> None:
        self._tmux = ["tmux", "-S", str(folder / name), "-f", "/dev/null"]
        down.callback(subprocess.run, [*self._tmux, "kill-server"], capture_output=True)

    def start(self, words: Sequence[str]) -> None:
        """Start a program in 80 columns and 24 lines."""
        self._run("new-session", "-d", "-x", "80", "-y", "24", *words)
        self._run("set", "status", "off")
        self._run("set", "-g", "remain-on-exit", "on")

    def seen(self) -> str:
        """Text in the window."""
        return self._run("capture-pane", "-p")

    def press(self, *keys: str) -> None:
        """Press keys, by the names that tmux has for them."""
        self._run("send-keys", *keys)

    def until(self, text: str) -> None:
        """Wait for a text to be seen."""
        wait_until(lambda: text in self.seen(), f"{text!r} in the window", 60)

    def changes(self) -> list[str]:
        """The list of changes, the latest first."""
        # As wide as the dialog can be, so that nothing stands beside it.
        self._run("resize-window", "-x", "120", "-y", "1100")
        self.press("H")
        self.until("the latest first")
        time.sleep(1)
        lines = self.seen().splitlines()
        self.press("Escape")
        top = next(n for n, line in enumerate(lines) if "the latest first" in line)
        end = next(n for n, line in enumerate(lines) if "Enter goes to the row" in line)
        return [text for line in lines[top:end] if (text := line.strip(" │┃|▌▐▎▊"))]

    def _run(self, *words: str) -> str:
        done = subprocess.run([*self._tmux, *words], capture_output=True, text=True, check=False)
        return done.stdout


def _in(namespace: str, *words: str) -> list[str]:
    return ["ip", "netns", "exec", namespace, *words]


def watched(script: Script, network: Network, hosts: Sequence[faults.Host], given: Given) -> Path:
    """Watch while the script is played; returns the log. The lists of changes must agree."""
    log = network.folder / "log.jsonl"
    program = [sys.executable, "-m", "tui"]
    words = [*program, "--log", str(log), "--run", "--timeout", f"{given.timeout:g}"]
    words += ["--answer-timeout", f"{given.timeout:g}", *(host.target for host in hosts)]
    with ExitStack() as down:
        window = Window(network.folder, "live", down)
        window.start(_in(network.client, *words))
        window.until("saved")
        window.press("w")
        window.until("Retest every")
        window.press("C-u", f"{given.interval:g}", "Enter")
        window.until(f"every {given.interval:g} s")
        done = script.play(given.seconds)
        print(window.seen())
        window.press("w")
        window.until("Retest every")
        window.press("C-u", "off", "Enter")
        window.until("The watch has ended")
        wait_until(lambda: '"end"' in log.read_text().splitlines()[-1], "the end of the log", 60)
        shown = window.changes()
        again = Window(network.folder, "again", down)
        again.start(_in(network.client, *program, "open", str(log)))
        again.until("log.jsonl")
        time.sleep(1)
        reopened = again.changes()
    print(f"{done} actions; on the screen {shown[0]}; opened again {reopened[0]}")
    for line in [one for one in shown if one not in reopened]:
        print(f"only live:     {line}")
    for line in [one for one in reopened if one not in shown]:
        print(f"only reopened: {line}")
    if shown != reopened:
        given.wrong.append("the list of changes is another one when the log is opened again")
    return log


@dataclass
class Given:
    """The arguments of a run, and what was found to be wrong beside events."""

    seconds: float
    interval: float
    timeout: float
    wrong: list[str]

    @property
    def lasting(self) -> float:
        """Seconds after which a change must have been told: two intervals and a long round."""
        return 2 * self.interval + 4 * self.timeout


class Told:
    """Results and changes of each row, as a log tells them."""

    def __init__(self, log: Path) -> None:
        self.results: dict[str, list[Result]] = {}
        self.changes: dict[str, list[tuple[Result, Change]]] = {}
        """With the result before each change."""
        self.history = RowHistory()
        profile = load(Options("screen"))
        for _, event in timeline(log, profile):
            if isinstance(event, Result):
                key = event.job.key
                seen = self.results.setdefault(key, [])
                changes = ((seen[-1], one) for one in self.history.add((event,)))
                self.changes.setdefault(key, []).extend(changes)
                seen.append(event)


def compared(
    record: Record,
    results: Mapping[str, Sequence[Result]],
    changes: Mapping[str, Sequence[tuple[Result, Change]]],
    lasting: float,
    now: float,
) -> Iterator[Event]:
    """Every change that was done or told until `now`, with the verdict on it.

    One that lasted for `lasting` seconds must have been told.
    """
    for key, spans in record.rows.items():
        told = changes.get(key, ())
        verdict = RIGHT
        for before, change in told:
            event = _judged(key, spans, before, change, known=verdict != BETWEEN)
            verdict = event.verdict
            yield event
        ends = [*(one.earliest for one in spans[1:]), now]
        for span, end in list(zip(spans, ends, strict=True))[1:]:
            if end - span.latest >= lasting:
                yield from _missed(key, span, end, results[key][0], [one for _, one in told])
    for key in changes.keys() - record.rows.keys():
        yield from (Event(key, INVENTED, "", None, one) for _, one in changes[key])


def _judged(
    key: str, spans: Sequence[Span], before: Result, change: Change, *, known: bool
) -> Event:
    """Verdict on a change that was told; `known` if the row was in one state before it."""
    event = _weighed(key, spans, before, change, known)
    if event.verdict == RIGHT:
        return event
    began, ended = _started(change.result) - SLACK, _ended(change) + SLACK
    if any(one.earliest <= ended and one.latest >= began for one in spans):
        return replace(event, verdict=BETWEEN)
    return event


def _weighed(key: str, spans: Sequence[Span], before: Result, change: Change, known: bool) -> Event:
    old = _span(spans, change.not_before.timestamp(), before)
    new = _span(spans, change.at.timestamp(), change.result)
    if new is None:
        around = [one for one in spans if one.seen.fits(change.result)]
        at = change.at.timestamp()
        near = [one for one in around if abs(one.earliest - at) < 30]
        real = _possible(spans, at)[-1]
        verdict = (
            WRONG_TIME if near else INVENTED if real.seen is OK or real.seen.loses else WRONG_CAUSE
        )
        return Event(key, verdict, real.what, (real.earliest, real.latest), change)
    done = new.earliest, new.latest
    if old is None and known and not new.seen.loses:
        return Event(key, WRONG_TIME, new.what, done, change)
    if old is new:
        varies = new.seen.loses or new.seen in (faults.DOWN, faults.NEEDED)
        verdict = RIGHT if varies else INVENTED
        return Event(key, verdict, new.what, done, change)
    return Event(key, RIGHT, new.what, done, change)


def _possible(spans: Sequence[Span], at: float) -> list[Span]:
    """Spans that a row may have been in at a time."""
    ends = [*(one.latest for one in spans[1:]), float("inf")]
    return [
        one
        for one, end in zip(spans, ends, strict=True)
        if one.earliest - SLACK <= at <= end + SLACK
    ]


def _span(spans: Sequence[Span], at: float, result: Result) -> Span | None:
    """The span at a time that a result tells rightly."""
    fitting = [one for one in _possible(spans, at) if one.seen.fits(result)]
    return fitting[-1] if fitting else None


def _missed(
    key: str, span: Span, end: float, first: Result, changes: Sequence[Change]
) -> Iterator[Event]:
    """A span that lasted and is not told, or told twice."""
    done = span.earliest, span.latest
    told = [one for one in changes if one.at.timestamp() <= end]
    if not span.seen.fits(told[-1].result if told else first):
        yield Event(key, MISSED, span.what, done, None)
    within = [
        one
        for one in told
        if one.at.timestamp() >= span.earliest - SLACK
        and _ended(one) + SLACK < end
        and span.seen.fits(one.result)
    ]
    if not span.seen.loses and span.seen not in (faults.DOWN, faults.NEEDED):
        yield from (Event(key, TWICE, span.what, done, one) for one in within[1:])


def _ended(change: Change) -> float:
    """The end of what was measured: a peer that goes meanwhile has the conversation break off."""
    took = (change.result.observation.took_ms or 0.0) / 1000
    return max(change.at.timestamp(), _started(change.result) + took)


def _started(result: Result) -> float:
    try:
        return datetime.fromisoformat(result.observation.started).timestamp()
    except ValueError:
        return 0.0


def totals(record: Record, told: Told, log: Path) -> Iterator[str]:
    """Figures that are wrong: lost rounds, lengths of outages, counts at the end."""
    for key, spans in record.rows.items():
        series = told.history.of(key)
        if series is None:
            continue
        rounds = [one for one in told.results[key] if one.status in MEASURED]
        least = most = 0
        for one in {result.observation.started: result for result in rounds}.values():
            began = _started(one)
            possible = [*_possible(spans, began), *_possible(spans, began + 4)]
            least += all(span.seen.lost for span in possible) and not one.observation.icmp
            most += any(span.seen.lost or span.seen.loses for span in possible)
        if not least <= series.lost <= most and faults.NEEDED not in {s.seen for s in spans}:
            yield f"{key}: {series.lost} rounds lost, of {least} to {most}"
        down: Change | None = None
        for _, change in told.changes.get(key, []):
            if change.before in AVAILABLE or change.result.status not in AVAILABLE:
                down = change if change.before is not change.result.status else down
            elif down is not None and change.since != down.at:
                yield f"{key}: an outage since {down.at} is told since {change.since}"
    counts = Counter(
        str(results[-1].status) for key, results in told.results.items() if key in record.rows
    )
    ends = [json.loads(line) for line in log.read_text().splitlines() if '"type":"end"' in line]
    if not ends or ends[-1]["counts"] != dict(counts):
        yield f"counts at the end: {ends[-1]['counts'] if ends else None}, not {dict(counts)}"
    session = read_session(log)
    if Counter(str(one.status) for one in session.results) != counts:
        yield "the session read has other rows than its history"


def sizes(log: Path, given: Given) -> Iterator[str]:
    """Lines about the log, and its rounds that took longer than the interval."""
    kinds: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    ends = []
    for line in log.read_text().splitlines():
        record = json.loads(line)
        kinds[record["type"]] += 1
        sizes[record["type"]] += len(line) + 1
        if record["type"] == "end":
            ends.append(datetime.fromisoformat(record["ended"]).timestamp())
    yield "| record | lines | bytes a line |\n|---|---:|---:|"
    for kind, number in kinds.items():
        yield f"| {kind} | {number} | {sizes[kind] / number:.0f} |"
    rows = kinds["result"] + kinds["unchanged"]
    apart = [after - before for before, after in pairwise(ends)]
    late = sum(one > given.interval + 1 for one in apart)
    yield (
        f"\n{sum(sizes.values()) / rows:.0f} bytes a row and round; {len(ends)} rounds, {late} of "
        f"them later than the interval, at most {max(apart, default=0.0):.0f} s apart"
    )


def table(events: Sequence[Event]) -> Iterator[str]:
    """The events in the order of time."""
    yield "| row | done | what | not before | at | told | verdict |\n|---|---|---|---|---|---|---|"
    for one in sorted(events, key=lambda one: one.done or (0.0, 0.0)):
        done = "" if one.done is None else f"{_clock(one.done[0])} to {_clock(one.done[1])}"
        if one.told is None:
            not_before = at = told = ""
        else:
            not_before = _clock(one.told.not_before.timestamp())
            at = _clock(one.told.at.timestamp())
            seen = one.told.result.observation
            told = f"{one.told.before} -> {one.told.result.status} {seen.reason} {seen.service}"
        yield f"| {one.key} | {done} | {one.what} | {not_before} | {at} | {told} | {one.verdict} |"


def _clock(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds):%M:%S.%f}"[:-3] if seconds else "start"


def main() -> int:
    parser = command.parser("bench.watch")
    parser.add_argument("--minutes", type=float, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", type=Path, help="copy the session log to this file")
    options = parser.parse_args()
    command.enter("bench.watch", *NEEDED)
    given = Given(60 * options.minutes, 5.0, 2.0, [])
    if options.smoke:
        given = Given(1.0, 1.0, 0.3, [])
    with ExitStack() as down:
        folder = Path(down.enter_context(tempfile.TemporaryDirectory(prefix="w")))
        network = Network(f"watch{folder.name}", folder, down)
        hosts = faults.hosts(network)
        script = Script(hosts, options.seed, 1.1 * given.lasting, given.interval)
        log = watched(script, network, hosts, given)
        if options.keep:
            options.keep.write_bytes(log.read_bytes())
        told = Told(log)
        events = [*compared(script.record, told.results, told.changes, given.lasting, time.time())]
        print("\n".join(table(events)))
        wrong = [*given.wrong, *totals(script.record, told, log)]
        print("\n" + "\n".join(sizes(log, given)))
    verdicts = Counter(one.verdict for one in events)
    print(f"\nSeed {options.seed}:", ", ".join(f"{n} {verdict}" for verdict, n in verdicts.items()))
    print("\n".join(wrong))
    return int(bool(wrong) or bool(verdicts.keys() - {RIGHT, BETWEEN}))


if __name__ == "__main__":
    sys.exit(main())

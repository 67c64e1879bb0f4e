"""Goal 7: what goes over the wire at 80x24, ours beside mtr and htop in the same kind of pty.

    python -m bench.bytes [--seconds 60]

Each row is the real program in a pseudo-terminal that counts what it is sent. At rest: the screen
before anything is measured, after a run, and the peers. Running: 1,000 rows of `bench.lab` (200
hosts, 2 of 5 ports open, 2 refused, 1 dropped, 1 s for each of two attempts) at three widths,
with and without --slow-link. The worst second is that of any second that begins with a write.
Root, `unshare`, `ip` and `nft`: everything is on loopback in a network namespace.
"""

from __future__ import annotations

import os
import select
import shutil
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench import command, lab
from bench.terminal import Terminal, python

GOAL = 16.0
"""KiB a second of a running scan."""
FLIGHTS = (20, 100, 1000)
HOSTS = 200


@dataclass
class CountedProgram:
    """A program and when it wrote how much, in seconds of the machine's clock."""

    name: str
    terminal: Terminal
    since: float = 0.0
    writes: list[tuple[float, int]] = field(default_factory=list)

    @property
    def total(self) -> int:
        """Bytes since counting began."""
        return sum(size for at, size in self.writes if at >= self.since)

    @property
    def worst(self) -> int:
        """Bytes of the worst second."""
        counted = [one for one in self.writes if one[0] >= self.since]
        worst = first = within = 0
        for at, size in counted:
            within += size
            while counted[first][0] <= at - 1:
                within -= counted[first][1]
                first += 1
            worst = max(worst, within)
        return worst


def collect(
    programs: Sequence[CountedProgram],
    seconds: float,
    ended: Callable[[bytearray], bool] = lambda output: False,
) -> None:
    """Read what all of them write for some seconds, or until the output of the first has ended."""
    until = time.perf_counter() + seconds
    by_descriptor = {one.terminal.descriptor: one for one in programs}
    while (left := until - time.perf_counter()) > 0:
        for descriptor in select.select(list(by_descriptor), [], [], left)[0]:
            try:
                data = os.read(descriptor, 65536)
            except OSError:
                del by_descriptor[descriptor]
                continue
            one = by_descriptor[descriptor]
            one.writes.append((time.perf_counter(), len(data)))
            one.terminal.output += data
            if one is programs[0] and ended(one.terminal.output):
                return


def auditreach(*arguments: str, width: int = 80, height: int = 24) -> Terminal:
    return Terminal(python("-m", "tui", *arguments), width, height)


def measured(
    profile: Path, hosts: int, flight: int, *arguments: str
) -> tuple[CountedProgram, float]:
    """A run of all rows, and the seconds from the first result to the last."""
    log = profile.with_name(f"{time.time_ns()}.jsonl")
    name = f"auditreach, {flight} in flight{', --slow-link' if '--slow-link' in arguments else ''}"
    one = CountedProgram(
        name,
        auditreach(
            *("--profile", str(profile), "--timeout", "1", "--concurrency", str(flight)),
            *("--yes", "--run", "--log", str(log)),
            *(*arguments, f"lab={','.join(lab.hosts(hosts))}"),
        ),
    )
    collect((one,), 20, lambda output: b"measuring" in output or b"latest" in output)
    one.since = time.perf_counter()
    # Of a word in the place of others only some letters are sent, so the log says when it is over.
    collect((one,), 120, lambda output: b'"end"' in last_record(log))
    took = time.perf_counter() - one.since
    collect((one,), 1.5)
    return one, took


def last_record(log: Path) -> bytes:
    """The last record of a session log; empty without one."""
    return log.read_bytes()[-4000:].rstrip().rpartition(b"\n")[2] if log.exists() else b""


def profile_text() -> str:
    """The lab's profile as a file."""
    profile = lab.profile()
    head = f'''
id = "{profile.id}"
name = "Lab"
version = "1"
source = "none"
url = "https://example.org"
[[category]]
id = "lab"
title = "Lab"
[[role]]
id = "lab"
title = "Lab"
category = "lab"
'''
    return head + "".join(
        f'''
[[check]]
id = "{check.id}"
category = "lab"
role = "lab"
title = "{check.title}"
probe = "tcp"
transport = "tcp"
port = {check.port}
purpose = "p"
consequence = "Lost."
fix = "Fix."
'''
        for check in profile.checks
    )


def main() -> None:
    parser = command.parser("bench.bytes")
    parser.add_argument("--seconds", type=float, default=60.0)
    options = parser.parse_args()
    lab.enter("bench.bytes")
    with tempfile.TemporaryDirectory() as folder, lab.listening():
        os.environ["XDG_STATE_HOME"] = folder
        profile = Path(folder, "lab.toml")
        profile.write_text(profile_text(), encoding="utf-8")
        print(f"{'80x24':<38} {'seconds':>7} {'bytes':>8} {'B/s':>7} {'worst s':>8}")
        if options.smoke:
            report_at_rest(report_runs(profile, 4, FLIGHTS[-1:]), 0.2)
        else:
            report_at_rest(report_runs(profile, HOSTS, FLIGHTS), options.seconds)


def report_runs(profile: Path, hosts: int, flights: Sequence[int]) -> CountedProgram:
    """The table of the runs; returns a program whose run is over."""
    last = None
    for flight in flights:
        for extra in ((), ("--slow-link",)):
            one, took = measured(profile, hosts, flight, *extra)
            line(one, took, GOAL)
            if last is not None:
                last.terminal.end()
            last = one
    assert last is not None
    return last


def report_at_rest(after: CountedProgram, seconds: float) -> None:
    """The table of the programs at rest, all at the same time."""
    after.name = "auditreach, at rest after a run"
    programs = [CountedProgram("auditreach, at rest", auditreach()), after]
    for name, arguments in (("mtr", ("127.0.0.1",)), ("htop", ())):
        path = shutil.which(name)
        if path is None:
            print(f"{name:<38} skipped: it is not installed")
        else:
            programs.append(CountedProgram(name, Terminal([path, *arguments], 80, 24)))
    collect(programs, 3)
    for one in programs:
        if one is not after:
            print(f"{one.name + ', first screen':<38} {'':>7} {one.total:>8}")
        one.since = time.perf_counter()
    collect(programs, seconds)
    for one in programs:
        line(one, seconds, 0.0 if one.name.startswith("auditreach") else None)
        one.terminal.end()


def line(one: CountedProgram, seconds: float, goal: float | None) -> None:
    """One line of the table; `goal` in KiB a second."""
    rate = one.total / seconds
    verdict = ""
    if goal is not None:
        verdict = "kept" if max(rate, one.worst if goal else 0) <= goal * 1024 else "MISSED"
    print(
        f"{one.name:<38} {seconds:>7.1f} {one.total:>8} {rate:>7.0f} {one.worst:>8}  {verdict}",
        flush=True,
    )


if __name__ == "__main__":
    main()

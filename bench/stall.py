"""Goal 12: a terminal that stalls for 6 s, and one that hangs up.

    python -m bench.stall [--seconds 6] [--rounds 3]

The whole application in a pty of 80x24 while 254 loopback hosts are measured again and again. The
terminal then takes nothing for six seconds. "Frozen" is the longest time in which an event loop,
the screen's or the engine's, did not come to a 5 ms timer of its own; the median of the rounds.
Without a stall it is the machine's share. The peer is the same application drawing as Textual does:
every frame into a queue of thirty, then waiting. "Measured" counts the results in the log of the
time of the stall, a second: a screen that measured nothing would not freeze either.

The second table is the real program with a row in flight, from the hang-up or signal to its end,
at rest and while its terminal takes nothing; its log must be intact with all 254 results.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from textual.drivers.linux_driver import LinuxDriver

from bench import command
from bench.terminal import Terminal, processor, python
from probes.session import read_session, verify
from tui.cli.parser import parse_options
from tui.cli.screen import build

MANY = "hyperv.host=127.77.0.0/24"
ROWS = 254
WAYS = ("hang-up", "SIGHUP", "SIGTERM")
_TICK = 0.005
_FREEZE = 0.1
_MAX_END = 2.0

LoopGaps = list[tuple[str, float, float]]
"""Whose loop, when it came back, and the seconds it had been away."""


def screen(folder: Path, *, lean: bool) -> None:
    """The application with a watch over both of its loops, until it is ended; in a pty."""
    gaps: LoopGaps = []
    app = build(parse_options(["--yes", "--run", "--log", str(folder / "log"), MANY]))
    if not lean:
        app.driver_class = LinuxDriver

    async def run() -> None:
        loop = asyncio.get_running_loop()
        _watch(loop.call_later, "screen", gaps)
        running = asyncio.create_task(app.run_async(mouse=False))
        while app.controller is None or not app.controller.has_session or app.main.measuring:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        engine = app.controller.engine._engine
        engine._call_in_loop(lambda: _watch(engine._loop.call_later, "engine", gaps))
        (folder / "ready").touch()
        while not (folder / "enough").exists():
            app.main.measure_again(app.main.panes.keys, forced=True)
            await asyncio.sleep(0.25)
        app.exit(0)
        await running

    asyncio.run(run())
    assert app.controller is not None
    app.controller.close()
    (folder / "gaps").write_text("\n".join(f"{name} {at} {gap}" for name, at, gap in gaps))


def _watch(call_later: Callable[..., object], name: str, gaps: LoopGaps) -> None:
    last = time.monotonic()

    def tick() -> None:
        nonlocal last
        now = time.monotonic()
        if now - last > 2 * _TICK:
            gaps.append((name, now, now - last - _TICK))
        last = now
        call_later(_TICK, tick)

    tick()


class Freeze(NamedTuple):
    """The longest freeze of each loop in seconds, the processor's share, and results a second."""

    screen: float
    engine: float
    processor: float
    measured: float


def freeze(lean: bool, seconds: float, *, stalled: bool) -> Freeze:
    """Measure again and again for some seconds, and what froze meanwhile."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        mode = "lean" if lean else "plain"
        terminal = Terminal(python("-m", "bench.stall", "--screen", mode, name), 80, 24)
        try:
            _until(terminal, lambda: (folder / "ready").exists())
            terminal.read(0.2, 2)
            if stalled:
                terminal.fill()
            earlier = results(folder / "log")
            began, used = time.monotonic(), processor(terminal.pid)
            while time.monotonic() < began + seconds:
                if stalled:
                    time.sleep(seconds)
                else:
                    terminal.read(0.05, 0.2)
            ended, used = time.monotonic(), processor(terminal.pid) - used
            measured = results(folder / "log") - earlier
            _until(terminal, lambda: time.monotonic() > ended + 1)
            (folder / "enough").touch()
            _until(terminal, lambda: (folder / "gaps").exists())
            longest = {"screen": 0.0, "engine": 0.0}
            for line in (folder / "gaps").read_text().splitlines():
                whose, at, gap = line.split()
                if began < float(at) < ended + 0.5:
                    longest[whose] = max(longest[whose], float(gap))
            return Freeze(**longest, processor=used / seconds, measured=measured / seconds)
        finally:
            terminal.end()


def results(log: Path) -> int:
    """Number of results that a log has so far."""
    text = log.read_bytes() if log.exists() else b""
    return text.count(b'"type":"result"') + text.count(b'"type":"unchanged"')


def _until(terminal: Terminal, happened: Callable[[], bool]) -> None:
    """Read what the terminal gets until then."""
    until = time.monotonic() + 30
    while not happened():
        if time.monotonic() > until:
            raise TimeoutError("it never came to that")
        if terminal.gone(0) and not happened():
            raise ChildProcessError(terminal.output[-2000:].decode(errors="replace"))
        terminal.read(0.05, 0.2)


def ending(how: str, *, stalled: bool) -> tuple[float, str]:
    """Seconds from the hang-up or the signal to the end, and what became of the log."""
    with tempfile.TemporaryDirectory() as name, socket.create_server(("127.0.0.1", 0)) as mute:
        log = Path(name) / "log"
        port = mute.getsockname()[1]
        words = ["--run", "--log", str(log), MANY, f"unix.target=127.0.0.1:{port}"]
        terminal = Terminal(python("-m", "tui", "--timeout", "60", *words), 80, 24)
        try:
            _until(terminal, lambda: results(log) >= ROWS)
            if stalled:
                terminal.fill()
            began = time.perf_counter()
            if how == "hang-up":
                terminal.hang_up()
            else:
                os.kill(terminal.pid, getattr(signal, how))
            while not terminal.gone(0.005):
                if terminal.descriptor >= 0 and not stalled:
                    terminal.read(0.005, 0.01)
            took = time.perf_counter() - began
        finally:
            terminal.end()
        session = read_session(log)
        sound = verify(log).intact and session.ended and len(session.results) == ROWS
        return took, "whole" if sound else "NOT WHOLE"


def main() -> int:
    """Print both tables; 1 if a goal is missed, in a smoke run only if what is shown is wrong."""
    parser = command.parser("bench.stall")
    parser.add_argument("--seconds", type=float, default=6.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--screen", nargs=2, metavar=("MODE", "FOLDER"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.screen:
        with contextlib.suppress(KeyboardInterrupt):
            screen(Path(given.screen[1]), lean=given.screen[0] == "lean")
        return 0
    if given.smoke:
        given.seconds, given.rounds = 0.5, 1
    missed, broken = report_stalls(given.seconds, given.rounds)
    late, unsound = report_ends(WAYS[:1] if given.smoke else WAYS)
    print(f"\nGoal 12: {'missed' if missed or late or broken or unsound else 'kept'}.")
    return int(broken or unsound or ((missed or late) and not given.smoke))


def report_stalls(seconds: float, rounds: int) -> tuple[bool, bool]:
    """Print the table of stalls; whether its goal is missed, and whether nothing was measured."""
    missed = broken = False
    print(f"\n| a stall of {seconds:g} s", end=" | ")
    print("screen frozen s | engine frozen s | CPU | measured |")
    print("|---|---:|---:|---:|---:|")
    for name, lean, stalled in (
        ("auditreach, not stalled", True, False),
        ("auditreach", True, True),
        ("the same, drawn by Textual", False, True),
    ):
        froze = [freeze(lean, seconds, stalled=stalled) for _ in range(rounds)]
        one = Freeze(*map(median, zip(*froze, strict=True)))
        print(
            f"| {name} | {one.screen:.3f} | {one.engine:.3f} | {one.processor:.0%} "
            f"| {one.measured:.0f} |"
        )
        missed |= lean and stalled and one.screen > _FREEZE
        broken |= lean and one.measured == 0
    print(f"\nGoal 12, the screen at most {_FREEZE:g} s.\n")
    return missed, broken


def report_ends(ways: Sequence[str]) -> tuple[bool, bool]:
    """Print the table of ends; whether the goal is missed, and whether a log is not whole."""
    missed = broken = False
    print("| gone after | s | its log |")
    print("|---|---:|---|")
    for how in ways:
        for stalled in (False, True):
            took, log = ending(how, stalled=stalled)
            print(f"| {how}{', nothing taken' if stalled else ''} | {took:.2f} | {log} |")
            missed |= how == "hang-up" and took > _MAX_END
            broken |= log != "whole"
    print(f"\nGoal 12, gone {_MAX_END:g} s after a hang-up.")
    return missed, broken


if __name__ == "__main__":
    sys.exit(main())

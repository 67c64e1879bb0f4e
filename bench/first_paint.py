"""Goal 8: the first screen against a minimal Textual application, in the same run.

`python -m bench.first_paint` starts both by turns in a pty of 80x24 and prints medians. Ours paints
twice: first lines before Textual is loaded, and the whole screen, which takes keys. CPU is the time
that the process had a processor until the whole screen, steadier than a clock on a busy machine.
Both are compiled, as what pip installs is, and ours starts as for the first time, whatever whoever
measures has chosen on his own screen.
"""

from __future__ import annotations

import compileall
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import command
from bench.terminal import Terminal, python

ROUNDS = 21
FIRST_WORDS = 0.1
"""Goal: seconds until the first words."""
WHOLE = 1.35
"""Goal: CPU time until the whole screen, as a multiple of the minimal application's."""
MINIMAL = """
from textual.app import App
from textual.widgets import Static
class Minimal(App):
    ENABLE_COMMAND_PALETTE = False
    def compose(self):
        yield Static("painted")
Minimal().run()
"""
PROGRAMS = {
    "minimal Textual app": (python("-c", MINIMAL), b"painted", b"painted"),
    "auditreach": (python("-m", "tui"), b"starting", b"F1 helps"),
}


class Start(NamedTuple):
    """Seconds, bytes and KiB; `later` are bytes sent in the 3 s after the first screen."""

    first: float
    whole: float
    cpu: float
    painted: int
    later: int
    resident: int


def once(
    argv: Sequence[str], first: bytes, whole: bytes, environ: Mapping[str, str], after: float
) -> Start:
    """Start a program once, to its first words, to the last of its screen, and for a while."""
    terminal = Terminal(argv, 80, 24, environ)
    try:
        began = terminal.until(first)
        seconds = terminal.until(whole)
        cpu, resident = on_processor(terminal.pid), terminal.resident()
        terminal.read(0.15)
        painted = len(terminal.output)
        terminal.read(after, after)
        return Start(began, seconds, cpu, painted, len(terminal.output) - painted, resident)
    finally:
        terminal.end()


def on_processor(pid: int) -> float:
    """Seconds that the threads of a process had a processor: nanoseconds count, not ticks."""
    threads = Path(f"/proc/{pid}/task").iterdir()
    return sum(int((one / "schedstat").read_text().split()[0]) for one in threads) / 1e9


def main() -> None:
    """Measure by turns and print the table."""
    given = command.parser("bench.first_paint").parse_args()
    rounds, after = (1, 0.2) if given.smoke else (ROUNDS, 3.0)
    # As pip leaves it. Where PYTHONDONTWRITEBYTECODE is set every start would compile them anew.
    for package in ("tui", "probes", "profiles"):
        compileall.compile_dir(Path(__file__).parent.parent / package, quiet=1)
    seen: dict[str, list[Start]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        environ = dict.fromkeys(("XDG_CONFIG_HOME", "XDG_STATE_HOME"), folder)
        for _ in range(rounds):
            for name, (argv, first, whole) in PROGRAMS.items():
                seen[name].append(once(argv, first, whole, environ, after))
    title = f"80x24, medians of {rounds}"
    print(f"{title:<24} first ms  whole ms  CPU ms  bytes  RSS MiB  after")
    middle = {}
    for name, starts in seen.items():
        one = Start(*(statistics.median(column) for column in zip(*starts, strict=True)))
        middle[name] = one
        print(
            f"{name:<24} {one.first * 1000:>8.0f} {one.whole * 1000:>9.0f} {one.cpu * 1000:>7.0f}"
            f" {one.painted:>6.0f} {one.resident / 1024:>8.1f}  {one.later:.0f} B"
        )
    ours, peer = middle["auditreach"], middle["minimal Textual app"]
    print(
        f"\nfirst words after {ours.first * 1000:.0f} ms (goal {FIRST_WORDS * 1000:.0f});"
        f"\nthe whole screen {ours.cpu / peer.cpu:.2f}x of the minimal app's CPU time "
        f"(goal {WHOLE}x), {ours.whole / peer.whole:.2f}x on the clock;"
        f"\nmemory {ours.resident / peer.resident:.2f}x (goal 1.2x), "
        f"{ours.painted:.0f} bytes (goal 4096)"
    )


if __name__ == "__main__":
    main()

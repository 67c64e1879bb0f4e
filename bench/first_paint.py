"""Goal 8: the first screen against a minimal Textual application, in the same run.

`python -m bench.first_paint` starts both by turns in a pty of 80x24 and prints medians.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from bench.terminal import Terminal, python

ROUNDS = 9
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
    "minimal Textual app": (python("-c", MINIMAL), b"painted"),
    "auditreach": (python("-m", "tui"), b"Hypervisors"),
}


def once(argv: Sequence[str], text: bytes) -> tuple[float, int, int, int]:
    """Seconds to the first paint, bytes of it, bytes in the next 3 s, resident KiB."""
    terminal = Terminal(argv, 80, 24)
    try:
        seconds = terminal.until(text)
        resident = terminal.resident()
        terminal.read(0.15)
        painted = len(terminal.output)
        terminal.read(3.0, 3.0)
        return seconds, painted, len(terminal.output) - painted, resident
    finally:
        terminal.end()


def main() -> None:
    """Measure by turns and print the table."""
    seen: dict[str, list[tuple[float, int, int, int]]] = {name: [] for name in PROGRAMS}
    for _ in range(ROUNDS):
        for name, (argv, text) in PROGRAMS.items():
            seen[name].append(once(argv, text))
    print(f"{'80x24, medians of ' + str(ROUNDS):<24} {'ms':>6} {'bytes':>7} {'RSS MiB':>8} after")
    middle = {}
    for name, rounds in seen.items():
        ms, painted, later, resident = (
            statistics.median(column) for column in zip(*rounds, strict=True)
        )
        middle[name] = (ms, resident)
        print(f"{name:<24} {ms * 1000:>6.0f} {painted:>7.0f} {resident / 1024:>8.1f} {later:.0f} B")
    ours, peer = middle["auditreach"], middle["minimal Textual app"]
    print(
        f"time {ours[0] / peer[0]:.2f}x (goal 1.15x), memory {ours[1] / peer[1]:.2f}x (goal 1.2x)"
    )


if __name__ == "__main__":
    main()

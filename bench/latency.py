"""Goal 4: the latency in the log is within 1 ms of the round trip at 1,000 in flight.

`python -m bench.latency`, as root. The truth is taken from the wire: the kernel's stamps on each
SYN and its answer. The peer is the clock around `asyncio.open_connection`, 1,000 in flight.

The kernel does not tell programs when a reset came: a latency of a refusal is within 1 ms too, or
the log says that it is a bound, which must hold.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time

from bench import command, lab
from bench.wire import round_trips
from probes.model import State

FLIGHT, GOAL = 1000, 1.0

Measured = list[tuple[str, int, str, float, bool]]
"""Host, port, clock, milliseconds, and True where that is a bound."""


async def naive(hosts: int) -> Measured:
    slots = asyncio.Semaphore(FLIGHT)
    found: Measured = []

    async def ask(host: str, port: int) -> None:
        async with slots:
            began = time.perf_counter()
            _, writer = await asyncio.open_connection(host, port)
            ms = (time.perf_counter() - began) * 1000
            found.append((host, port, "perf_counter", ms, False))
            writer.close()

    places = [(host, port) for port in lab.PORTS for host in lab.hosts(hosts)]
    opened = [place for place in places if lab.truth(*place) is State.OPEN]
    await asyncio.gather(*(ask(*place) for place in opened))
    return found


def compared(name: str, module: str, *arguments: str) -> list[str]:
    """Lines of the table, one a clock: what a program says beside what the wire said meanwhile."""
    with round_trips() as truth:
        words = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    measured = said if isinstance(said, list) else said["latencies"]
    known = [one for one in measured if (one[0], one[1]) in truth]
    assert len(known) > 0.9 * len(measured), "the capture lost too many packets to compare with"
    lines = []
    for clock in sorted({one[2] for one in known}):
        rows = [
            (ms, truth[host, port], at_most)
            for host, port, source, ms, at_most in known
            if source == clock
        ]
        lines.append(_line(f"{name} ({clock})", rows))
    return lines


def _line(name: str, rows: list[tuple[float, float, bool]]) -> str:
    """A line of the table for milliseconds, the truth, and True where the first is a bound."""
    off = sorted(abs(ms - wire) for ms, wire, at_most in rows if not at_most)
    bounds = [ms >= wire for ms, wire, at_most in rows if at_most]
    wire = statistics.median(wire for _, wire, _ in rows)
    within = f"{sum(one <= GOAL for one in off) / len(off):.2%}" if off else ""
    spread = [statistics.median(off), off[int(len(off) * 0.99)], off[-1]] if off else []
    cells = [f"{value:9.3f}" for value in spread] or [" " * 9] * 3
    held = f"{sum(bounds)} of {len(bounds)}" if bounds else ""
    return (
        f"| {name:36} | {len(rows):5} | {wire:7.3f} | {' | '.join(cells)} | {within:>11} "
        f"| {held:>15} |"
    )


def main() -> None:
    parser = command.parser("bench.latency")
    parser.add_argument("--naive", type=int, metavar="HOSTS", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.naive:
        print(json.dumps(asyncio.run(naive(given.naive))))
        return
    lab.enter("bench.latency")
    hosts = str(lab.FEW_HOSTS if given.smoke else lab.HOSTS)
    sweep = ("bench.sweep", hosts, str(FLIGHT), "1", "--latencies")
    with lab.listening():
        rows = [
            *compared("the session log", *sweep),
            *compared("peer: asyncio", "bench.latency", "--naive", hosts),
        ]
    print(f"Open and refused ports, {FLIGHT} in flight; milliseconds away from the wire\n")
    print(
        "| clock                                | ports | wire ms | off, half | off, p99  | worst"
        "     | within 1 ms | bounds, held by |\n"
        "|--------------------------------------|------:|--------:|----------:|----------:|------"
        "----:|------------:|----------------:|"
    )
    print("\n".join(rows))
    print("\nGoal: all of the log within 1 ms, or a bound that holds.")


if __name__ == "__main__":
    main()

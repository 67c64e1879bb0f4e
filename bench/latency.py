"""Goal 4: the latency in the log is within 1 ms of the round trip at 1,000 in flight.

`python -m bench.latency`, as root. The truth is taken from the wire: the kernel's stamps on each
SYN and its SYN-ACK. The peer is the clock around `asyncio.open_connection`, 1,000 in flight.
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

Measured = list[tuple[str, int, str, float]]
"""Host, port, clock and milliseconds."""


async def naive(hosts: int) -> Measured:
    slots = asyncio.Semaphore(FLIGHT)
    found: Measured = []

    async def ask(host: str, port: int) -> None:
        async with slots:
            began = time.perf_counter()
            _, writer = await asyncio.open_connection(host, port)
            found.append((host, port, "perf_counter", (time.perf_counter() - began) * 1000))
            writer.close()

    places = [(host, port) for port in lab.PORTS for host in lab.hosts(hosts)]
    opened = [place for place in places if lab.truth(*place) is State.OPEN]
    await asyncio.gather(*(ask(*place) for place in opened))
    return found


def compared(name: str, module: str, *arguments: str) -> str:
    """A line of the table: what a program says beside what the wire said at the same time."""
    with round_trips() as truth:
        words = [sys.executable, "-m", module, *arguments]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    measured = said if isinstance(said, list) else said["latencies"]
    off = sorted(
        abs(ms - truth[host, port]) for host, port, _, ms in measured if (host, port) in truth
    )
    assert len(off) > 0.9 * len(measured), "the capture lost too many packets to compare with"
    clocks = " ".join(sorted({clock for _, _, clock, _ in measured}))
    within = sum(one <= GOAL for one in off) / len(off)
    wire = statistics.median(truth.values())
    return (
        f"| {f'{name} ({clocks})':36} | {len(off):5} | {wire:7.3f} | {statistics.median(off):9.3f} "
        f"| {off[int(len(off) * 0.99)]:9.3f} | {off[-1]:9.3f} | {within:11.2%} |"
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
            compared("the session log", *sweep),
            compared("peer: asyncio", "bench.latency", "--naive", hosts),
        ]
    print(f"Open ports, {FLIGHT} in flight; milliseconds away from the wire\n")
    print(
        "| clock                                | ports | wire ms | off, half | off, p99  | worst"
        "     | within 1 ms |\n"
        "|--------------------------------------|------:|--------:|----------:|----------:|------"
        "----:|------------:|"
    )
    print("\n".join(rows))
    print("\nGoal: all of the log within 1 ms.")


if __name__ == "__main__":
    main()

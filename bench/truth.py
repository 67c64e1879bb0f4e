"""Goal 3: no wrong state at 4,000 in flight, nor with a busy loop in the thread of the screen.

`python -m bench.truth [ROUNDS]`, as root. The peer is what a simple program would do: a task and an
`asyncio.open_connection` an endpoint, the same number in flight and the same second of patience.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from functools import partial

from bench import command, lab
from probes.model import State

FLIGHT = 4000


def ours(hosts: int, *more: str) -> tuple[float, int]:
    words = [sys.executable, "-m", "bench.sweep", str(hosts), str(FLIGHT), "1", *more]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    said = json.loads(done.stdout)
    return said["seconds"], said["wrong"]


async def naive(hosts: int) -> int:
    slots = asyncio.Semaphore(FLIGHT)

    async def state(host: str, port: int) -> State:
        async with slots:
            try:
                async with asyncio.timeout(1):
                    _, writer = await asyncio.open_connection(host, port)
            except TimeoutError:
                return State.FILTERED
            except OSError:
                return State.CLOSED
            writer.close()
            return State.OPEN

    places = [(host, port) for port in lab.PORTS for host in lab.hosts(hosts)]
    states = await asyncio.gather(*(state(*place) for place in places))
    return sum(lab.truth(*place) is not seen for place, seen in zip(places, states, strict=True))


def peer(hosts: int) -> tuple[float, int]:
    words = [sys.executable, "-m", "bench.truth", "--naive", str(hosts)]
    began = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    return time.monotonic() - began, int(done.stdout)


def main() -> None:
    parser = command.parser("bench.truth")
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    parser.add_argument("--naive", type=int, metavar="HOSTS", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.naive:
        print(asyncio.run(naive(given.naive)))
        return
    lab.enter("bench.truth")
    hosts, rounds = (lab.FEW_HOSTS, 1) if given.smoke else (lab.HOSTS, given.rounds)
    ways = {
        "auditreach": partial(ours, hosts),
        "auditreach, screen's thread spinning": partial(ours, hosts, "--busy"),
        "peer: open_connection, a task each": partial(peer, hosts),
    }
    took: dict[str, list[tuple[float, int]]] = {name: [] for name in ways}
    with lab.listening():
        for _ in range(rounds):
            for name, way in ways.items():
                took[name].append(way())
    count = hosts * len(lab.PORTS)
    print(f"{count} endpoints, {FLIGHT} in flight, {rounds} rounds\n")
    print("| what                                 | wall s | wrong, worst round | goal |")
    print("|--------------------------------------|-------:|-------------------:|-----:|")
    for name, all_of in took.items():
        wall = sorted(seconds for seconds, _ in all_of)[rounds // 2]
        goal = "0" if name.startswith("auditreach") else ""
        worst = max(wrong for _, wrong in all_of)
        print(f"| {name:36} | {wall:6.2f} | {worst:18} | {goal:>4} |")


if __name__ == "__main__":
    main()

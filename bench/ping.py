"""Goal 5: a ping sweep of 1,000 hosts against fping, on loopback and over a cable.

`python -m bench.ping [ROUNDS]`, as root. Whole processes, interleaved, medians. fping's usual pause
of 10 ms between two hosts makes 10 s of 1,000; the peer here is fping without any (`-i 0`).
"""

from __future__ import annotations

import asyncio
import atexit
import json
import queue
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from bench import command
from probes.engine.plan import plan
from probes.engine.thread import Engine
from probes.model import Event, Finished, Result, State, Target
from probes.registry import PROBES
from probes.session import SessionLog, new_header
from probes.settings import Settings
from probes.vantage.local.vantage import LocalVantage
from profiles.loader import load_profile

GOAL = 1.0
PROFILE = """id = "ping"
name = "Ping"
version = "1"
source = "bench"
url = "https://example.org"
[[category]]
id = "ping"
title = "Ping"
[[role]]
id = "host"
title = "Host"
category = "ping"
[[check]]
id = "host.ping"
category = "ping"
role = "host"
title = "Ping"
probe = "ping"
transport = "icmp"
purpose = "Is it up?"
consequence = "Unknown."
fix = "Allow it."
"""
OURS, ENGINE, BARE = "auditreach run", "its engine, without Python's start", "LocalVantage alone"
PEER, USUAL = "fping -i 0", "fping, its usual 10 ms apart"
NETWORKS = {"loopback": "127.1", "cable": "10.99"}

Sweeper = Callable[[Path, Sequence[str], float], int]
"""Asks these hosts with so much patience; returns how many are alive."""


class Sweep(NamedTuple):
    """Task of every program."""

    hosts: int = 1000
    dead: int = 100
    """Number of hosts that do not answer, where some do not."""
    patience: float = 1.0
    """Seconds one attempt has; everybody makes two of them where nobody answers."""

    def names(self, network: str, dead: int) -> list[str]:
        """The addresses, of which the last ones do not answer."""
        alive = range(1, self.hosts + 1 - dead)
        answering = [f"{NETWORKS[network]}.{n >> 8}.{n & 255}" for n in alive]
        return answering + [f"{NETWORKS[network]}.9.{n}" for n in range(1, dead + 1)]


def enter() -> None:
    """Start again in a namespace of its own, with another one at the far end of a cable."""
    command.enter("bench.ping", "nsenter", "nft", "fping")
    far = subprocess.Popen(["unshare", "--net", "--", "sleep", "infinity"])
    atexit.register(far.kill)
    inside = ["nsenter", "--net", "-t", str(far.pid), "--"]
    own = Path("/proc/self/ns/net").readlink()
    while Path(f"/proc/{far.pid}/ns/net").readlink() == own:
        time.sleep(0.01)
    near = (
        f"ip link add near type veth peer name far netns {far.pid}",
        "ip address add 10.98.0.1/30 dev near",
        "ip link set near up",
        "ip route add 10.99.0.0/16 via 10.98.0.2",
        "nft add table ip t",
        "nft add chain ip t c { type filter hook input priority 0 ; }",
        "nft add rule ip t c ip daddr 127.1.9.0/24 icmp type echo-request drop",
    )
    beyond = (
        "ip link set lo up",
        "ip address add 10.98.0.2/30 dev far",
        "ip link set far up",
        # Every address below answers, and those of 10.99.9 are dropped.
        "ip route add local 10.99.0.0/16 dev lo",
        "nft add table ip t",
        "nft add chain ip t c { type filter hook input priority 0 ; }",
        "nft add rule ip t c ip daddr 10.99.9.0/24 drop",
    )
    # One end can be set up when the cable is there.
    subprocess.run(near[0].split(), check=True)
    for words in beyond:
        subprocess.run([*inside, *words.split()], check=True)
    for words in near[1:]:
        subprocess.run(words.split(), check=True)


def whole(folder: Path, names: Sequence[str], patience: float) -> int:
    """Run the program; how many it found alive."""
    listed = folder / "hosts"
    listed.write_text("\n".join(names))
    words = ["run", "--profile", str(folder / "ping.toml"), "--json", "--yes"]
    words += ["--timeout", str(patience), "--log", str(folder / f"log{time.monotonic_ns()}")]
    done = subprocess.run(
        [sys.executable, "-m", "tui", *words, f"host=@{listed}"],
        capture_output=True,
        text=True,
        check=False,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return sum(one["type"] == "result" and one["state"] == "open" for one in records)


def engine(folder: Path, names: Sequence[str], patience: float) -> int:
    """Measure as `auditreach run` does, in this process: engine, judge, session log and queue."""
    profile = load_profile(folder / "ping.toml", {"ping": "icmp"})
    targets = [Target("host", name) for name in names]
    events: queue.SimpleQueue[Sequence[Event]] = queue.SimpleQueue()
    settings = Settings(timeout=patience)
    made = Engine(LocalVantage, PROBES, events.put)
    log = SessionLog.create(folder / f"log{time.monotonic_ns()}")
    log.write_header(new_header(profile, made.info(), settings, {}, targets))
    made.begin(profile, {}, settings, [log])
    made.add(plan(profile, targets))
    alive, done = 0, False
    while not done:
        for event in events.get():
            alive += isinstance(event, Result) and event.observation.state is State.OPEN
            done = done or isinstance(event, Finished)
    made.close()
    log.close()
    return alive


def bare(folder: Path, names: Sequence[str], patience: float) -> int:
    """Only the shared ICMP socket, two attempts each where nobody answers."""

    async def sweep() -> int:
        vantage = LocalVantage()

        async def twice(name: str) -> bool:
            for _ in range(2):
                if (await vantage.ping(name, patience)).state is State.OPEN:
                    return True
            return False

        try:
            return sum(await asyncio.gather(*map(twice, names)))
        finally:
            await vantage.close()

    return asyncio.run(sweep())


def fping(*pause: str) -> Sweeper:
    def ask(folder: Path, names: Sequence[str], patience: float) -> int:
        attempts = ["-r", "1", "-B", "1", "-t", str(int(patience * 1000))]
        done = subprocess.run(
            ["fping", "-a", *pause, *attempts],
            input="\n".join(names),
            capture_output=True,
            text=True,
            check=False,
        )
        return len(done.stdout.split())

    return ask


WAYS: dict[str, Sweeper] = {
    OURS: whole,
    ENGINE: engine,
    BARE: bare,
    PEER: fping("-i", "0"),
    USUAL: fping(),
}


def main() -> None:
    parser = command.parser("bench.ping")
    parser.add_argument("rounds", type=int, nargs="?", default=5)
    given = parser.parse_args()
    enter()
    sweep, rounds = (Sweep(20, 2, 0.2), 1) if given.smoke else (Sweep(), given.rounds)
    print(f"{sweep.hosts} hosts, median of {rounds}\n")
    print("| where, and hosts that drop | what | ms | alive | ratio to fping -i 0 | goal |")
    print("|---|---|---:|---:|---:|---|")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "ping.toml").write_text(PROFILE)
        for network in NETWORKS:
            for dead in (0, sweep.dead):
                compared(folder, network, sweep, dead, rounds)


def compared(folder: Path, network: str, sweep: Sweep, dead: int, rounds: int) -> None:
    """The lines of the table for one network."""
    names = sweep.names(network, dead)
    took: dict[str, list[float]] = {name: [] for name in WAYS}
    alive: dict[str, int] = {}
    for _ in range(rounds):
        for name, way in WAYS.items():
            began = time.monotonic()
            alive[name] = way(folder, names, sweep.patience)
            took[name].append((time.monotonic() - began) * 1000)
    middle = {name: statistics.median(all_of) for name, all_of in took.items()}
    for name, ms in middle.items():
        ratio = f"{ms / middle[PEER]:.2f}x"
        goal = f"<= {GOAL}x" if name == OURS else ""
        print(f"| {network}, {dead} | {name} | {ms:.0f} | {alive[name]} | {ratio} | {goal} |")


if __name__ == "__main__":
    main()

"""Goals 1 and 2: 10,000 endpoints against nmap -sT: wall time, CPU, memory, and the truth.

`python -m bench.connects [ROUNDS]`, as root. 2,000 hosts with two open, two refused and one
dropped port each; whole processes, interleaved, medians. CPU is the whole process's; `net` is
without what the same program needs for 20 hosts, which is its start.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bench import command, lab

FEW = 20
NMAP = ["nmap", "-sT", "-n", "-Pn", "-oX", "-", "-p", ",".join(map(str, lab.PORTS))]
PATIENCE = ["--min-parallelism", "500", "--max-parallelism", "500", "--max-retries", "0"]
for one in ("min", "max", "initial"):
    PATIENCE += [f"--{one}-rtt-timeout", "1s"]
# As wide as it goes; left to itself nmap goes through the hosts in smaller groups.
WIDE = [*PATIENCE, "--min-hostgroup", str(lab.HOSTS)]


EQUAL, DEFAULT = "auditreach, 500 in flight", "auditreach, 1,000 in flight"
PEER, USUAL = "nmap -sT, 500 in flight", "nmap -sT -T4"


@dataclass(frozen=True)
class Measurement:
    wall: float
    cpu: float
    rss: float
    wrong: int


# A process inherits the peak memory of whoever started it, so something small must do that.
LAUNCH = """
import os, sys
child = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
_, status, usage = os.wait4(child, 0)
print("", usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=sys.stderr)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def measured(program: list[str], form: str) -> Measurement:
    """Run a command whose output counts (`json`) or shows (`xml`) the states it saw."""
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LAUNCH, *program],
        capture_output=True,
        text=True,
        check=True,
    )
    wall = time.monotonic() - began
    cpu, kib = done.stderr.split()[-2:]
    wrong = (
        json.loads(done.stdout)["wrong"] if form == "json" else wrong_states_of_nmap(done.stdout)
    )
    return Measurement(wall, float(cpu), int(kib) / 1024, wrong)


def wrong_states_of_nmap(text: str) -> int:
    wrong = 0
    for host in ET.fromstring(text).iter("host"):
        address = host.find("address")
        assert address is not None
        states = {
            int(port.attrib["portid"]): state.attrib["state"]
            for port in host.iter("port")
            for state in port.iter("state")
        }
        name = address.attrib["addr"]
        wrong += sum(states.get(port) != lab.truth(name, port) for port in lab.PORTS)
    return wrong


def ours(flight: int, hosts: int) -> Measurement:
    return measured([sys.executable, "-m", "bench.sweep", str(hosts), str(flight), "1"], "json")


def nmap(options: list[str], hosts: int) -> Measurement:
    return measured([*NMAP, *options, *lab.hosts(hosts)], "xml")


def main() -> None:
    parser = command.parser("bench.connects")
    parser.add_argument("rounds", type=int, nargs="?", default=3)
    given = parser.parse_args()
    lab.enter("bench.connects", "nmap")
    hosts, rounds = (lab.FEW_HOSTS, 1) if given.smoke else (lab.HOSTS, given.rounds)
    ways: dict[str, Callable[[int], Measurement]] = {
        EQUAL: partial(ours, 500),
        DEFAULT: partial(ours, 1000),
        PEER: partial(nmap, PATIENCE),
        "the same, all hosts at once": partial(nmap, WIDE),
        USUAL: partial(nmap, ["-T4"]),
    }
    took: dict[str, list[Measurement]] = {name: [] for name in ways}
    few: dict[str, list[Measurement]] = {name: [] for name in ways}
    with lab.listening():
        for _ in range(rounds):
            for name, way in ways.items():
                few[name].append(way(FEW))
                took[name].append(way(hosts))
    report(
        {name: median_of(all_of) for name, all_of in took.items()},
        {name: median_of(all_of) for name, all_of in few.items()},
        hosts,
        rounds,
    )


def median_of(all_of: list[Measurement]) -> Measurement:
    """The medians, and the worst round's wrong states."""
    return Measurement(
        statistics.median(one.wall for one in all_of),
        statistics.median(one.cpu for one in all_of),
        statistics.median(one.rss for one in all_of),
        max(one.wrong for one in all_of),
    )


def report(
    took: dict[str, Measurement], few: dict[str, Measurement], hosts: int, rounds: int
) -> None:
    endpoints = hosts * len(lab.PORTS)
    print(f"{endpoints} endpoints, median of {rounds}\n")
    print("| what                        | wall s | CPU us each |  net | RSS MB | wrong |")
    print("|-----------------------------|-------:|------------:|-----:|-------:|------:|")
    net = {}
    for name, one in took.items():
        cpu = one.cpu / endpoints * 1e6
        net[name] = (one.cpu - few[name].cpu) / (endpoints - FEW * len(lab.PORTS)) * 1e6
        print(
            f"| {name:27} | {one.wall:6.2f} | {cpu:11.0f} | {net[name]:4.0f} | {one.rss:6.1f} "
            f"| {one.wrong:5} |"
        )
    equal, peer = took[EQUAL], took[PEER]
    print("\n| ratio                                  |  now | goal   |")
    print("|----------------------------------------|-----:|--------|")
    for what, ratio, goal in (
        ("wall, equal patience", equal.wall / peer.wall, 0.8),
        ("wall, both at their usual width (-T4)", took[DEFAULT].wall / took[USUAL].wall, 0.3),
        ("CPU of the process, equal patience", equal.cpu / peer.cpu, 2.0),
        ("CPU net of the start", net[EQUAL] / net[PEER], 2.0),
        ("peak memory, equal patience", equal.rss / peer.rss, 3.0),
    ):
        print(f"| {what:38} | {ratio:4.2f} | <= {goal} |")


if __name__ == "__main__":
    main()

"""Goals 1 and 2: 10,000 endpoints against nmap -sT: wall time, CPU, memory, and the truth.

`python -m bench.connects [ROUNDS]`, as root. 2,000 hosts with two open, two refused and one
dropped port each; whole processes, interleaved, medians.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from dataclasses import dataclass

from bench import lab

ENDPOINTS = lab.HOSTS * len(lab.PORTS)
NMAP = ["nmap", "-sT", "-n", "-Pn", "-oX", "-", "-p", ",".join(map(str, lab.PORTS))]
PATIENCE = ["--min-parallelism", "500", "--max-parallelism", "500", "--max-retries", "0"]
for one in ("min", "max", "initial"):
    PATIENCE += [f"--{one}-rtt-timeout", "1s"]
# As wide as it goes; left to itself nmap goes through the hosts in smaller groups.
WIDE = [*PATIENCE, "--min-hostgroup", str(lab.HOSTS)]


@dataclass(frozen=True)
class Took:
    wall: float
    cpu: float
    rss: float
    wrong: int


def measured(command: list[str], wrong_in: str) -> Took:
    """Run a command; `wrong_in` tells how its output counts wrong states."""
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        text = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"{command[:4]} ended with {process.returncode}"
    wrong = json.loads(text)["wrong"] if wrong_in == "json" else wrong_of_nmap(text)
    return Took(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, wrong)


def wrong_of_nmap(text: str) -> int:
    right = 0
    for host in ET.fromstring(text).iter("host"):
        address = host.find("address")
        assert address is not None
        for port in host.iter("port"):
            state = port.find("state")
            assert state is not None
            truth = lab.truth(address.attrib["addr"], int(port.attrib["portid"]))
            right += state.attrib["state"] == truth
    return ENDPOINTS - right


def main() -> None:
    lab.enter("bench.connects")
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    named = tempfile.NamedTemporaryFile("w", suffix=".hosts")
    ours = [sys.executable, "-m", "bench.sweep", str(lab.HOSTS)]
    ways = {
        "auditreach, 500 in flight": ([*ours, "500", "1"], "json"),
        "auditreach, 1,000 in flight": ([*ours, "1000", "1"], "json"),
        "nmap -sT, 500 in flight": ([*NMAP, *PATIENCE, "-iL", listed], "xml"),
        "the same, all hosts at once": ([*NMAP, *WIDE, "-iL", listed], "xml"),
        "nmap -sT -T4": ([*NMAP, "-T4", "-iL", listed], "xml"),
    }
    took: dict[str, list[Took]] = {name: [] for name in ways}
    with lab.listening():
        for _ in range(rounds):
            for name, (command, form) in ways.items():
                took[name].append(measured(command, form))
    report(took, rounds)


def report(took: dict[str, list[Took]], rounds: int) -> None:
    print(f"{ENDPOINTS} endpoints, median of {rounds}\n")
    print("| what                        | wall s | CPU us each | RSS MB | wrong |")
    print("|-----------------------------|-------:|------------:|-------:|------:|")
    middle = {}
    for name, all_of in took.items():
        one = middle[name] = Took(
            statistics.median(each.wall for each in all_of),
            statistics.median(each.cpu for each in all_of),
            statistics.median(each.rss for each in all_of),
            max(each.wrong for each in all_of),
        )
        cpu = one.cpu / ENDPOINTS * 1e6
        print(f"| {name:27} | {one.wall:6.2f} | {cpu:11.0f} | {one.rss:6.1f} | {one.wrong:5} |")
    ours, peer, usual = (
        middle[name]
        for name in ("auditreach, 500 in flight", "nmap -sT, 500 in flight", "nmap -sT -T4")
    )
    print("\n| ratio                          | now  | goal  |")
    print("|--------------------------------|-----:|------:|")
    for name, ratio, goal in (
        ("wall, equal patience", ours.wall / peer.wall, 0.8),
        ("wall, against its -T4 default", ours.wall / usual.wall, 0.3),
        ("CPU, equal patience", ours.cpu / peer.cpu, 2.0),
        ("peak memory, equal patience", ours.rss / peer.rss, 3.0),
    ):
        print(f"| {name:30} | {ratio:4.2f} | <= {goal} |")


if __name__ == "__main__":
    main()

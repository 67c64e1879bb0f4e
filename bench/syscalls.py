"""Goal 11: at most 8 system calls a bare TCP probe, a count that load cannot bend.

`python -m bench.syscalls`, as root, with strace. Counted with `strace -f -c` at two sizes; the
difference between them is what the probes cost and not the start, divided by the connects made.
Waiting is counted in a run of its own: slowed down by the tracer at every call, a loop would wait
more often. The peer is nmap -sT.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from bench import command, lab

SMALL, LARGE = 400, 2000
FLIGHT = "500"
WAITS = "epoll_wait,epoll_pwait,poll,ppoll,select,pselect6,futex"


def ours(count: int) -> list[str]:
    return [sys.executable, "-m", "bench.sweep", str(count), FLIGHT, "1"]


def nmap(count: int) -> list[str]:
    ports = ",".join(map(str, lab.PORTS))
    patience = ["--min-parallelism", FLIGHT, "--max-parallelism", FLIGHT, "--max-retries", "0"]
    patience += ["--max-rtt-timeout", "1s", "--initial-rtt-timeout", "1s"]
    return ["nmap", "-sT", "-n", "-Pn", "-p", ports, *patience, *lab.hosts(count)]


def counted(program: list[str], which: str) -> Counter[str]:
    """System calls by name, of all threads."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder, "table")
        strace = ["strace", "-f", "--seccomp-bpf", "-c", "-U", "calls,name", "-o", str(table)]
        words = [*strace, "-e", f"trace={which}", *program]
        subprocess.run(words, check=True, capture_output=True)
        rows = [line.split() for line in table.read_text().splitlines()]
    calls = {row[1]: int(row[0]) for row in rows if len(row) == 2 and row[0].isdigit()}
    calls.pop("total", None)
    return Counter(calls)


def each(program: Callable[[int], list[str]], small: int, large: int) -> dict[str, float]:
    """System calls a connect, without those of the start."""
    more: Counter[str] = Counter()
    for which in (WAITS, f"!{WAITS}"):
        more += counted(program(large), which)
        more.subtract(counted(program(small), which))
    connects = more["connect"]
    return {name: count / connects for name, count in more.most_common() if count > 0}


def main() -> None:
    given = command.parser("bench.syscalls").parse_args()
    lab.enter("bench.syscalls", "nmap", "strace")
    small, large = (lab.FEW_HOSTS // 4, lab.FEW_HOSTS) if given.smoke else (SMALL, LARGE)
    with lab.listening():
        found = {
            "auditreach": each(ours, small, large),
            "nmap -sT": each(nmap, small, large),
        }
    print(f"System calls a connect, {small} and {large} hosts, {len(lab.PORTS)} ports each\n")
    print("| system call  | auditreach | nmap -sT |")
    print("|--------------|-----------:|---------:|")
    names = {name: None for calls in found.values() for name in calls}
    for name in names:
        values = [calls.get(name, 0) for calls in found.values()]
        if max(values) >= 0.05:
            print(f"| {name:12} | {values[0]:10.2f} | {values[1]:8.2f} |")
    totals = [sum(calls.values()) for calls in found.values()]
    print(f"| all          | {totals[0]:10.2f} | {totals[1]:8.2f} |\n\nGoal: at most 8.")


if __name__ == "__main__":
    main()

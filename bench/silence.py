"""Goal 13: a Windows target that drops everything, from start to verdict, and what was sent to it.

`python -m bench.silence [ROUNDS]`, as root. The peer is nmap, asked the same ports: a connect scan
and a UDP scan, one after the other.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench import command

GOAL = 7.0
"""Seconds to the verdict."""
EARLIER = {"tcp": 32, "udp": 4}
"""Packets that two attempts one after the other took, on a system that sends a SYN every second."""
HOST = "127.66.1.1"
OURS, PEER = "auditreach run", "nmap -sT and -sU of the same ports"
_RULES = f"""table ip silence {{
    counter sent_tcp {{ }}
    counter sent_udp {{ }}
    chain input {{
        type filter hook input priority filter; policy accept;
        ip daddr {HOST} ip protocol tcp counter name sent_tcp drop
        ip daddr {HOST} ip protocol udp counter name sent_udp drop
        ip daddr {HOST} drop
    }}
}}"""

Packets = dict[str, int]


def ours(*more: str) -> tuple[float, Packets, dict[str, list[int]]]:
    """Seconds of one run, the packets that it sent, and the ports asked by transport."""
    with tempfile.TemporaryDirectory() as folder:
        words = [sys.executable, "-m", "tui", "run", "--json", "--log", str(Path(folder) / "log")]
        seconds, said = timed([*words, *more, f"windows.target={HOST}"])
    records = [json.loads(line) for line in said.splitlines()]
    if not any(record["type"] == "verdict" for record in records):
        sys.exit("auditreach gave no verdict.")
    asked: dict[str, list[int]] = {"tcp": [], "udp": []}
    for record in records:
        if record["type"] == "result" and record["attempts"]:
            asked[record["transport"]].append(record["port"])
    return seconds, packets(), asked


def nmap(asked: dict[str, list[int]]) -> tuple[float, Packets]:
    """Seconds of the peer's two scans, and the packets that they sent."""
    took = 0.0
    for scan, transport in (("-sT", "tcp"), ("-sU", "udp")):
        ports = ",".join(map(str, sorted(asked[transport])))
        took += timed(["nmap", "-n", "-Pn", scan, "-p", ports, HOST])[0]
    return took, packets()


def timed(words: list[str]) -> tuple[float, str]:
    began = time.monotonic()
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return time.monotonic() - began, done.stdout or sys.exit(f"{words[:3]}: {done.stderr}")


def packets() -> Packets:
    """Packets since the last call, by transport."""
    words = ["nft", "--json", "reset", "counters", "table", "ip", "silence"]
    said = json.loads(subprocess.run(words, capture_output=True, text=True, check=True).stdout)
    counters = [one["counter"] for one in said["nftables"] if "counter" in one]
    return {one["name"].removeprefix("sent_"): int(one["packets"]) for one in counters}


def main() -> None:
    parser = command.parser("bench.silence")
    parser.add_argument("rounds", nargs="?", type=int, default=3)
    options = parser.parse_args()
    command.enter("bench.silence", "nft", "nmap")
    subprocess.run(["nft", "-f", "-"], input=_RULES, text=True, check=True)
    took: dict[str, list[float]] = {OURS: [], PEER: []}
    sent: dict[str, Packets] = {}
    short = ("--timeout", "0.5") if options.smoke else ()
    for _ in range(1 if options.smoke else options.rounds):
        seconds, sent[OURS], asked = ours(*short)
        took[OURS].append(seconds)
        seconds, sent[PEER] = nmap(asked)
        took[PEER].append(seconds)
    print("| what | s | SYN | datagrams | goal |\n|---|---:|---:|---:|---|")
    for name, seconds_of in took.items():
        tcp, udp = sent[name]["tcp"], sent[name]["udp"]
        middle = statistics.median(seconds_of)
        print(f"| {name} | {middle:.1f} | {tcp} | {udp} | {goal(name)} |")


def goal(name: str) -> str:
    if name != OURS:
        return ""
    return f"at most {GOAL:g} s, {EARLIER['tcp']} SYN and {EARLIER['udp']} datagrams"


if __name__ == "__main__":
    main()

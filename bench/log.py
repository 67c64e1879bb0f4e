"""Goal 10: the session log. 100,000 results under 15 us each, opened in under 2 s.

`python -m bench.log [ROWS]`; the peer is json.dumps of a plain dict of the same content and
file.write, read back with json.loads, in the same run and interleaved.
"""

from __future__ import annotations

import gc
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

from bench import command
from probes.model import (
    Evidence,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
    VantageInfo,
)
from probes.session import SessionLog, new_header, read_session
from probes.settings import Settings
from profiles.model import Check, Profile

BATCH = 50
ROUNDS = 5


class Measurement(NamedTuple):
    wall: float
    cpu: float


def checks() -> tuple[Check, ...]:
    ports = {"windows.ldap": 389, "windows.winrm": 5985, "unix.ssh": 22, "esxi.https": 443}
    return tuple(
        Check(id, "c", "role", id[:12], "tcp", "tcp", "purpose", "consequence", "fix", port)
        for id, port in ports.items()
    )


def rows(count: int, profile: Profile) -> list[Result]:
    made = []
    for number in range(count):
        check = profile.checks[number % 4]
        address = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        target = Target("role", f"host-{number}.example.com")
        job = Job(f"{check.id}|{target.label}", check, target, check.port)
        made.append((_silent, _open, _refused, _open)[number % 4](job, address))
    return made


def _open(job: Job, address: str) -> Result:
    seen = Observation(
        State.OPEN,
        Reason.SYN_ACK,
        Service.CONFIRMED,
        address,
        "10.0.0.9",
        latency_ms=0.417,
        latency_source="kernel",
        timings_ms={"resolve": 1.204, "connect": 0.433, "answer": 2.71},
        started="2026-01-31T12:00:00.123+01:00",
        facts={"summary": "SSH-2.0-OpenSSH_9.2p1", "hostkey": {"type": "ssh-ed25519", "bits": 256}},
        evidence=(Evidence(address, "TCP connect to port 22", "", "open", "syn-ack", 1.2),),
    )
    return Result(job, Status.OK, "OpenSSH 9.2p1 answered.", seen)


def _silent(job: Job, address: str) -> Result:
    tries = tuple(
        Evidence(address, "TCP connect to port 389", "", "filtered", "no-response", at)
        for at in (1.2, 4001.3)
    )
    seen = Observation(
        State.FILTERED,
        Reason.NO_RESPONSE,
        address=address,
        source="10.0.0.9",
        timings_ms={"resolve": 1.204},
        started="2026-01-31T12:00:00.123+01:00",
        attempts=2,
        evidence=tries,
    )
    return Result(job, Status.BLOCKED, "No answer: a firewall drops it.", seen)


def _refused(job: Job, address: str) -> Result:
    icmp = Icmp(3, 13, "10.0.0.1")
    said = Evidence(
        address, "TCP connect to port 22", "", "filtered", "admin-prohibited", 1.2, icmp, 113
    )
    seen = Observation(
        State.FILTERED,
        Reason.ADMIN_PROHIBITED,
        address=address,
        source="10.0.0.9",
        icmp=icmp,
        timings_ms={"resolve": 1.204},
        started="2026-01-31T12:00:00.123+01:00",
        evidence=(said,),
    )
    return Result(job, Status.BLOCKED, "10.0.0.1 forbids it.", seen)


def timed(work: Callable[[], object]) -> Measurement:
    gc.collect()
    wall, cpu = time.perf_counter(), time.process_time()
    kept = work()
    took = Measurement(time.perf_counter() - wall, time.process_time() - cpu)
    del kept
    return took


def write(path: Path, made: list[Result], batch: int, profile: Profile) -> Measurement:
    path.unlink(missing_ok=True)
    log = SessionLog.create(path)
    log.write_header(new_header(profile, VantageInfo("local", "here"), Settings(), {}, ()))

    def work() -> None:
        for start in range(0, len(made), batch):
            log.write_results(made[start : start + batch])

    took = timed(work)
    log.close()
    return took


def write_plain(path: Path, dicts: list[dict[str, object]]) -> Measurement:
    with path.open("w", encoding="utf-8") as file:

        def work() -> None:
            for start in range(0, len(dicts), BATCH):
                for record in dicts[start : start + BATCH]:
                    file.write(json.dumps(record, ensure_ascii=False) + "\n")
                file.flush()

        return timed(work)


def read_plain(path: Path) -> object:
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def main() -> None:
    parser = command.parser("bench.log")
    parser.add_argument("rows", type=int, nargs="?", default=100_000)
    given = parser.parse_args()
    count, rounds = (2 * BATCH, 1) if given.smoke else (given.rows, ROUNDS)
    profile = Profile("bench", "Bench", "1", "none", "", checks=checks())
    made = rows(count, profile)
    dicts = [json.loads(json.dumps(asdict(result), default=dict)) for result in made]
    took: dict[str, list[Measurement]] = {}
    with tempfile.TemporaryDirectory() as folder:
        ours, plain = Path(folder, "ours.jsonl"), Path(folder, "plain.jsonl")
        for _ in range(rounds):
            for name, one in (
                (f"write, {BATCH} at a time", write(ours, made, BATCH, profile)),
                ("write, one by one", write(ours, made, 1, profile)),
                ("peer: json.dumps of a dict, file.write", write_plain(plain, dicts)),
                ("open", timed(lambda: read_session(ours, profile))),
                ("peer: json.loads into dicts", timed(lambda: read_plain(plain))),
            ):
                took.setdefault(name, []).append(one)
        size = ours.stat().st_size / count
    print(f"{count} results, {size:.0f} bytes each, median of {rounds}\n")
    print(f"| {'what':38} | us each | wall s | CPU s | goal    |")
    print(f"|{'-' * 40}|--------:|-------:|------:|---------|")
    goals = {f"write, {BATCH} at a time": "< 15 us", "open": "< 2 s"}
    for name, all_of in took.items():
        wall = statistics.median(one.wall for one in all_of)
        cpu = statistics.median(one.cpu for one in all_of)
        each = wall / count * 1e6
        print(f"| {name:38} | {each:7.1f} | {wall:6.2f} | {cpu:5.2f} | {goals.get(name, ''):7} |")


if __name__ == "__main__":
    main()

"""One run of the program over the lab, as `auditreach run` makes it, in a process of its own.

`python -m bench.sweep HOSTS FLIGHT TIMEOUT [--busy] [--latencies]` prints one JSON object; `--busy`
keeps the thread of the screen spinning, `--latencies` reads them from the log when all is done.
Engine in its thread, LocalVantage, judge, session log and queue are all on. The benches start it in
the lab.
"""

from __future__ import annotations

import json
import queue
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench import command, lab
from probes.engine.plan import plan
from probes.engine.thread import Engine
from probes.model import Event, Finished, Job, Result, State
from probes.registry import PROBES
from probes.session import SessionLog, new_header
from probes.settings import Settings
from probes.vantage.local.vantage import LocalVantage


def sweep(
    count: int, flight: int, timeout: float, busy: bool, latencies: bool
) -> dict[str, object]:
    profile, targets = lab.profile(), lab.targets(count)
    settings = Settings(timeout=timeout, retries=0, concurrency=flight)
    jobs = plan(profile, targets)
    events: queue.SimpleQueue[Sequence[Event]] = queue.SimpleQueue()
    engine = Engine(LocalVantage, PROBES, events.put)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run.jsonl")
        log = SessionLog.create(path)
        log.write_header(new_header(profile, engine.info(), settings, {}, targets))
        began = time.monotonic()
        engine.begin(profile, {}, settings, [log])
        engine.add(jobs)
        seen = _watch(events, busy)
        took = time.monotonic() - began
        engine.close()
        log.close()
        read = _latencies(path) if latencies else []
    return {
        "rows": len(seen),
        "wrong": lab.count_wrong(seen) + len(jobs) - len(seen),
        "seconds": took,
        "latencies": read,
    }


def _watch(events: queue.SimpleQueue[Sequence[Event]], busy: bool) -> dict[str, tuple[Job, State]]:
    seen: dict[str, tuple[Job, State]] = {}
    while True:
        while busy and events.empty():
            # Pure Python that never waits: the worst a screen could do to the engine.
            sum(range(100))
        for event in events.get():
            if isinstance(event, Result):
                seen[event.job.key] = (event.job, event.observation.state)
            elif isinstance(event, Finished):
                return seen


def _latencies(path: Path) -> list[tuple[str, int, str, float, bool]]:
    """Answers in a log: host, port, clock, milliseconds, and True where that is a bound."""
    with path.open() as lines:
        records = [json.loads(line) for line in lines]
    return [
        (
            *(record[key] for key in ("host", "port", "latency_source", "latency_ms")),
            record.get("latency_at_most", False),
        )
        for record in records
        if record["type"] == "result" and record["latency_ms"] is not None
    ]


def main() -> None:
    parser = command.parser("bench.sweep")
    parser.add_argument("hosts", type=int, nargs="?", default=lab.FEW_HOSTS)
    parser.add_argument("flight", type=int, nargs="?", default=1000)
    parser.add_argument("timeout", type=float, nargs="?", default=1.0)
    parser.add_argument("--busy", action="store_true")
    parser.add_argument("--latencies", action="store_true")
    given = parser.parse_args()

    def once() -> None:
        told = sweep(given.hosts, given.flight, given.timeout, given.busy, given.latencies)
        print(json.dumps(told))

    if given.smoke:
        lab.enter("bench.sweep")
        with lab.listening():
            once()
    else:
        once()


if __name__ == "__main__":
    main()

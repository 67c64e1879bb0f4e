"""Connects from a network namespace, with what the local vantage tells of each."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass

from tests.real.processes import run

_CONNECT = """
import asyncio, json, sys, time
from probes.vantage.local.tcp import Connector
from probes.vantage.measured_loop import MeasuredLoop

async def main(seconds, busy, places):
    loop = asyncio.get_running_loop()
    connector, ends = Connector(loop), []
    for place in places:
        address, _, port = place.rpartition("|")
        ends.append(loop.create_future())
        connector.connect(address, int(port), seconds, ends[-1].set_result, keep=False)
    time.sleep(busy)
    told = "state reason latency_ms latency_source latency_at_most elapsed_ms not_sent syn_resent"
    for one in await asyncio.gather(*ends):
        print(json.dumps({name: getattr(one, name) for name in told.split()}))

with asyncio.Runner(loop_factory=MeasuredLoop) as runner:
    runner.run(main(float(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]))
"""


@dataclass(frozen=True)
class Connected:
    """Outcome of a connect, by the names of its fields."""

    state: str
    reason: str
    latency_ms: float | None
    latency_source: str | None
    latency_at_most: bool
    elapsed_ms: float
    not_sent: bool
    syn_resent: bool


def connected(name: str, *places: str, seconds: float = 2, busy: float = 0) -> list[Connected]:
    """Outcomes of connects to `ADDRESS|PORT`, all at once; the loop is busy at first."""
    words = ("ip", "netns", "exec", name, sys.executable, "-c", _CONNECT)
    told = run(*words, f"{seconds}", f"{busy}", *places)
    return [Connected(**json.loads(line)) for line in told.splitlines()]

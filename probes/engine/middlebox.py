"""Is an accepted connection worth anything? A port that nothing uses is tried, once per address.

Middleboxes, proxies and tarpits accept every connection for hosts that never see it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from probes.model import Evidence, Job, Observation, Service, State
from probes.vantage import Cancel, Outcome, Vantage

PORTS = range(29517, 29998)
"""Unassigned by IANA, and in no system's range of dynamic ports: the first that no check uses."""
PATIENCE = 1.0
"""Seconds for a connection to be accepted; who drops it has shown that not all are."""
SLOWER = 4
"""The same in times of the latency of the row itself, on a slow path."""
FACT = "accepts_everything"

Settle = Callable[[Observation], None]
Amend = Callable[[str, Evidence], None]


class Calibration:
    """Which addresses accept everything; asked when a row opened whose service is unproven.

    `amend` is called with the key of each row that was settled before its address was known to
    accept everything.
    """

    def __init__(self, vantage: Vantage, used: Iterable[int | None], amend: Amend) -> None:
        self._vantage = vantage
        taken = frozenset(used)
        self._port = next(port for port in PORTS if port not in taken)
        self._amend = amend
        self._known: dict[str, Evidence | None] = {}
        """What showed that an address accepts everything; None where it does not."""
        self._earlier: dict[str, list[str]] = {}
        self._waiting: dict[str, list[tuple[Observation, Settle]]] = {}
        self._cancels: dict[str, Cancel] = {}

    def check(self, job: Job, observation: Observation, settle: Settle) -> None:
        """Settle a row, now or once its address is known, marked if that accepts everything."""
        address = observation.address
        tcp = job.check.transport == "tcp" and observation.state is State.OPEN
        if not tcp or address is None or job.via is not None or job.port == self._port:
            settle(observation)
        elif address in self._known:
            evidence = self._known[address]
            settle(observation if evidence is None else marked(observation, evidence))
        elif observation.service is Service.CONFIRMED:
            self._earlier.setdefault(address, []).append(job.key)
            settle(observation)
        elif address in self._waiting:
            self._waiting[address].append((observation, settle))
        else:
            self._waiting[address] = [(observation, settle)]
            self._try(address, observation.latency_ms or 0.0)

    def forget(self, addresses: Iterable[str | None]) -> None:
        """Try again at these addresses when their next row opens."""
        for address in addresses:
            if address is not None:
                self._known.pop(address, None)
                self._earlier.pop(address, None)

    def stop(self) -> None:
        """End what is in flight; its rows are not settled."""
        for cancel in self._cancels.values():
            cancel()
        self._cancels.clear()
        self._waiting.clear()

    def _try(self, address: str, latency_ms: float) -> None:
        timeout = max(PATIENCE, SLOWER * latency_ms / 1000)
        try:
            cancel = self._vantage.connect(address, self._port, timeout, self._tried, keep=False)
        except OSError:
            # No descriptor is left: the next row of this address asks again.
            for observation, settle in self._waiting.pop(address):
                settle(observation)
            return
        if address in self._waiting:
            self._cancels[address] = cancel

    def _tried(self, outcome: Outcome) -> None:
        address = outcome.address
        self._cancels.pop(address, None)
        evidence = None
        if outcome.state is State.OPEN:
            evidence = Evidence(
                address,
                f"TCP connect to port {self._port}, which nothing uses",
                state=outcome.state,
                reason=outcome.reason,
            )
        self._known[address] = evidence
        earlier = self._earlier.pop(address, ())
        if evidence is not None:
            for key in earlier:
                self._amend(key, evidence)
        for observation, settle in self._waiting.pop(address, ()):
            settle(observation if evidence is None else marked(observation, evidence))


def marked(observation: Observation, evidence: Evidence) -> Observation:
    """The observation of a row whose address accepts everything."""
    return dataclasses.replace(
        observation,
        facts={**observation.facts, FACT: True},
        evidence=(*observation.evidence, evidence),
    )

"""Detection of middleboxes that accept every connection, by a port that nothing uses.

Middleboxes, proxies and tarpits accept connections for hosts that never see them. One connect to an
unused port shows that, once for each address.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable

from probes.model import ACCEPTS_EVERYTHING, Evidence, Job, Observation, Service, State
from probes.vantage import Cancel, Outcome, Vantage

UNUSED_PORTS = range(29517, 29998)
"""Ports not assigned by IANA and in no system's dynamic range; the first one free is tried."""
MIN_TIMEOUT = 1.0
"""Seconds for the connect; an address that drops it does not accept everything."""
LATENCY_FACTOR = 4
"""Timeout as a multiple of the row's own latency, on a slow path; at most that of any connect."""

OnChecked = Callable[[Observation], None]
OnUpdate = Callable[[str, Evidence], None]


def connect_timeout(latency: float, timeout: float) -> float:
    """Seconds for the connect to the unused port; `timeout` is that of other connects."""
    return max(MIN_TIMEOUT, min(LATENCY_FACTOR * latency, timeout))


class MiddleboxDetector:
    """Detector of addresses that accept everything, for rows with an unproven service.

    `on_update` is called with the key of each row that was completed before its address was known
    to accept everything.
    """

    def __init__(
        self,
        vantage: Vantage,
        used_ports: Iterable[int | None],
        timeout: float,
        on_update: OnUpdate,
    ) -> None:
        self._vantage = vantage
        self._timeout = timeout
        used = frozenset(used_ports)
        self._port = next(port for port in UNUSED_PORTS if port not in used)
        self._on_update = on_update
        self._evidence: dict[str, Evidence | None] = {}
        """Evidence that an address accepts everything; None where it does not."""
        self._completed: dict[str, list[str]] = {}
        self._waiting: dict[str, list[tuple[Observation, OnChecked]]] = {}
        self._cancels: dict[str, Cancel] = {}

    def check(self, job: Job, observation: Observation, done: OnChecked) -> None:
        """Call `done` with the row's observation, marked if its address accepts everything.

        The call comes at once, or when the address is known.
        """
        address = observation.address
        open_tcp = job.check.transport == "tcp" and observation.state is State.OPEN
        if not open_tcp or address is None or job.via is not None or job.port == self._port:
            done(observation)
        elif address in self._evidence:
            evidence = self._evidence[address]
            done(
                observation if evidence is None else mark_accepts_everything(observation, evidence)
            )
        elif observation.service is Service.CONFIRMED:
            self._completed.setdefault(address, []).append(job.key)
            done(observation)
        elif address in self._waiting:
            self._waiting[address].append((observation, done))
        else:
            self._waiting[address] = [(observation, done)]
            self._try_unused_port(address, observation.latency_ms or 0.0)

    def invalidate(self, addresses: Iterable[str | None]) -> None:
        """Test these addresses again when their next row opens."""
        for address in addresses:
            if address is not None:
                self._evidence.pop(address, None)
                self._completed.pop(address, None)

    def stop(self) -> None:
        """Cancel connects in flight; `done` of their rows is not called."""
        for cancel in self._cancels.values():
            cancel()
        self._cancels.clear()
        self._waiting.clear()

    def _try_unused_port(self, address: str, latency_ms: float) -> None:
        timeout = connect_timeout(latency_ms / 1000, self._timeout)
        try:
            cancel = self._vantage.connect(
                address, self._port, timeout, self._on_outcome, keep=False
            )
        except OSError:
            # No descriptor is left: the next row of this address asks again.
            for observation, done in self._waiting.pop(address):
                done(observation)
            return
        if address in self._waiting:
            self._cancels[address] = cancel

    def _on_outcome(self, outcome: Outcome) -> None:
        address = outcome.address
        self._cancels.pop(address, None)
        evidence = None
        if outcome.state is State.OPEN:
            evidence = Evidence(
                address,
                f"TCP connect to port {self._port}, which nothing uses",
                state=outcome.state,
                reason=outcome.reason,
                at_ms=None,
            )
        self._evidence[address] = evidence
        completed = self._completed.pop(address, ())
        if evidence is not None:
            for key in completed:
                self._on_update(key, evidence)
        for observation, done in self._waiting.pop(address, ()):
            done(
                observation if evidence is None else mark_accepts_everything(observation, evidence)
            )


def mark_accepts_everything(observation: Observation, evidence: Evidence) -> Observation:
    """Observation of a row whose address accepts everything, with the evidence for it."""
    return dataclasses.replace(
        observation,
        facts={**observation.facts, ACCEPTS_EVERYTHING: True},
        evidence=(*observation.evidence, evidence),
    )

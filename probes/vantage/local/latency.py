"""Latencies by the kernel's clock, or by this process's own as the bounds they may be."""

from __future__ import annotations

from typing import NamedTuple

from probes.vantage import Outcome

MAX_LAG_MS = 1.0
"""Milliseconds by which a latency may be too great and is still told as one, not as a bound."""


class Latency(NamedTuple):
    """A latency in milliseconds and the clock that measured it."""

    ms: float
    source: str
    """`kernel`, `kernel-timestamp` or `monotonic`."""
    at_most: bool = False
    """It is an upper bound: the answer may have come long before it was noticed."""

    def tell(self, outcome: Outcome) -> None:
        """Put it in an outcome."""
        outcome.latency_ms, outcome.latency_source = self.ms, self.source
        outcome.latency_at_most = self.at_most


def own_latency(ms: float, lag_ms: float = float("inf")) -> Latency:
    """Latency by this process's own clock, read when the answer was noticed.

    `lag_ms` is by how much later than the answer that may have been; without it anything is
    possible. This is the only place that decides when a latency is a bound.
    """
    return Latency(ms, "monotonic", min(ms, lag_ms) > MAX_LAG_MS)

"""Settings of a run: timeouts, retries and concurrency, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Timeouts, retries and concurrency of a run."""

    timeout: float = 4.0
    """Seconds for one attempt on the transport: a connect, a datagram or an echo."""
    answer_timeout: float = 15.0
    """Seconds for all that a service says once its TCP port has opened; at least `timeout`."""
    retries: int = 1
    """Further attempts after silence."""
    concurrency: int = 1000
    """Attempts in flight; lowered to what the descriptor limit allows."""
    per_host: int = 3
    """TCP attempts in flight to one host; UDP and ICMP wait for each other (DatagramPacer)."""

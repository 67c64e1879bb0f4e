"""Settings of a run: timeout, retries and concurrency, with their defaults."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Settings:
    """Timeout, retries and concurrency of a run."""

    timeout: float = 4.0
    """Seconds for one attempt; also the deadline of a whole protocol exchange."""
    retries: int = 1
    """Further attempts after silence."""
    concurrency: int = 1000
    """Attempts in flight; lowered to what the descriptor limit allows."""
    per_host: int = 3
    """TCP attempts in flight to one host; UDP and ICMP wait for each other (DatagramPacer)."""

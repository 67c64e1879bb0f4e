"""Limit of the ICMP errors that a device sends to one machine (Linux: icmp(7), icmp_ratelimit).

A rule that rejects is silence beyond it: with a dozen rejected rows each round tells another few.
"""

from __future__ import annotations

BURST = 6.0
"""Errors that are sent at once (Linux, XRLIM_BURST_FACTOR)."""
RATE = 1.0
"""Further errors a second (Linux, icmp_ratelimit of 1000 ms)."""
_SOON = 0.5
"""Seconds within which the rows of one round begin."""
_TOLERANCE = 2.0
"""Errors by which a device that keeps the limit may seem to exceed it: clocks differ."""


class IcmpLimit:
    """Token bucket of every device that rejects, refilled by the times of its errors.

    Times are in seconds since 1970, and may be a little out of order.
    """

    def __init__(self) -> None:
        self._tokens: dict[str, tuple[float, float]] = {}
        """Errors a device could still send, and the time of its last one."""
        self._spent: set[str] = set()
        """Devices that could send no more after their last one."""
        self._without: set[str] = set()
        """Devices that sent more than the limit allows, and so have none, or another."""

    def clear(self) -> None:
        """Forget every device."""
        self._tokens.clear()
        self._spent.clear()
        self._without.clear()

    def sent(self, device: str, at: float) -> None:
        """Count an error of a device."""
        tokens, last = self._tokens.get(device, (BURST, at))
        tokens = min(BURST, tokens + max(0.0, at - last) * RATE) - 1
        self._tokens[device] = tokens, max(at, last)
        if tokens < -_TOLERANCE:
            self._without.add(device)
        if tokens < 1 and device not in self._without:
            self._spent.add(device)
        else:
            self._spent.discard(device)

    def spent(self, at: float) -> frozenset[str]:
        """Devices that may have rejected without a word what was sent at a time."""
        return frozenset(device for device in self._spent if self._is_spent(device, at + _SOON))

    def _is_spent(self, device: str, at: float) -> bool:
        tokens, last = self._tokens[device]
        return tokens + max(0.0, at - last) * RATE < 1

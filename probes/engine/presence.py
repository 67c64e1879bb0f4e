"""Presence of hosts at the addresses of networks and ranges, as the rows of a run come in."""

from __future__ import annotations

from collections.abc import Iterable

from probes.judging.presence import Sign, sign_of
from probes.model import Job, Observation, Target


class HostPresence:
    """Signs of hosts at addresses that came from a network or range.

    A host that has given a sign of life stays known for the whole run, whatever role the row was
    of: silence later on is a loss. An address that is named singly in any role has a host, on the
    operator's word.
    """

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._alive: dict[str, set[str]] = {}
        """Keys of the rows that gave a sign of life, by address."""
        self._refused: dict[Target, set[str]] = {}
        """Keys of the rows of a target that were kept from asking the host."""
        self._rows: dict[str, dict[str, None]] = {}
        """Keys of the rows of each address that came from a network or range."""

    def add(self, job: Job) -> None:
        """Add a row."""
        target = job.target
        if target.network:
            self._rows.setdefault(target.host, {})[job.key] = None
        else:
            self._named.add(target.host)

    def discard(self, job: Job) -> None:
        """Take a row away, and its signs with it."""
        self._rows.get(job.target.host, {}).pop(job.key, None)
        self._refused.get(job.target, set()).discard(job.key)

    def is_absent(self, target: Target) -> bool:
        """True for an address of a network or range from which nothing has come so far."""
        host = target.host
        return (
            bool(target.network)
            and host not in self._named
            and not self._alive.get(host)
            and not self._refused.get(target)
        )

    def rows_at(self, address: str) -> Iterable[str]:
        """Keys of the rows of an address that came from a network or range."""
        return tuple(self._rows.get(address, ()))

    def observe(self, job: Job, seen: Observation) -> str:
        """Take in what a row saw; returns the address whose rows have to be judged again.

        Empty where nothing about them has changed.
        """
        target, key = job.target, job.key
        address = target.host if target.network else seen.address or ""
        before = self._state(address, target)
        sign = sign_of(job, seen)
        if sign is Sign.LIFE and address:
            self._alive.setdefault(address, set()).add(key)
        elif sign is Sign.REFUSAL:
            # What was taken for the host was a device that accepts everything.
            self._alive.get(address, set()).discard(key)
        if target.network:
            refused = self._refused.setdefault(target, set()) if sign is Sign.REFUSAL else None
            if refused is not None:
                refused.add(key)
            elif sign is not Sign.NOTHING:
                self._refused.get(target, set()).discard(key)
        changed = self._state(address, target) != before
        return address if changed and address in self._rows else ""

    def _state(self, address: str, target: Target) -> tuple[bool, bool]:
        return bool(self._alive.get(address)), bool(self._refused.get(target))

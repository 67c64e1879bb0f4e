"""Presence of hosts at the addresses of networks and ranges, as the rows of a run come in."""

from __future__ import annotations

from collections.abc import Iterable

from probes.judging.presence import Sign, mac_of, sign_of
from probes.model import MISSING, Job, Observation, Result, Status, Target


class HostPresence:
    """Signs of hosts at addresses that came from a network or range.

    A host that has given a sign of life stays known for the whole run, whatever role the row was
    of: silence later on is a loss. An address that is named singly in any role, or that such a name
    leads to, has a host, on the operator's word.
    """

    def __init__(self) -> None:
        self._named: set[str] = set()
        self._alive: dict[str, set[str]] = {}
        """Keys of the rows that gave a sign of life, by address."""
        self._macs: dict[str, str] = {}
        """MAC address from which ARP was answered for a silent address."""
        self._addresses: dict[str, set[str]] = {}
        """The other way round. One with several is of a device that answers for others."""
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
        return bool(target.network) and not self._is_known(host) and not self._refused.get(target)

    def rows_at(self, address: str) -> Iterable[str]:
        """Keys of the rows of an address that came from a network or range."""
        return tuple(self._rows.get(address, ()))

    def observe(self, job: Job, seen: Observation) -> frozenset[str]:
        """Take in what a row saw; returns the addresses whose rows have to be judged again."""
        target, key = job.target, job.key
        address = target.host if target.network else seen.address or ""
        mac = mac_of(seen) if target.network else ""
        affected = {address, *self._addresses.get(mac, ())} if mac else {address}
        before = self._states(affected, target)
        if not target.network and job.via is None and address:
            self._named.add(address)
        sign = sign_of(job, seen)
        if mac:
            self._addresses.setdefault(mac, set()).add(address)
            self._macs[address] = mac
        if sign is Sign.LIFE and address:
            self._alive.setdefault(address, set()).add(key)
        elif sign is Sign.REFUSAL:
            # What was taken for the host was a device that accepts everything.
            self._alive.get(address, set()).discard(key)
        if target.network and sign is Sign.REFUSAL:
            self._refused.setdefault(target, set()).add(key)
        elif target.network and sign is not Sign.NOTHING:
            self._refused.get(target, set()).discard(key)
        after = self._states(affected, target)
        return frozenset(one for one in affected if before[one] != after[one] and one in self._rows)

    def recall(self, result: Result) -> None:
        """Take in a result of an earlier session: a host that was there is lost if it is silent.

        A row whose silence counted as a failure there is of a host that had answered before it.
        """
        target, sign = result.job.target, sign_of(result.job, result.observation)
        failed = result.status in MISSING or result.status is Status.UNVERIFIABLE
        silent = sign in (Sign.ABSENCE, Sign.NEIGHBOUR)
        if target.network and (sign is Sign.LIFE or (silent and failed)):
            self._alive.setdefault(target.host, set()).add(result.job.key)

    def _states(self, addresses: Iterable[str], target: Target) -> dict[str, tuple[bool, bool]]:
        refused = bool(self._refused.get(target))
        return {one: (self._is_known(one), refused and one == target.host) for one in addresses}

    def _is_known(self, address: str) -> bool:
        return address in self._named or self._is_alive(address)

    def _is_alive(self, address: str) -> bool:
        """True for an address that gave a sign of life, or an ARP reply that no other one gets."""
        if self._alive.get(address):
            return True
        mac = self._macs.get(address)
        return mac is not None and len(self._addresses[mac]) == 1

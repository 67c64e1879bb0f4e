"""States of hosts, kept while the results of their rows come in. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from enum import StrEnum

from probes.judging.party import UNHEARD, HostState, Party, locate, proxy_of
from probes.model import ACCEPTS_EVERYTHING, Observation, Reason, Result, Service, State
from probes.registry.shell import address

# A tuple: hashing an enum member is Python code, and this is asked for every row.
UNTESTED = (State.ERROR, State.NOT_RUN)


class _Sign(StrEnum):
    """Sign of a host's state in one of its rows."""

    HEARD = "heard"
    OWN_FIREWALL = "own_firewall"
    REJECTED = "rejected"
    UNDELIVERED = "undelivered"

    # Enum.__hash__ is Python code; it is called for every row.
    __hash__ = str.__hash__


_Told = tuple[_Sign, str]
"""A sign, and the device or router that gave it."""
_SIGN_OF = {
    Party.HOST: _Sign.HEARD,
    Party.HOST_FIREWALL: _Sign.OWN_FIREWALL,
    Party.DEVICE: _Sign.REJECTED,
}

_OF_THE_HOST = (Reason.HOST_UNREACH, Reason.NO_RESPONSE)
"""Reasons of an undelivered row that are about the host; the others are about routes."""


class HostStates:
    """States of the hosts of a session, by the last result of each row."""

    def __init__(self, results: Iterable[Result] = ()) -> None:
        self._told: dict[str, tuple[str, _Told]] = {}
        """Host and sign of each row that gives one, by the row's key."""
        self._signs: dict[str, Counter[_Told]] = {}
        """Number of rows by sign, by host."""
        self._states: dict[str, HostState] = {}
        for result in results:
            self.add(result)

    def add(self, result: Result) -> tuple[str, ...]:
        """Take in the last result of a row; returns the keys of hosts whose state it changed."""
        key, host, told = result.job.key, host_key(result), _sign(result)
        new = None if told is None or not host else (host, told)
        old = self._told.get(key)
        if new == old:
            return ()
        changed = self.remove(key)
        if new is None:
            return changed
        self._told[key] = new
        signs = self._signs.setdefault(new[0], Counter())
        signs[new[1]] += 1
        if signs[new[1]] == 1:
            changed += self._renew(new[0])
        return changed

    def remove(self, key: str) -> tuple[str, ...]:
        """Forget a row; returns the keys of hosts whose state that changed."""
        old = self._told.pop(key, None)
        if old is None:
            return ()
        signs = self._signs[old[0]]
        signs[old[1]] -= 1
        if signs[old[1]]:
            return ()
        del signs[old[1]]
        return self._renew(old[0])

    def of(self, result: Result) -> HostState:
        """State of the host of a row."""
        return self._states.get(host_key(result), UNHEARD)

    def _renew(self, host: str) -> tuple[str, ...]:
        before = self._states.get(host, UNHEARD)
        self._states[host] = now = _state(self._signs[host])
        return () if now == before else (host,)


def host_key(result: Result) -> str:
    """Address of a row's host, or its name where that has several addresses.

    Each row may use another one of them. Empty for a row that did not ask the host itself.
    """
    job, seen = result.job, result.observation
    if seen.address is None or seen.state in UNTESTED or proxy_of(job, seen):
        return ""
    resolved = seen.facts.get("resolved")
    listed = resolved.get("addresses") if isinstance(resolved, dict) else None
    if isinstance(listed, list) and len(listed) > 1 and not address(job.target.host):
        return job.target.host.casefold().rstrip(".")
    return seen.address


def answers(seen: Observation) -> bool:
    """True if an open port shows that its host is up: no device on the path answers for it."""
    if seen.state is not State.OPEN:
        return False
    return seen.service is Service.CONFIRMED or not seen.facts.get(ACCEPTS_EVERYTHING)


def _sign(result: Result) -> _Told | None:
    seen = result.observation
    if seen.state is State.OPEN:
        return (_Sign.HEARD, "") if answers(seen) else None
    party, named = locate(result.job, seen)
    sign = _SIGN_OF.get(party)
    if sign is None and party is Party.UNDELIVERED and seen.reason in _OF_THE_HOST:
        sign = _Sign.UNDELIVERED
    return None if sign is None else (sign, named)


def _state(signs: Counter[_Told]) -> HostState:
    by_sign: dict[_Sign, list[str]] = {}
    for sign, named in signs:
        by_sign.setdefault(sign, []).append(named)
    own = _Sign.OWN_FIREWALL in by_sign
    heard = own or _Sign.HEARD in by_sign
    rejecting = [named for named in by_sign.get(_Sign.REJECTED, ()) if named]
    routers = by_sign.get(_Sign.UNDELIVERED, [])
    if heard:
        # It is up: a router that says otherwise has a rule.
        rejecting += [named for named in routers if named]
        routers = []
    return HostState(heard, own, min(rejecting, default=""), min(routers, default=None))

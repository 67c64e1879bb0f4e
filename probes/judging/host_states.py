"""States of hosts, kept while the results of their rows come in. Pure."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from enum import StrEnum
from typing import TypeVar

from probes.judging.party import UNHEARD, HostState, Party, locate, proxy_of
from probes.model import ACCEPTS_EVERYTHING, Observation, Reason, Result, Service, State, Status
from probes.wire.address import plain_address

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


Told = tuple[_Sign, str]
"""A sign, and the device or router that gave it."""
_HEARD: Told = (_Sign.HEARD, "")
_SIGN_OF = {
    Party.HOST: _Sign.HEARD,
    Party.HOST_FIREWALL: _Sign.OWN_FIREWALL,
    Party.DEVICE: _Sign.REJECTED,
    Party.UNDELIVERED: _Sign.UNDELIVERED,
}


class HostStates:
    """States of the hosts of a session, by the last result of each row."""

    def __init__(self, results: Iterable[Result] = ()) -> None:
        self._told: dict[str, tuple[str, str, Told]] = {}
        """Host, network and port, and sign of each row that gives one, by the row's key."""
        self._signs: dict[str, Counter[Told]] = {}
        """Number of rows by sign, by host."""
        self._states: dict[str, HostState] = {}
        self._devices: dict[str, Counter[str]] = {}
        """Number of rows that each device rejects, by network and port."""
        for result in results:
            self.add(result)

    def add(self, result: Result) -> tuple[str, ...]:
        """Take in the last result of a row; returns the keys of what it changed (`state_keys`)."""
        key, told = result.job.key, sign_of_host(result)
        host = "" if told is None else host_key(result)
        new = None
        if told is not None and host:
            near = _near(result) if told[0] is _Sign.REJECTED and told[1] else ""
            new = host, near, told
        old = self._told.get(key)
        if new == old:
            return ()
        changed = self.remove(key)
        if new is None:
            return changed
        host, near, sign = self._told[key] = new
        if near:
            devices = self._devices.setdefault(near, Counter())
            devices[sign[1]] += 1
            changed += (near,) if devices[sign[1]] == 1 else ()
        signs = self._signs.setdefault(host, Counter())
        signs[sign] += 1
        if signs[sign] == 1:
            changed += self._renew(host)
        return changed

    def remove(self, key: str) -> tuple[str, ...]:
        """Forget a row; returns the keys of what that changed (`state_keys`)."""
        old = self._told.pop(key, None)
        if old is None:
            return ()
        host, near, sign = old
        changed: tuple[str, ...] = ()
        if near and counted_out(self._devices[near], sign[1]):
            changed = (near,)
        return changed + self._renew(host) if counted_out(self._signs[host], sign) else changed

    def of(self, result: Result) -> HostState:
        """State of the host of a row.

        A silent row has the device that rejects the same port of other hosts of its network: such
        errors are limited to about one a second, and what is beyond the limit is silence.
        """
        state = self._states.get(host_key(result), UNHEARD)
        if not self._devices or not _may_be_rejected(state, result.observation):
            return state
        devices = self._devices.get(_near(result))
        return replace(state, rejecting=min(devices)) if devices else state

    def _renew(self, host: str) -> tuple[str, ...]:
        before = self._states.get(host, UNHEARD)
        self._states[host] = now = state_of(self._signs[host])
        return () if now == before else (host,)


def state_keys(result: Result) -> tuple[str, ...]:
    """Keys of what the state of a row's host may depend on."""
    host = host_key(result)
    if not host:
        return ()
    return (host, _near(result)) if result.observation.reason is Reason.NO_RESPONSE else (host,)


def host_key(result: Result) -> str:
    """Address of a row's host, or its name where that has several addresses.

    Each row may use another one of them. Empty for a row that did not ask the host itself.
    """
    job, seen = result.job, result.observation
    if seen.address is None or seen.state in UNTESTED or proxy_of(job, seen):
        return ""
    resolved = seen.facts.get("resolved")
    listed = resolved.get("addresses") if isinstance(resolved, dict) else None
    if isinstance(listed, list) and len(listed) > 1 and not plain_address(job.target.host):
        return job.target.host.casefold().rstrip(".")
    return seen.address


def answers(seen: Observation) -> bool:
    """True if an open port shows that its host is up: no device on the path answers for it."""
    if seen.state is not State.OPEN:
        return False
    return seen.service is Service.CONFIRMED or not seen.facts.get(ACCEPTS_EVERYTHING)


def _near(result: Result) -> str:
    """Network and port of a row; a device that rejects one host of it there may reject others."""
    address = plain_address(result.observation.address or "")
    if ":" in address:
        # The subnet of an IPv6 host is a /64 (RFC 4291 2.5.1).
        network = int(ipaddress.IPv6Address(address)) >> 64
        return f"{network:x}/64 {result.job.port_text}"
    return f"{address.rpartition('.')[0]}/24 {result.job.port_text}"


def _may_be_rejected(state: HostState, seen: Observation) -> bool:
    if seen.reason is not Reason.NO_RESPONSE or seen.facts.get("no_arp_reply"):
        return False
    return not (state.rejecting or state.own_firewall) and state.undelivered is None


_Counted = TypeVar("_Counted")


def counted_out(counter: Counter[_Counted], one: _Counted) -> bool:
    """Count one less; True if it was the last."""
    counter[one] -= 1
    if counter[one]:
        return False
    del counter[one]
    return True


def sign_of_host(result: Result) -> Told | None:
    """Sign of the host's state in a row, and the device or router that gave it."""
    seen = result.observation
    if result.status is Status.NO_HOST:
        return None
    if seen.state is State.OPEN:
        return _HEARD if answers(seen) else None
    party, named = locate(result.job, seen)
    if party is Party.SERVICE:
        return _HEARD
    sign = _SIGN_OF.get(party)
    return None if sign is None else (sign, named)


def state_of(signs: Iterable[Told]) -> HostState:
    """State of a host by all the signs of its rows."""
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

"""Who has to act: the sender of the refusal, as far as it is known. Pure."""

from __future__ import annotations

from enum import Enum, auto

from probes.engine.blame import same_address, unanswered
from probes.engine.model import Job, Observation, Reason, State


class Refusal(Enum):
    """Where the change has to be made."""

    NAME = auto()
    """The name does not resolve."""
    UNTESTED = auto()
    """Nothing was sent, for a reason of this machine's or another row's."""
    HERE = auto()
    """This machine's own firewall."""
    NO_ROUTE = auto()
    """This machine's routes."""
    PROXY = auto()
    """The way to the proxy, or the proxy."""
    PATH = auto()
    """A device on the path, which is named."""
    UNDELIVERED = auto()
    """A router, or nobody at all, finds no such host."""
    FIREWALL = auto()
    """The host's own firewall."""
    HOST = auto()
    """The host: the path is open, and nothing listens."""
    SERVICE = auto()
    """The service behind an open port: the wrong one, or one that is silent."""
    UNKNOWN = auto()
    """The host or any firewall before it."""


def refusal(job: Job, seen: Observation) -> Refusal:
    """Who has to act for a row that is not well."""
    if seen.reason is Reason.NAME_NOT_RESOLVED:
        return Refusal.NAME
    if seen.state in (State.ERROR, State.NOT_RUN):
        return Refusal.UNTESTED
    if job.proxy and seen.facts.get("unproven") == "proxy":
        return Refusal.PROXY
    if seen.state is State.OPEN:
        return Refusal.SERVICE
    if seen.state is State.CLOSED:
        return Refusal.HOST
    return _by_icmp(seen) if seen.icmp is not None else _untold(seen)


def _by_icmp(seen: Observation) -> Refusal:
    offender = seen.icmp.offender if seen.icmp else ""
    rejected = seen.state is State.FILTERED
    if same_address(offender, seen.address):
        return Refusal.FIREWALL
    if same_address(offender, seen.source):
        silent = unanswered(seen)
        if rejected or silent == "":
            return Refusal.HERE
        away = silent is not None and not same_address(silent, seen.address)
        if away or seen.reason is not Reason.HOST_UNREACH:
            return Refusal.NO_ROUTE
        return Refusal.UNDELIVERED
    return Refusal.PATH if rejected else Refusal.UNDELIVERED


def _untold(seen: Observation) -> Refusal:
    return Refusal.NO_ROUTE if seen.state is State.UNREACHABLE else Refusal.UNKNOWN

"""Results by host: rows lost with their causes, and ports that answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from probes.judging.findings.subnets import Subnets
from probes.judging.messages import unanswered_neighbour
from probes.judging.text import Port
from probes.model import (
    ACCEPTS_EVERYTHING,
    MISSING,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
)

# A tuple: hashing an enum member is Python code, and this is asked for every row.
UNTESTED = (State.ERROR, State.NOT_RUN)
_COMMON_FACTS = frozenset({"resolved", "proxy", "problem", "fix", "hint", "summary"})


class Cause(StrEnum):
    """Cause of a row that is lost on the path."""

    SILENT = "silent"
    REJECTED = "rejected"
    OWN_FIREWALL = "the host's own firewall"
    REFUSED = "refused"
    HOST_UNREACHABLE = "cannot be delivered"
    NO_NEIGHBOUR = "no neighbour"
    NETWORK_UNREACHABLE = "no route there"
    ROUTING_LOOP = "loop"
    NO_ROUTE = "no route here"
    NO_ROUTER = "no next router"
    LOCAL_FIREWALL = "rejected here"


@dataclass(frozen=True, slots=True)
class LostRow:
    """Row that is lost on the path; `reporter` is the address that said so, empty without one."""

    result: Result
    port: Port
    cause: Cause
    reporter: str


@dataclass(slots=True)
class Host:
    """Host, as far as names and addresses tell, with the rows that go straight to it."""

    key: str
    address: str
    sort_key: tuple[int, int, str]
    """Order by address."""
    names: set[str] = field(default_factory=set)
    measured: set[Port] = field(default_factory=set)
    answering: dict[Port, bool] = field(default_factory=dict)
    """Ports that are open (true) or refused by the host itself."""
    up: bool = False
    """Something came from the host itself, if only from its firewall."""
    lost: list[LostRow] = field(default_factory=list)

    @property
    def label(self) -> str:
        """Name and address as `pc7 (10.2.0.7)`, or the one that is known."""
        named = sorted(name for name in self.names if name != self.address)
        if not named:
            return self.address or self.key
        return f"{named[0]} ({self.address})" if self.address else named[0]

    def best_answering_port(self, lost: Collection[Port]) -> Port | None:
        """Port other than these that best shows the host to be up, an open one first."""
        return min(
            (port for port in self.answering if port not in lost),
            key=lambda port: (not self.answering[port], port.sort_key),
            default=None,
        )


@dataclass(frozen=True, slots=True)
class ClassifiedResults:
    """Results of a session by host and by kind of failure, in the order of their keys."""

    rows: tuple[Result, ...]
    with_facts: tuple[Result, ...]
    """Rows with facts beyond those about their path."""
    subnets: Subnets
    hosts: dict[str, Host]
    proxied: tuple[Result, ...]
    unresolved: tuple[Result, ...]
    """Rows whose name has no address."""
    refused_locally: tuple[Result, ...]
    """Rows that this machine did not allow to be tested."""
    host_of: dict[str, str]
    """Key of the host of each row that has an address or shares a name with one."""


def classify(results: Iterable[Result]) -> ClassifiedResults:
    """Classify the last result of each key; the order of the results has no effect."""
    latest = {result.job.key: result for result in results}
    rows = tuple(latest[key] for key in sorted(latest))
    subnets = Subnets()
    classified = ClassifiedResults(rows, (), subnets, {}, (), (), (), {})
    ports: dict[tuple[str, int | None], Port] = {}
    proxied, unresolved, refused = [], [], []
    for result in rows:
        seen = result.observation
        if proxy_of(result):
            proxied.append(result)
        elif seen.reason is Reason.NAME_NOT_RESOLVED:
            unresolved.append(result)
        elif seen.reason in (Reason.PERMISSION_DENIED, Reason.LOCAL_ERROR, Reason.NOT_OFFERED):
            refused.append(result)
        elif result.status is Status.NO_HOST:
            # It is about no host; probes.judging.networks tells of it.
            continue
        elif seen.address is not None and seen.state not in UNTESTED:
            job = result.job
            port = ports.get((job.check.id, job.port))
            if port is None:
                port = ports[job.check.id, job.port] = port_of(job)
            _add_row(classified, result, seen, seen.address, port)
    for host in classified.hosts.values():
        if host.up and host.lost:
            # A host that answers on other ports is neither down nor cut off: this is a reject.
            host.lost = [_as_rejected(one) for one in host.lost]
    return ClassifiedResults(
        rows,
        tuple(result for result in rows if not _COMMON_FACTS.issuperset(result.observation.facts)),
        subnets,
        classified.hosts,
        tuple(proxied),
        tuple(unresolved),
        tuple(refused),
        classified.host_of,
    )


def proxy_of(result: Result) -> str:
    """Proxy of a row; empty where it goes straight."""
    if result.job.via is not None:
        return result.job.proxy
    proxy = result.observation.facts.get("proxy")
    return proxy if isinstance(proxy, str) else ""


def port_of(job: Job) -> Port:
    """Port of a job, for a sentence."""
    check = job.check
    if check.transport == "icmp":
        return Port("icmp", 0, "")
    number = job.port or check.port or 0
    own = job.port is not None and job.port != check.port
    return Port(check.transport, number, check.ports if check.ports and not own else str(number))


def cause_of(subnets: Subnets, seen: Observation) -> tuple[Cause | None, str]:
    """Cause of a loss on the path and the address that reported it; None without a loss."""
    reason = seen.reason
    if reason is Reason.NO_RESPONSE:
        return Cause.SILENT, ""
    if seen.state is State.CLOSED:
        return Cause.REFUSED, ""
    if seen.state not in (State.FILTERED, State.UNREACHABLE):
        return None, ""
    if seen.icmp is None:
        if reason is Reason.NET_UNREACH:
            return Cause.NO_ROUTE, ""
        return (Cause.NO_NEIGHBOUR if reason is Reason.HOST_UNREACH else Cause.REJECTED), ""
    reporter = seen.icmp.offender
    if subnets.same(reporter, seen.address):
        return Cause.OWN_FIREWALL, reporter
    if subnets.same(reporter, seen.source):
        if reason is Reason.HOST_UNREACH:
            return _local_unreachable(subnets, seen, reporter)
        return (Cause.NO_ROUTE if reason is Reason.NET_UNREACH else Cause.LOCAL_FIREWALL), reporter
    from_path = {
        Reason.HOST_UNREACH: Cause.HOST_UNREACHABLE,
        Reason.NET_UNREACH: Cause.NETWORK_UNREACHABLE,
        Reason.TIME_EXCEEDED: Cause.ROUTING_LOOP,
    }
    return from_path.get(reason, Cause.REJECTED), reporter


def _add_row(
    classified: ClassifiedResults, result: Result, seen: Observation, address: str, port: Port
) -> None:
    job = result.job
    name = job.target.host
    key = _host_key(classified.subnets, name, seen, address)
    host = classified.hosts.get(key)
    if host is None:
        host = classified.hosts[key] = Host(
            key, address, _address_sort_key(classified.subnets, address)
        )
    classified.host_of[job.key] = key
    host.names.add(name)
    if address != host.address:
        host.sort_key, host.address = min(
            (host.sort_key, host.address), (_address_sort_key(classified.subnets, address), address)
        )
    cause, by = cause_of(classified.subnets, seen)
    if result.status is not Status.UNVERIFIABLE or cause is not Cause.SILENT:
        host.measured.add(port)
    if cause is Cause.OWN_FIREWALL:
        host.up = True
    elif cause is Cause.REFUSED or _answers(seen):
        host.up = True
        host.answering[port] = host.answering.get(port, False) or seen.state is State.OPEN
    if cause is not None and result.status in MISSING:
        host.lost.append(LostRow(result, port, cause, by))


def _host_key(subnets: Subnets, name: str, seen: Observation, address: str) -> str:
    """Address, or the name where it has several addresses: each row may use another one."""
    resolved = seen.facts.get("resolved")
    listed = resolved.get("addresses") if isinstance(resolved, dict) else None
    if isinstance(listed, list) and len(listed) > 1 and subnets.number(name) is None:
        return name.casefold().rstrip(".")
    return address


def _address_sort_key(subnets: Subnets, address: str) -> tuple[int, int, str]:
    return *(subnets.number(address) or (9, 0)), address


def _answers(seen: Observation) -> bool:
    if seen.state is not State.OPEN:
        return False
    return seen.service is Service.CONFIRMED or not seen.facts.get(ACCEPTS_EVERYTHING)


def _as_rejected(lost: LostRow) -> LostRow:
    if lost.cause in (Cause.HOST_UNREACHABLE, Cause.NETWORK_UNREACHABLE, Cause.ROUTING_LOOP):
        return LostRow(lost.result, lost.port, Cause.REJECTED, lost.reporter)
    return lost


def _local_unreachable(subnets: Subnets, seen: Observation, reporter: str) -> tuple[Cause, str]:
    """Cause of a host unreachable that this machine itself reports."""
    neighbour = unanswered_neighbour(seen)
    if neighbour == "":
        return Cause.LOCAL_FIREWALL, reporter
    if neighbour is not None and not subnets.same(neighbour, seen.address):
        return Cause.NO_ROUTER, neighbour
    return Cause.NO_NEIGHBOUR, reporter

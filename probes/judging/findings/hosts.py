"""Results by host: rows lost with the party that has to change something, and ports that answer."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from probes.judging.change import port_of
from probes.judging.findings.subnets import Subnets
from probes.judging.host_states import UNTESTED, HostStates, answers, host_key
from probes.judging.party import HostState, Party, is_denied_locally, locate, proxy_of
from probes.judging.text import Port
from probes.model import MISSING, TO_CHANGE, Reason, Result, State, Status

_COMMON_FACTS = frozenset({"resolved", "proxy", "problem", "fix", "hint", "summary"})

_BEFORE_THE_PROXY = frozenset({Party.THIS_MACHINE, Party.ROUTE, Party.DEVICE})
"""Parties that keep this machine from a proxy as from any host."""


@dataclass(frozen=True, slots=True)
class LostRow:
    """Row that is lost on the path; `name` is the address of the party, where it has one."""

    result: Result
    port: Port
    party: Party
    name: str

    @property
    def reason(self) -> Reason:
        """Reason of the row."""
        return self.result.observation.reason


@dataclass(slots=True)
class Host:
    """Host, as far as names and addresses tell, with the rows that go straight to it."""

    key: str
    address: str
    sort_key: tuple[int, int, str]
    """Order by address."""
    state: HostState
    names: set[str] = field(default_factory=set)
    measured: set[Port] = field(default_factory=set)
    answering: dict[Port, bool] = field(default_factory=dict)
    """Ports that are open (true) or refused by the host itself."""
    lost: list[LostRow] = field(default_factory=list)

    @property
    def up(self) -> bool:
        """True if something came from the host itself, if only from its firewall."""
        return self.state.heard

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
    states: HostStates
    hosts: dict[str, Host]
    proxied: tuple[Result, ...]
    unresolved: tuple[Result, ...]
    """Rows whose name has no address."""
    refused_locally: tuple[Result, ...]
    """Rows that this machine did not allow to be tested."""
    denied_locally: tuple[LostRow, ...]
    """Rows, not tested, that this machine's own firewall did not let out."""
    host_of: dict[str, str]
    """Key of the host of each row that has an address or shares a name with one."""


def source_of(rows: Iterable[LostRow]) -> str:
    """Address that rows were sent from, for a sentence."""
    sources = {one.result.observation.source or "" for one in rows}
    return (next(iter(sources)) if len(sources) == 1 else "") or "this machine"


def classify(results: Iterable[Result]) -> ClassifiedResults:
    """Classify the last result of each key; the order of the results has no effect."""
    latest = {result.job.key: result for result in results}
    rows = tuple(latest[key] for key in sorted(latest))
    classified = ClassifiedResults(rows, (), Subnets(), HostStates(rows), {}, (), (), (), (), {})
    ports: dict[tuple[str, int | None], Port] = {}
    proxied, unresolved, refused, denied = [], [], [], []
    for result in rows:
        seen = result.observation
        if seen.state in UNTESTED and is_denied_locally(seen):
            if result.status in TO_CHANGE:
                denied.append(LostRow(result, port_of(result.job), *locate(result.job, seen)))
        elif proxy_of(result.job, seen) and not _is_lost_before_the_proxy(result):
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
            _add_row(classified, result, seen.address, port)
    return ClassifiedResults(
        rows,
        tuple(result for result in rows if not _COMMON_FACTS.issuperset(result.observation.facts)),
        classified.subnets,
        classified.states,
        classified.hosts,
        tuple(proxied),
        tuple(unresolved),
        tuple(refused),
        tuple(denied),
        classified.host_of,
    )


def _is_lost_before_the_proxy(result: Result) -> bool:
    """True if a row is lost as a row towards the proxy itself would be."""
    seen = result.observation
    return bool(seen.address) and locate(result.job, seen)[0] in _BEFORE_THE_PROXY


def _add_row(classified: ClassifiedResults, result: Result, address: str, port: Port) -> None:
    job, seen = result.job, result.observation
    key = host_key(result) or address
    host = classified.hosts.get(key)
    if host is None:
        sort_key = _address_sort_key(classified.subnets, address)
        host = classified.hosts[key] = Host(key, address, sort_key, classified.states.of(result))
    classified.host_of[job.key] = key
    host.names.add(job.endpoint[0])
    if address != host.address:
        host.sort_key, host.address = min(
            (host.sort_key, host.address), (_address_sort_key(classified.subnets, address), address)
        )
    # A port that nothing answers by nature shows nothing.
    if result.status is not Status.UNVERIFIABLE or seen.reason is not Reason.NO_RESPONSE:
        host.measured.add(port)
    if seen.state is State.CLOSED or answers(seen):
        host.answering[port] = host.answering.get(port, False) or seen.state is State.OPEN
    if result.status in MISSING and seen.state is not State.OPEN:
        state = classified.states.of(result)
        host.lost.append(LostRow(result, port, *locate(job, seen, state)))


def _address_sort_key(subnets: Subnets, address: str) -> tuple[int, int, str]:
    return *(subnets.number(address) or (9, 0)), address

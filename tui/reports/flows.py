"""Flows of a firewall request: rows that a rule could fix, merged. Pure."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from probes.judging.change import Change, required_change
from probes.judging.host_states import HostStates
from probes.judging.party import Party
from probes.model import MISSING, Observation, Reason, Result, State, Status
from probes.wire.address import same_address
from profiles.model import Check
from tui.reports.model import line
from tui.text.row_parts import attempts_text


@dataclass(frozen=True, slots=True)
class Flow:
    """One line of a firewall request: one source, protocol, port and purpose."""

    source: str
    destinations: tuple[str, ...]
    """The fewest prefixes that hold exactly the addresses; a single address has no length."""
    protocol: str
    """TCP, UDP or ICMP."""
    port: str
    """A number, a range such as 49152-65535, or empty for ICMP."""
    check: Check
    recommended: bool
    """The audit works without it, at a cost; all others are required."""
    hosts: tuple[str, ...]
    """As the operator named them."""
    evidence: str
    """Time, number of attempts and rejections."""
    who: str
    """Party whose rules have to change."""


@dataclass(frozen=True, slots=True)
class Request:
    """Requested flows, and rows that a rule would not fix."""

    flows: tuple[Flow, ...]
    left_out: tuple[tuple[str, tuple[Result, ...]], ...] = field(default=())
    """A sentence saying why, and the rows it is about."""


_REFUSED = (
    "Refused by the host: usually nothing listens there, and the service has to be started. If it "
    "is known to run, a firewall refuses for the host; then add these flows to the request."
)
_WRONG_SERVICE = (
    "The port is open, but the service behind it is silent or another one: no firewall rule fixes "
    "that, unless a device on the path answers in its place."
)
_HOST_DOWN = (
    "A router looked for it, or for the next router on the way to it, and got no answer: start the "
    "host or correct its address; no firewall rule fixes that."
)
_ABSENT = "No device with this address answers in its own network: there is no host to allow."
_NO_ROUTE = "This machine has no route to it: routing has to change before a rule can."
_NO_ROUTER = (
    "The next router on the way does not answer this machine: what is behind has not been seen."
)
_LOOP = "Packets go round in a routing loop on the way: routes have to change before a rule can."
_HERE = (
    "This machine's own firewall does not let it out: its rules have to change here, and what is "
    "behind has not been seen."
)
_NO_DNS = (
    "A DNS server did not tell the address of these names: allow DNS from this machine to its "
    "servers, UDP and TCP 53, or fix what the row names; what is behind has not been seen."
)
_UNKNOWN_SOURCE = (
    "A service there need not reply to a probe, so no test can tell whether a rule is missing: "
    "check the rules."
)
_UNTESTED = (
    "Not tested, because something else failed first: retest after that, or request it at the same "
    "time."
)
_ELSEWHERE = "The proxy, not the host, is what was not reached: allow the way to the proxy."
_NO_TUNNEL = (
    "The proxy was reached and opens no tunnel: its rules, its login or its own way to the host "
    "have to change."
)
_INTERCEPTED = (
    "A proxy on the path answers in the host's place: its rules, or a way past it, have to change."
)


def request(
    results: Iterable[Result],
    usual_source: str,
    down: Collection[str] = (),
    hosts: HostStates | None = None,
) -> Request:
    """The firewall request of a session; `usual_source` stands where a row has no source.

    `down` are keys of rows whose hosts are known not to be there; `hosts` are the states of the
    hosts, by default as far as these results tell.
    """
    results = tuple(results)
    states = HostStates(results) if hosts is None else hosts
    wanted: dict[tuple[str, str, str, str, str, str, int], list[Result]] = {}
    left: dict[str, list[Result]] = {}
    for result in results:
        change = required_change(result, states.of(result))
        why = _exclusion_reason(result, change, down)
        if why is None:
            continue
        if why or change is None:
            left.setdefault(why, []).append(result)
            continue
        address = ipaddress.ip_address(_bare(result.observation.address))
        source = result.observation.source or usual_source
        check = result.job.check
        same = (
            source,
            check.transport,
            _port(result),
            check.purpose or check.id,
            result.status,
            change.who,
            address.version,
        )
        wanted.setdefault(same, []).append(result)
    flows = [_flow(source, who, rows) for (source, *_, who, _), rows in wanted.items()]
    flows.sort(key=lambda flow: flow.recommended)
    return Request(tuple(flows), tuple((why, tuple(rows)) for why, rows in left.items()))


_NO_RULE: Mapping[Party, str] = {
    Party.HOST: _REFUSED,
    Party.SERVICE: _WRONG_SERVICE,
    Party.PROXY: _ELSEWHERE,
    Party.INTERCEPTOR: _INTERCEPTED,
    Party.THIS_MACHINE: _HERE,
    Party.DNS_SERVER: _NO_DNS,
}
"""Parties whose change is no rule of a firewall on the way."""
_UNTESTED_BY = (Party.THIS_MACHINE, Party.DNS_SERVER)
"""Parties that kept a row from being tested, and whose change a request tells."""


def _exclusion_reason(result: Result, change: Change | None, down: Collection[str]) -> str | None:
    """Reason why a rule would not fix a row; empty if it could, None if nothing is missing."""
    seen = result.observation
    if result.status is Status.UNVERIFIABLE:
        refused = seen.state is State.CLOSED and result.job.check.answers
        return _REFUSED if refused else _UNKNOWN_SOURCE
    if result.status is Status.ERROR and seen.reason is Reason.DEPENDENCY:
        return _UNTESTED
    if change is None or (result.status not in MISSING and change.party not in _UNTESTED_BY):
        return None
    match change.party:
        case Party.PROXY if seen.state is State.OPEN:
            return _NO_TUNNEL
        case party if party in _NO_RULE:
            return _NO_RULE[party]
        case Party.ROUTE:
            return _NO_ROUTER if change.name else _NO_ROUTE
        case Party.ROUTER if seen.reason is Reason.TIME_EXCEEDED:
            return _LOOP
        case Party.UNDELIVERED if result.job.key in down:
            return _HOST_DOWN
        case Party.UNDELIVERED if not change.name and _is_told_here(seen):
            return _ABSENT
    return "" if _is_address(seen.address) else _WRONG_SERVICE


def _is_told_here(seen: Observation) -> bool:
    """True if it is this machine's own search for a neighbour that found nobody."""
    return seen.icmp is not None or seen.state is not State.UNREACHABLE


def _flow(source: str, who: str, rows: Sequence[Result]) -> Flow:
    first = rows[0]
    return Flow(
        line(source),
        collapsed(_bare(result.observation.address) for result in rows),
        first.job.check.transport.upper(),
        _port(first),
        first.job.check,
        first.status is Status.DEGRADED,
        tuple(dict.fromkeys(line(result.job.target.label) for result in rows)),
        _evidence(rows),
        line(who),
    )


def collapsed(addresses: Iterable[str]) -> tuple[str, ...]:
    """The fewest prefixes that hold exactly these addresses; ValueError if one is none."""
    parsed = [ipaddress.ip_address(address) for address in addresses]
    four = [ipaddress.IPv4Network(address) for address in parsed if address.version == 4]
    six = [ipaddress.IPv6Network(address) for address in parsed if address.version == 6]
    return (
        *(_written(network) for network in ipaddress.collapse_addresses(four)),
        *(_written(network) for network in ipaddress.collapse_addresses(six)),
    )


def _written(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    return str(network.network_address if network.num_addresses == 1 else network)


def _port(result: Result) -> str:
    return result.job.port_text.partition(" ")[2]


def _bare(address: str | None) -> str:
    return (address or "").partition("%")[0]


def _is_address(address: str | None) -> bool:
    try:
        ipaddress.ip_address(_bare(address))
    except ValueError:
        return False
    return True


def _evidence(rows: Sequence[Result]) -> str:
    times = sorted(line(result.observation.started) for result in rows)
    when = times[0] if times[0] == times[-1] else f"{times[0]} to {times[-1]}"
    attempts = sum(result.observation.attempts for result in rows)
    rejections = Counter(_icmp_text(result) for result in rows)
    noted = "; ".join(
        what if len(rejections) == 1 else f"{what} ({number} of {len(rows)} rows)"
        for what, number in rejections.items()
    )
    return f"{f'{when}, ' if when else ''}{attempts_text(attempts)}: {noted}"


def _icmp_text(result: Result) -> str:
    seen = result.observation
    if seen.icmp is None:
        return "no answer" if seen.reason is Reason.NO_RESPONSE else f"{seen.state}, {seen.reason}"
    icmp = seen.icmp
    by = "the host's own address" if same_address(icmp.offender, seen.address) else "on the path"
    return (
        f"{line(icmp.offender)} ({by}) answered {seen.reason}, "
        f"ICMP{'v6' if icmp.version == 6 else ''} type {icmp.type} code {icmp.code}"
    )

"""Flows of a firewall request: rows that a rule could fix, merged. Pure."""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field

from probes.judging.messages import unanswered_neighbour
from probes.model import MISSING, Observation, Reason, Result, State, Status
from probes.wire.address import same_address
from profiles.model import Check
from tui.reports.model import attempts_text, line


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


@dataclass(frozen=True, slots=True)
class Request:
    """Requested flows, and rows that a rule would not fix."""

    flows: tuple[Flow, ...]
    left_out: tuple[tuple[str, tuple[Result, ...]], ...] = field(default=())
    """A sentence saying why, and the rows it is about."""


_REFUSED = (
    "Refused in the host's own name: as a rule nothing listens there, and the service has to be "
    "started. Where it is known to run, a firewall refuses so, and these flows belong into the "
    "request."
)
_WRONG_SERVICE = (
    "The port is open, but the service behind it is silent or another one: no rule mends that, "
    "except one that lets a device on the path answer in its place."
)
_HOST_DOWN = (
    "The router before it looked for it on its network and found nobody: start the host or correct "
    "its address, no rule mends that."
)
_ABSENT = "No device with this address answers in its own network: there is no host to allow."
_NO_ROUTE = "This machine has no route to it: routing has to change before a rule can."
_NO_ROUTER = (
    "The next router on the way does not answer this machine: what is behind has not been seen."
)
_HERE = (
    "This machine's own firewall rejects it: its rules have to change here, and what is behind has "
    "not been seen."
)
_UNKNOWN_SOURCE = (
    "Nothing answers there by nature, so no test can tell whether a rule is missing: "
    "look into the rules."
)
_UNTESTED = (
    "Not tested, because something else failed first: measure again after that, or ask for it "
    "at the same time."
)
_ELSEWHERE = "The proxy, not the host, is what was not reached: allow the way to the proxy."


def request(results: Iterable[Result], usual_source: str, down: Collection[str] = ()) -> Request:
    """The firewall request of a session; `usual_source` stands where a row has no source.

    `down` are keys of rows whose hosts are known not to be there.
    """
    wanted: dict[tuple[str, str, str, str, str, int], list[Result]] = {}
    left: dict[str, list[Result]] = {}
    for result in results:
        why = _exclusion_reason(result)
        if why == "" and result.observation.state is State.UNREACHABLE and result.job.key in down:
            why = _HOST_DOWN
        if why is None:
            continue
        if why:
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
            address.version,
        )
        wanted.setdefault(same, []).append(result)
    flows = [_flow(source, rows) for (source, *_), rows in wanted.items()]
    flows.sort(key=lambda flow: flow.recommended)
    return Request(tuple(flows), tuple((why, tuple(rows)) for why, rows in left.items()))


def _exclusion_reason(result: Result) -> str | None:
    """Reason why a rule would not fix a row; empty if it could, None if nothing is missing."""
    seen = result.observation
    if result.status is Status.UNVERIFIABLE:
        return _UNKNOWN_SOURCE
    if result.status is Status.ERROR and seen.reason is Reason.DEPENDENCY:
        return _UNTESTED
    if result.status not in MISSING:
        return None
    if seen.state is State.CLOSED:
        return _REFUSED
    if seen.state not in (State.FILTERED, State.OPEN_FILTERED, State.UNREACHABLE):
        return _WRONG_SERVICE
    if seen.facts.get("proxy"):
        return _ELSEWHERE
    if seen.icmp is not None and same_address(seen.icmp.offender, seen.source):
        return _local_reason(seen)
    if seen.state is State.UNREACHABLE and seen.icmp is None and seen.reason is Reason.NET_UNREACH:
        return _NO_ROUTE
    return "" if _is_address(seen.address) else _WRONG_SERVICE


def _local_reason(seen: Observation) -> str:
    """Reason why a rule elsewhere would not fix a rejection by this machine."""
    silent = unanswered_neighbour(seen)
    if seen.state is State.FILTERED or silent == "":
        return _HERE
    if seen.reason is not Reason.HOST_UNREACH:
        return _NO_ROUTE
    away = silent is not None and not same_address(silent, seen.address)
    return _NO_ROUTER if away else _ABSENT


def _flow(source: str, rows: Sequence[Result]) -> Flow:
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
    return f"{when}, {attempts_text(attempts)}: {noted}"


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

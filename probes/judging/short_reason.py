"""Short reason of a row, beside its full note. Pure.

A reason says no more than the row's evidence does. It names the party that `party.locate` finds,
where that has a name; words give way to the name where both have no room.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from probes.judging.party import UNHEARD, HostState, Party, is_denied_locally, locate, proxy_of
from probes.judging.short_proof import proof, service_problem
from probes.model import (
    ACCEPTS_EVERYTHING,
    AVAILABLE,
    IPV4_ONLY,
    NOT_SENT,
    REASON_CELLS,
    Job,
    Observation,
    Reason,
    Service,
    State,
    Status,
)
from probes.wire.cells import cut, cut_middle, width
from probes.wire.text import printable


@dataclass(frozen=True, slots=True)
class OtherPorts:
    """Other rows of a row's host, as far as a silent row's reason depends on them."""

    answers: str = ""
    """Clause about another port of the host: `88 answers`, `U:161 refuses`, `ping answers`."""
    silent: bool = False
    """Every other row that asked the host has no answer, and there is one at least."""


NO_OTHERS = OtherPorts()
"""Nothing is known of the host but the row itself."""

_Words = tuple[str, str, str]
"""Words about a party: with its name, without one, and with one that leaves little room."""

_BY_PARTY: Mapping[Party, _Words] = {
    Party.DEVICE: ("rejected by {}", "rejected on the way", "rejected: {}"),
    Party.ROUTER: ("no route, says {}", "no route on the way", "no route: {}"),
    Party.UNDELIVERED: ("host down, says {}", "no ARP reply: down or unused", "down, says {}"),
    Party.ROUTE: ("next router {} is silent", "no route from here", "router silent: {}"),
    Party.PROXY: ("proxy {} opens no tunnel", "the proxy opens no tunnel", "no tunnel: {}"),
    Party.INTERCEPTOR: ("answered by {} on the path", "a proxy on the path answers", "proxy: {}"),
    Party.HOST_FIREWALL: ("rejected from the host's address",) * 3,
    Party.THIS_MACHINE: ("rejected by this machine",) * 3,
    Party.HOST: ("refused: not listening, or firewall",) * 3,
    Party.UNKNOWN: ("rejected, perhaps by {}", "rejected, not known by whom", "rejected? {}"),
}
_LOOP = "routing loop at {}", "routing loop on the way", "loop at {}"
_OTHERS_REJECTED = "no answer; {} rejects others", "no answer", "silent, others: {}"
_PROXY_SILENT = "no answer from proxy {}", "no answer from the proxy", "silent proxy {}"
_PROXY_REFUSES = "proxy {} refuses", "the proxy refuses", "refused by {}"
_PROXY_REJECTED = "proxy {} is not reached", "the proxy is not reached", "not reached: {}"
_PROXY_UNKNOWN = "name of proxy {} is unknown", "the proxy's name is unknown", "unknown: {}"
_OTHER_SENDER = "answers from {}", "answers from another address", "from {}"
_NEIGHBOUR = "no neighbour reply: down or unused"
_PORT_UNREACHABLE = "refused by host or firewall (ICMP)"
_UNTESTED: Mapping[Reason, str] = {
    Reason.CANCELLED: "stopped before it was tested",
    Reason.PERMISSION_DENIED: "not permitted on this machine",
    Reason.NOT_OFFERED: "not possible from here",
    Reason.NOT_NEEDED: "not needed",
}
_NAME_PROBLEMS = (
    # Words of a resolver's problem, and the reason they stand for.
    ("no such name", "no such name in DNS"),
    ("has no address", "name has no address in DNS"),
    ("given no host's address", "DNS gives no host's address"),
    ("neither an address nor", "neither an address nor a name"),
)
_NEEDED = re.compile(r"(.+) \((?:TCP|UDP) ([0-9-]+)\), which it depends on")
_WHILE = re.compile(r"Not needed while (.+?)(?: \([^()]*\))? (?:answers|found this to be a (.+))")
_ANSWERED = re.compile(r"Not needed: you answered (.+?) to ")


def short_reason(
    job: Job,
    status: Status,
    observation: Observation,
    host: HostState = UNHEARD,
    others: OtherPorts = NO_OTHERS,
    note: str = "",
) -> str:
    """Short reason of a row in at most REASON_CELLS cells.

    `host` is the state of the row's host, `others` its other rows. `note` is the row's own, which
    says why one is not needed.
    """
    if status is Status.NOT_NEEDED:
        return cut(_not_needed(observation, note), REASON_CELLS)
    if observation.reason is Reason.CANCELLED or status is Status.CANCELLED:
        return _UNTESTED[Reason.CANCELLED]
    is_unnamed = observation.reason is Reason.NAME_NOT_RESOLVED
    if is_unnamed or observation.state in (State.ERROR, State.NOT_RUN):
        return cut(_untested(job, observation), REASON_CELLS)
    is_seen = observation.icmp is not None or observation.facts.get("no_arp_reply")
    if status is Status.NO_HOST and not is_seen:
        return "no answer: no host seen there"
    if observation.state is State.OPEN or observation.facts.get("answered_from"):
        return cut(_open(job, status, observation, host), REASON_CELLS)
    return cut(_unreached(job, observation, host, others), REASON_CELLS)


def _named(words: _Words, name: str) -> str:
    """Words about a party; of a name without room for both, the words go, then its middle."""
    name = printable(name, 300)
    if not name:
        return words[1]
    for one in (words[0], words[2]):
        if width(text := one.format(name)) <= REASON_CELLS:
            return text
    return words[0].format(cut_middle(name, REASON_CELLS - width(words[0].format(""))))


def _not_needed(seen: Observation, note: str) -> str:
    if seen.facts.get(IPV4_ONLY):
        return "IPv4 only; its address is IPv6"
    if found := _WHILE.match(note):
        title, kind = printable(found[1]), found[2]
        return f"{title} shows a {printable(kind.rstrip('.'), 30)}" if kind else f"{title} works"
    if found := _ANSWERED.match(note):
        return f"not needed: you answered {printable(found[1], 30)}"
    return _UNTESTED[Reason.NOT_NEEDED]


def _untested(job: Job, seen: Observation) -> str:
    problem = printable(str(seen.facts.get("problem", "")), 200)
    match seen.reason:
        case Reason.NAME_NOT_RESOLVED:
            party, _ = locate(job, seen)
            if party is Party.DNS_SERVER:
                return "name not resolved: DNS fails"
            text = next((text for word, text in _NAME_PROBLEMS if word in problem), "")
            proxy = proxy_of(job, seen)
            return _named(_PROXY_UNKNOWN, proxy) if proxy else text or "the name does not resolve"
        case Reason.PERMISSION_DENIED if is_denied_locally(seen):
            return "refused by this machine's firewall"
        case Reason.DEPENDENCY:
            found = _NEEDED.match(problem)
            return f"waits for {found[1]} {found[2]}" if found else "waits for another check"
        case _ if seen.reason in _UNTESTED:
            return _UNTESTED[seen.reason]
        case _:
            return f"not tested: {problem or seen.reason}"


def _open(job: Job, status: Status, seen: Observation, host: HostState) -> str:
    """Reason of a row whose port is open, or that answers from another address."""
    if sender := seen.facts.get("answered_from"):
        return _named(_OTHER_SENDER, str(sender))
    if seen.facts.get(ACCEPTS_EVERYTHING) and seen.service is Service.NOT_ASKED:
        return "everything is accepted: no proof"
    if status in AVAILABLE or seen.service in (Service.CONFIRMED, Service.NOT_ASKED):
        return proof(job.check.probe, status, seen.facts) or "accepts connections"
    party, name = locate(job, seen, host)
    if party is Party.INTERCEPTOR and not seen.facts.get("http_problem"):
        return service_problem(seen)
    if party in (Party.PROXY, Party.INTERCEPTOR):
        return _named(_BY_PARTY[party], name)
    return service_problem(seen)


def _unreached(job: Job, seen: Observation, host: HostState, others: OtherPorts) -> str:
    """Reason of a row that got no answer, or a refusal."""
    party, name = locate(job, seen, host)
    tried = _tried(seen)
    if seen.reason is Reason.NO_RESPONSE:
        return _silent(job, seen, party, name, others, tried)
    if party is Party.PROXY:
        return _named(_PROXY_REFUSES if seen.state is State.CLOSED else _PROXY_REJECTED, name)
    if tried and party is Party.HOST:
        return f"refused: {tried}, named by {job.port}"
    if seen.reason is Reason.PORT_UNREACH and party is Party.HOST:
        return _PORT_UNREACHABLE
    if seen.reason is Reason.TIME_EXCEEDED and party is Party.ROUTER:
        return _named(_LOOP, name)
    if party is Party.UNDELIVERED and not name:
        return _undelivered(seen)
    return _named(_BY_PARTY[party], name)


def _undelivered(seen: Observation) -> str:
    if seen.icmp is None and not seen.facts.get("no_arp_reply"):
        return "host unreachable from here"
    is_ipv6 = ":" in (seen.address or "")
    return _NEIGHBOUR if is_ipv6 else _BY_PARTY[Party.UNDELIVERED][1]


def _silent(
    job: Job, seen: Observation, party: Party, name: str, others: OtherPorts, tried: str
) -> str:
    text = _SILENT.get(party, _silent_unknown)(job, seen, name, others)
    if tried and party is not Party.THIS_MACHINE:
        ports = f"dropped: {job.port} passes, {tried} do{'' if _is_many(tried) else 'es'} not"
        if not name and width(ports) <= REASON_CELLS:
            return ports
        return text if name else f"dropped: {tried} behind {job.port}"
    return text


def _silent_unknown(job: Job, seen: Observation, name: str, others: OtherPorts) -> str:
    if not job.check.answers:
        return f"cannot be tested ({job.port_text})"
    if name:
        return _named(_OTHERS_REJECTED, name)
    if seen.state is State.OPEN_FILTERED:
        return _silent_datagram(job, others)
    if others.answers:
        return f"dropped: {others.answers}"
    if seen.facts.get("mac"):
        return "dropped: its address answers ARP"
    return "no answer, nor any other port" if others.silent else "no answer"


def _silent_datagram(job: Job, others: OtherPorts) -> str:
    """Reason of a datagram without an answer: the service itself may be silent too."""
    if job.check.probe == "snmp":
        if others.answers:
            return "no answer: dropped, or community?"
        return "no answer: dropped, down, community?"
    if others.answers:
        return f"no answer; {others.answers}"
    return "no answer, nor any other port" if others.silent else "no answer"


def _silent_at_proxy(job: Job, seen: Observation, name: str, others: OtherPorts) -> str:
    return _named(_PROXY_SILENT, name)


def _silent_own_firewall(job: Job, seen: Observation, name: str, others: OtherPorts) -> str:
    if not job.check.answers:
        return _silent_unknown(job, seen, name, others)
    return "silent; its firewall rejects others"


def _silent_undelivered(job: Job, seen: Observation, name: str, others: OtherPorts) -> str:
    return _named(_BY_PARTY[Party.UNDELIVERED], name) if name else _undelivered(seen)


def _not_sent(job: Job, seen: Observation, name: str, others: OtherPorts) -> str:
    return "dropped by this machine's firewall" if seen.facts.get(NOT_SENT) else "not sent"


_SILENT: Mapping[Party, Callable[[Job, Observation, str, OtherPorts], str]] = {
    Party.PROXY: _silent_at_proxy,
    Party.HOST_FIREWALL: _silent_own_firewall,
    Party.UNDELIVERED: _silent_undelivered,
    Party.THIS_MACHINE: _not_sent,
}


def _tried(seen: Observation) -> str:
    """Ports behind the row's own that did not open: `49664-66`; empty if there are none."""
    tried = seen.facts.get("tried")
    if not isinstance(tried, list):
        return ""
    ports = sorted(
        {
            one["port"]
            for one in tried
            if isinstance(one, dict)
            and type(one.get("port")) is int
            and one.get("state") == seen.state
        }
    )
    if not ports:
        return ""
    first, last = ports[0], ports[-1]
    if len(ports) > 1 and last - first == len(ports) - 1:
        same = len(str(first)) == len(str(last)) and first // 100 == last // 100
        return f"{first}-{last % 100:02d}" if same else f"{first}-{last}"
    if len(ports) == 1:
        return str(first)
    return f"{first} and {len(ports) - 1} more"


def _is_many(tried: str) -> bool:
    return not tried.isdecimal()

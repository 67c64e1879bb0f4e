"""Messages of observations."""

from __future__ import annotations

from probes.judging.party import unanswered_neighbour
from probes.judging.text import some
from probes.model import (
    ACCEPTS_EVERYTHING,
    ANSWERED_AFTER,
    IPV4_ONLY,
    MEASURED_AS,
    NOT_SENT,
    SILENCE,
    SYN_RESENT,
    Icmp,
    Job,
    Observation,
    Reason,
    Service,
    State,
)
from probes.wire.address import same_address

_PROHIBITED = {
    9: "network administratively prohibited",
    10: "host administratively prohibited",
    13: "administratively prohibited",
    14: "host precedence violation",
    15: "precedence cutoff in effect",
}
_ATTEMPTS_TEXT = {1: "", 2: "twice", 3: "three times"}


def outcome_message(job: Job, observation: Observation, timeout: float) -> str:
    """Sentence about an observation: its end and the party that caused it.

    `timeout` is the seconds each attempt waited, of an observation that does not tell how long
    nothing came. Without its full stop.
    """
    text = _describe(job, observation, timeout)
    if by := observation.facts.get(MEASURED_AS):
        text += f" (as tested for {by}; this row's own attempts got no answer)"
    # A router tries for seconds to find a host that is not there, and SYN are sent meanwhile.
    if observation.facts.get(SYN_RESENT) and observation.state is not State.UNREACHABLE:
        text += "; the first SYN was lost or not answered in time, so the latency is unknown"
    if not job.proxy or observation.state in (State.OPEN, State.NOT_RUN):
        return text
    if observation.reason is Reason.NAME_NOT_RESOLVED:
        return text.replace("the name", f"the name of the proxy {job.proxy}", 1)
    if observation.state is State.ERROR:
        return text
    return f"The proxy {job.proxy} is not reached: {text[0].lower()}{text[1:]}"


def _describe(job: Job, observation: Observation, timeout: float) -> str:
    number = job.endpoint[1]
    port = f"{job.check.transport.upper()} {number}" if number else "ICMP echo"
    facts = observation.facts
    match observation.state:
        case State.NOT_RUN if facts.get(IPV4_ONLY):
            return _describe_ipv4_only(job, facts[IPV4_ONLY])
        case State.OPEN:
            return _describe_open(job, observation)
        case State.CLOSED | State.FILTERED | State.UNREACHABLE if facts.get("summary"):
            return _describe_other_port(observation)
        case State.CLOSED if observation.reason is Reason.CONN_REFUSED:
            if doubt := facts.get("caveat"):
                return f"Refused: nothing listens on {number} ({doubt})"
            return (
                f"Refused with a TCP reset: nothing listens on {number}, or a firewall sent the "
                "reset"
            )
        case State.CLOSED:
            text = (
                f"Refused with a port unreachable from the host itself: nothing listens on {port}, "
                "or the host's firewall rejects it"
            )
            return text if job.check.answers else f"{text}. This alone proves nothing"
        case State.OPEN_FILTERED if not job.check.answers:
            return (
                f"{_silence(observation, timeout)}. A service on {port} need not reply to a probe; "
                "this cannot be tested from outside"
            )
        case State.OPEN_FILTERED:
            return _describe_unanswered(observation, timeout)
        case State.FILTERED if observation.reason is Reason.NO_RESPONSE:
            return f"{_silence(observation, timeout)}{_silence_explanation(observation)}"
        case State.FILTERED | State.UNREACHABLE if observation.icmp is not None:
            return _describe_icmp(observation, observation.icmp)
        case State.FILTERED | State.UNREACHABLE:
            return _describe_local_error(observation)
        case _:
            return _describe_untested(observation)


def _describe_open(job: Job, observation: Observation) -> str:
    summary = str(observation.facts.get("summary", ""))
    match observation.service:
        case Service.CONFIRMED:
            text = summary or "The right service answered"
        case Service.UNEXPECTED | Service.SILENT if observation.facts.get("unproven"):
            text = summary
        case Service.UNEXPECTED:
            text = f"Open, but the wrong service answers: {summary}"
        case Service.SILENT:
            text = f"Open, but {summary or 'the service said nothing useful'}"
        case _ if not job.check.answers:
            text = f"{summary}, so this is neither a pass nor a failure"
        case _:
            text = summary or "Accepts connections; which service listens was not asked"
            if observation.reason is Reason.ECHO_REPLY:
                text = "Answers the ping"
    if sender := observation.facts.get("answered_from"):
        text = (
            f"{text}. It answers, but from {sender}: a stateful firewall, or a client that expects "
            "the address it asked, drops that. Name that address, or have the device answer from "
            "the one that is asked"
        )
    other_addresses = observation.facts.get("other_addresses")
    text = f"{text}; but {other_addresses}" if other_addresses else text
    slow = observation.facts.get(ANSWERED_AFTER)
    if isinstance(slow, int | float) and observation.service is not Service.SILENT:
        text += f"; it answered after {slow:g} s"
    if observation.facts.get(ACCEPTS_EVERYTHING):
        text += "; something on the path accepts everything"
        if observation.service is not Service.CONFIRMED:
            text += ", so an open port proves nothing"
    return text


def _describe_ipv4_only(job: Job, addresses: object) -> str:
    """Message of a row that was not asked, as its host has no address of the IP it runs over."""
    known = [str(one) for one in addresses] if isinstance(addresses, list) else []
    has = f"the name led to IPv6 addresses only ({some(known)})"
    if known == [job.endpoint[0]]:
        has = f"{known[0]} is an IPv6 address"
    return (
        f"Not needed: {job.check.title} ({job.port_text}) exists over IPv4 only, and {has}, so "
        "nothing was sent. Name the host's IPv4 address to have it tested"
    )


def _describe_other_port(observation: Observation) -> str:
    """Message of a port behind the row's own that a probe could not open."""
    summary = str(observation.facts["summary"])
    if observation.icmp is None:
        return summary
    return f"{summary}. {_describe_icmp(observation, observation.icmp)}"


def _describe_unanswered(observation: Observation, timeout: float) -> str:
    """Message of a datagram that a service would have answered."""
    facts = observation.facts
    if sender := facts.get("answered_from"):
        return (
            f"{_silence(observation, timeout)} from the address asked: {sender} answers instead, "
            "and clients drop such an answer; have the host answer from the address that is asked"
        )
    hint = facts.get("hint", "the service stays silent")
    return f"{_silence(observation, timeout)}: dropped on the way, the host is down, or {hint}"


def _silence(observation: Observation, timeout: float) -> str:
    times = _ATTEMPTS_TEXT.get(observation.attempts, f"{observation.attempts} times")
    waited = observation.timings_ms.get(SILENCE)
    if waited is None:
        # Of a session whose attempts came one after another, each with its own time.
        return f"No answer in {timeout:g} s" + (times and f", {times}")
    return f"No answer in {_seconds_text(waited / 1000)} s" + (times and f", asked {times}")


def _seconds_text(seconds: float) -> str:
    """Seconds that have passed in full: whole ones from 2 on, tenths below."""
    return f"{int(seconds)}" if seconds >= 2 else f"{int(seconds * 10) / 10:g}"


def _silence_explanation(observation: Observation) -> str:
    """Explanation of silence, as the end of a sentence."""
    if observation.facts.get(NOT_SENT):
        return ", and nothing left this machine: its own firewall drops it, as far as can be told"
    if observation.facts.get("no_arp_reply"):
        return ", and no ARP reply either: the host is down or its address is not in use"
    if observation.facts.get("mac"):
        return (
            ", though its address answers ARP: the host is up, or a device answers for it, and a "
            "filter drops this"
        )
    return ": dropped on the way or the host is down"


def _describe_icmp(observation: Observation, icmp: Icmp) -> str:
    error = _icmp_text(observation.reason, icmp)
    if same_address(icmp.offender, observation.address):
        return (
            "Rejected by the host's firewall, or by a device before it that uses its address: "
            f"{error}"
        )
    if same_address(icmp.offender, observation.source):
        if observation.reason is Reason.HOST_UNREACH:
            protocol = "neighbour" if icmp.version == 6 else "ARP"
            silent = unanswered_neighbour(observation)
            if silent and not same_address(silent, observation.address):
                return f"The next router {silent} does not answer (no {protocol} reply)"
            if silent == "":
                return f"This machine itself ({icmp.offender}) rejected it: host unreachable"
            return f"No {protocol} reply: the host is down or its address is not in use"
        return f"This machine itself ({icmp.offender}) rejected it: {error}"
    verb = "rejected it" if observation.state is State.FILTERED else "cannot deliver it"
    return f"{icmp.offender} (a device on the path) {verb}: {error}"


def icmp_meaning(reason: Reason, icmp: Icmp) -> str:
    """Meaning of an ICMP error in the words of its RFC: `host unreachable`."""
    return _icmp_text(reason, icmp).partition(",")[0]


def _icmp_text(reason: Reason, icmp: Icmp) -> str:
    match reason:
        case Reason.ADMIN_PROHIBITED if icmp.version == 4:
            return _PROHIBITED.get(icmp.code, "administratively prohibited")
        case Reason.ADMIN_PROHIBITED:
            return "administratively prohibited"
        case Reason.PORT_UNREACH:
            return "port unreachable"
        case Reason.PROTO_UNREACH:
            return "protocol unreachable"
        case Reason.HOST_UNREACH:
            return "host unreachable, it is likely down or does not exist"
        case Reason.NET_UNREACH:
            return "network unreachable, no route to it"
        case Reason.TIME_EXCEEDED:
            return "time exceeded on the way, a routing loop is likely"
        case _:
            return f"ICMP type {icmp.type} code {icmp.code}"


def _describe_local_error(observation: Observation) -> str:
    match observation.reason:
        case Reason.NET_UNREACH:
            return f"No route from this machine to {observation.address}"
        case Reason.HOST_UNREACH:
            return f"This machine cannot reach {observation.address}: no route to the host"
        case _:
            return "Rejected, and this system does not tell by whom"


def _describe_untested(observation: Observation) -> str:
    problem = str(observation.facts.get("problem", "")) or str(observation.reason)
    match observation.reason:
        case Reason.NAME_NOT_RESOLVED:
            return f"Not tested: the name does not resolve: {problem}"
        case Reason.PERMISSION_DENIED:
            return f"Not tested: not permitted here: {problem}"
        case Reason.CANCELLED:
            return "Stopped before it was tested"
        case Reason.NOT_NEEDED:
            return "Not needed"
        case _:
            return f"Not tested: {problem}"

"""Messages of observations, and fixes that replace those of the profile."""

from __future__ import annotations

from probes.model import ACCEPTS_EVERYTHING, Icmp, Job, Observation, Reason, Service, State
from probes.registry import probe_of
from probes.wire.address import same_address

_PROHIBITED = {
    9: "network administratively prohibited",
    10: "host administratively prohibited",
    13: "administratively prohibited",
    14: "host precedence violation",
    15: "precedence cutoff in effect",
}
_ATTEMPTS_TEXT = {1: "", 2: ", twice", 3: ", three times"}


def outcome_message(job: Job, observation: Observation, timeout: float) -> str:
    """Sentence about an observation: its end and the party that caused it.

    `timeout` is the seconds each attempt waited. Without its full stop.
    """
    text = _describe(job, observation, timeout)
    if not job.proxy or observation.state in (State.OPEN, State.NOT_RUN):
        return text
    if observation.reason is Reason.NAME_NOT_RESOLVED:
        return text.replace("the name", f"the name of the proxy {job.proxy}", 1)
    if observation.state is State.ERROR:
        return text
    return f"The proxy {job.proxy} is not reached: {text[0].lower()}{text[1:]}"


def fix_override(job: Job, seen: Observation) -> str:
    """Fix that replaces the profile's in a verdict; empty where the profile's is right.

    It names no host, so that targets with the same rows have the same verdict.
    """
    if seen.state is State.UNREACHABLE:
        match seen.reason:
            case Reason.HOST_UNREACH if "unanswered" not in seen.facts or seen.facts["unanswered"]:
                return "Start the host or correct its address, if no rule on the way says so."
            case Reason.NET_UNREACH:
                return "Correct the routes on the way, or the address."
            case Reason.TIME_EXCEEDED:
                return "Mend the routing loop on the way."
    if seen.state is State.CLOSED and not probe_of(job.check).opens_port:
        return closed_port_fix(job)
    return wrong_service_fix(job, seen)


def wrong_service_fix(job: Job, seen: Observation) -> str:
    """Fix where a port is open and the service behind it is not the right one.

    Empty for any other row, and where the right service has a fault or a port behind this one
    decides. No rule has to change: the connection is let through.
    """
    if seen.state is not State.OPEN or job.check.ports or "unproven" in seen.facts:
        return ""
    where = f"{job.check.transport.upper()} {job.port}" if job.port else job.check.port_text
    if seen.service is Service.UNEXPECTED:
        return (
            f"Correct the address, or have {job.check.title} listen on {where}: "
            "the path is open, but something else answers."
        )
    if seen.service is Service.SILENT:
        return (
            f"See on the host, or on what takes its connections, why {job.check.title} says "
            f"nothing useful on {where}: the connection is accepted."
        )
    return ""


def closed_port_fix(job: Job) -> str:
    """Fix where a port is refused in the host's own name.

    Empty where the service answers nobody, serves one client at a time or is behind another port.
    """
    check = job.check
    if not check.answers or probe_of(check).one_client or check.ports:
        return ""
    where = f"{check.transport.upper()} {job.port}" if job.port else check.port_text
    return (
        f"Start {check.title} on the host or correct the port: nothing listens on {where}, "
        "unless a firewall refuses it in the host's name."
    )


def unanswered_neighbour(observation: Observation) -> str | None:
    """Neighbour that gave no ARP reply to this machine; see Vantage.unresolved_neighbour."""
    silent = observation.facts.get("unanswered")
    return silent if isinstance(silent, str) else None


def _describe(job: Job, observation: Observation, timeout: float) -> str:
    number = job.endpoint[1]
    port = f"{job.check.transport.upper()} {number}" if number else "ICMP echo"
    facts = observation.facts
    match observation.state:
        case State.OPEN:
            return _describe_open(observation)
        case State.CLOSED | State.FILTERED | State.UNREACHABLE if facts.get("summary"):
            return _describe_other_port(observation)
        case State.CLOSED if observation.reason is Reason.CONN_REFUSED:
            if doubt := facts.get("caveat"):
                return f"Refused: nothing listens on {number} ({doubt})"
            return (
                f"Refused with a TCP reset: nothing listens on {number}, or a firewall resets in "
                "the host's name"
            )
        case State.CLOSED:
            text = (
                f"Refused with a port unreachable from the host itself: nothing listens on {port}, "
                "or its firewall rejects it in these words"
            )
            return text if job.check.answers else f"{text}; whether that matters cannot be told"
        case State.OPEN_FILTERED if not job.check.answers:
            return (
                f"{_silence(observation, timeout)}: nothing answers on {port} by nature, so this "
                "is neither a pass nor a failure"
            )
        case State.OPEN_FILTERED:
            hint = facts.get("hint", "the service stays silent")
            return (
                f"{_silence(observation, timeout)}: dropped on the way, the host is down, or {hint}"
            )
        case State.FILTERED if observation.reason is Reason.NO_RESPONSE:
            return f"{_silence(observation, timeout)}{_silence_text(observation)}"
        case State.FILTERED | State.UNREACHABLE if observation.icmp is not None:
            return _describe_icmp(observation, observation.icmp)
        case State.FILTERED | State.UNREACHABLE:
            return _describe_local_error(observation)
        case _:
            return _describe_untested(observation)


def _describe_open(observation: Observation) -> str:
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
        case _:
            text = summary or "Accepts connections; which service listens was not asked"
            if observation.reason is Reason.ECHO_REPLY:
                text = "Answers the ping"
    other_addresses = observation.facts.get("other_addresses")
    text = f"{text}; but {other_addresses}" if other_addresses else text
    if observation.facts.get(ACCEPTS_EVERYTHING):
        text += "; something on the path accepts everything"
        if observation.service is not Service.CONFIRMED:
            text += ", so an open port proves nothing"
    return text


def _describe_other_port(observation: Observation) -> str:
    """Message of a port behind the row's own that a probe could not open."""
    summary = str(observation.facts["summary"])
    if observation.icmp is None:
        return summary
    return f"{summary}. {_describe_icmp(observation, observation.icmp)}"


def _silence(observation: Observation, timeout: float) -> str:
    attempts = observation.attempts
    times = _ATTEMPTS_TEXT.get(attempts, f", {attempts} times")
    return f"No answer in {timeout:g} s{times}"


def _silence_text(observation: Observation) -> str:
    """Explanations of a silence over TCP or of a ping, by what is known of ARP."""
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
        return f"Rejected in the host's own name, by its firewall or a device before it: {error}"
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
            return "Stopped before it was measured"
        case Reason.NOT_NEEDED:
            return "Not needed"
        case _:
            return f"Not tested: {problem}"

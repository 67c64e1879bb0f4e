"""First parts of a row's details: seen, means, change, same cause, verify; for screen and reports.

All text is harmless.
"""

from __future__ import annotations

from enum import StrEnum

from probes.judging.messages import icmp_meaning
from probes.judging.party import proxy_of
from probes.judging.recognised_role import recognised_role
from probes.model import (
    MISSING,
    SILENCE,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
)
from probes.wire.address import same_address
from probes.wire.text import printable
from profiles.recognition import AUTO
from tui.models.columns import latency_of
from tui.models.loaded_session import NOT_MEASURED_AGAIN
from tui.models.same_cause import Shared
from tui.text.status import STATUS

_LONG = 600
_ONE_LINE = 71
"""Cells of a line beside the label in 80 columns."""


class Part(StrEnum):
    """Word for each of the first parts of a row's details, in their order."""

    SEEN = "seen"
    MEANS = "means"
    CHANGE = "change"
    SAME = "same"
    VERIFY = "verify"

    @property
    def heading(self) -> str:
        """The word as a report has it, before a colon or in a list of terms."""
        return self.value.capitalize()


_NO_OTHER = "none known"
"""Text of the part about the same cause of a row that is alone."""
_HOST_ADDRESS = "the host's address"
"""Sender of a rejection in the host's name: a device before it may use its address."""
_TIMES = {1: "once", 2: "twice", 3: "three times"}


def seen_text(result: Result) -> str:
    """Answer that came, its sender, type and code, latency and number of attempts."""
    return ", ".join(seen_parts(result))


def seen_parts(result: Result) -> tuple[str, ...]:
    """The same in parts; those after the first, latency and attempts, stand elsewhere as well."""
    seen = result.observation
    if seen.state in (State.ERROR, State.NOT_RUN):
        return (note_text(result),)
    if result.job.check.probe == AUTO:
        # A whole text about many questions, which have neither one latency nor one attempt.
        return (note_text(result),)
    text, more = _answer_text(result), [latency_of(seen)]
    if seen.reason is Reason.NO_RESPONSE:
        text, more = _silence_text(seen), []
    elif seen.started:
        more.append(attempts_text(seen.attempts))
    if seen.started and result.note.startswith(NOT_MEASURED_AGAIN):
        text += f", {NOT_MEASURED_AGAIN[0].lower()}{NOT_MEASURED_AGAIN[1:]} {seen.started}"
    told = [printable(one) for one in more if one]
    # A sentence ends before its parts only if none follows.
    return (printable(text.removesuffix(".") if told else text, _LONG), *told)


def asked_text(job: Job) -> str:
    """Text of what is seen of a row that was not measured yet: what it will ask."""
    proxy = f" through the proxy {job.proxy}" if job.proxy else ""
    answer = "" if job.check.answers else ", where silence proves nothing"
    asked = f"not tested yet; {job.check_text} of {job.target.host} will be asked"
    return printable(f"{asked}{proxy}{answer}", _LONG)


def note_text(result: Result) -> str:
    """The note without the consequence, which logs of earlier versions have at its end."""
    return printable(result.note.removesuffix(result.job.check.consequence).rstrip(), _LONG)


def rest_of_note(result: Result) -> str:
    """The note where it says more than what was seen; empty where it does not."""
    note = note_text(result)
    return "" if note.rstrip(".").casefold() in seen_text(result).casefold() else note


def means_text(result: Result) -> str:
    """Consequence of a row that is missing, or what another status proves; may be empty."""
    is_unknown_role = result.status is Status.ERROR and result.job.check.probe == AUTO
    if result.status in MISSING or is_unknown_role:
        return printable(result.job.check.consequence, _LONG)
    if result.status is Status.UNVERIFIABLE:
        return "This is neither a pass nor a failure."
    if recognised_role(result):
        return "Its role is known; rows of their own test what that role requires."
    if result.status is Status.OK and result.observation.service is Service.NOT_ASKED:
        return "The path is open; which service answers was not asked."
    about = STATUS[result.status].about
    return f"{about[0].upper()}{about[1:]}." if about else ""


def same_text(result: Result, shared: Shared | None) -> str:
    """Other rows with the same cause, and the reason where it is theirs too."""
    if shared is None:
        return _NO_OTHER
    job = shared.other.job
    first = f"{job.target.label} {job.check_text}"
    if shared.more > 0:
        first += f" and {shared.more:,} more {'row' if shared.more == 1 else 'rows'}"
    why = f": {result.why}" if result.why and result.why == shared.other.why else ""
    if len(first) + len(why) > _ONE_LINE:
        why = ""
    return printable(f"{first}{why}", _LONG)


def attempts_text(attempts: int) -> str:
    """`1 attempt`, `2 attempts`."""
    return "1 attempt" if attempts == 1 else f"{attempts} attempts"


def _silence_text(seen: Observation) -> str:
    times = _TIMES.get(seen.attempts, f"{seen.attempts} times")
    waited = seen.timings_ms.get(SILENCE)
    within = "" if waited is None else f" in {max(1, int(waited / 1000))} s"
    text = f"nothing, asked {times}{within}"
    if seen.facts.get("no_arp_reply"):
        text += ", and no ARP reply"
    elif seen.facts.get("mac"):
        text += "; its address answers ARP"
    return text


def _answer_text(result: Result) -> str:
    seen, summary = result.observation, _summary(result.observation)
    proxy = proxy_of(result.job, seen)
    if seen.state is State.OPEN:
        return _open_text(result, summary)
    if seen.icmp is not None:
        behind = f"{summary}: " if summary else ""
        return f"{behind}{icmp_text(seen.icmp, seen.reason)} from {_sender(seen.icmp, seen)}"
    if summary:
        return summary
    if seen.reason is Reason.CONN_REFUSED:
        return f"TCP reset from {f'the proxy {proxy}' if proxy else _HOST_ADDRESS}"
    return note_text(result).removesuffix(".")


def _summary(seen: Observation) -> str:
    """Words of the answer, without the sentence about the change: that is a part of its own."""
    text = str(seen.facts.get("summary", ""))
    return text.removesuffix(str(seen.facts.get("fix", ""))).rstrip().removesuffix(".")


def _open_text(result: Result, summary: str) -> str:
    service = result.observation.service
    if "unproven" in result.observation.facts and summary:
        return summary
    if service is Service.CONFIRMED:
        return summary or "the right service answered"
    if service is Service.UNEXPECTED:
        return f"open, but not {result.job.check.title}: {summary}" if summary else "open"
    if service is Service.SILENT:
        return f"open, but {summary or 'the service said nothing useful'}"
    return summary or note_text(result).partition(". ")[0].removesuffix(".")


def icmp_text(icmp: Icmp, reason: Reason) -> str:
    """`ICMP 3/13 (administratively prohibited)`, ICMPv6 in the same way."""
    name = "ICMPv6" if icmp.version == 6 else "ICMP"
    return f"{name} {icmp.type}/{icmp.code} ({icmp_meaning(reason, icmp)})"


def _sender(icmp: Icmp, seen: Observation) -> str:
    if same_address(icmp.offender, seen.address):
        return _HOST_ADDRESS
    if same_address(icmp.offender, seen.source):
        return f"this machine itself ({icmp.offender})"
    return icmp.offender

"""Status and note of an observation. Pure: no clock, no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from probes.judging.messages import outcome_message
from probes.judging.presence import mac_of
from probes.judging.recognition import detection_result
from probes.judging.short_reason import short_reason
from probes.model import (
    ACCEPTS_EVERYTHING,
    AVAILABLE,
    IPV4_ONLY,
    MISSING,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
)
from probes.settings import Settings
from profiles.model import Check, Profile
from profiles.recognition import AUTO

Sibling = Callable[[str], Result | None]
"""Function from a check id to the result of that check for the same target, so far."""


def judge(
    job: Job,
    observation: Observation,
    why_not_needed: str = "",
    timeout: float = Settings().timeout,
    *,
    optional: bool = False,
    absent: bool = False,
) -> Result:
    """Result of an observation; `timeout` is the seconds an attempt waited, for the note.

    `optional` says that a host that is up need not offer the service, `absent` that nothing has
    shown a host at the address, which came from a network or range.
    """
    if job.check.role == AUTO:
        no_host = _no_host_text(job, observation) if absent else ""
        return detection_result(job, observation, timeout, no_host)
    note = outcome_message(job, observation, timeout)
    if why_not_needed:
        if observation.reason not in (Reason.NOT_NEEDED, Reason.DEPENDENCY):
            why_not_needed += f" (tested anyway: {observation.state})"
        return _result(job, Status.NOT_NEEDED, _with_full_stop(why_not_needed), observation)
    if observation.facts.get(IPV4_ONLY):
        return _result(job, Status.NOT_NEEDED, _with_full_stop(note), observation)
    status = status_of(job.check, observation, optional=optional)
    if optional and status is Status.UNVERIFIABLE and observation.state is State.CLOSED:
        note += "; not every host offers this service, so this is neither a pass nor a failure"
    text = _with_full_stop(note)
    if absent and _is_without_answer(status, observation):
        return _result(
            job, Status.NO_HOST, f"{text} {_no_host_text(job, observation)}", observation
        )
    return _result(job, status, text, observation)


def _result(job: Job, status: Status, note: str, observation: Observation) -> Result:
    return Result(job, status, note, observation, short_reason(job, status, observation, note=note))


def _is_without_answer(status: Status, seen: Observation) -> bool:
    return (
        status in MISSING
        or status is Status.UNVERIFIABLE
        or (status is Status.ERROR and seen.reason is Reason.DEPENDENCY)
    )


def _no_host_text(job: Job, seen: Observation) -> str:
    network = job.target.network
    seen_nothing = f"Nothing has come from this address of {network}"
    if mac_of(seen):
        seen_nothing = f"Other addresses of {network} get the same ARP reply, and nothing else came"
    return (
        f"{seen_nothing}, so it counts as one that nobody uses; if a host is there, name it singly."
    )


def status_of(check: Check, observation: Observation, *, optional: bool = False) -> Status:
    """Status of a needed check; `optional` as in `judge`."""
    state = observation.state
    if observation.reason is Reason.CANCELLED:
        return Status.CANCELLED
    if state in (State.ERROR, State.NOT_RUN):
        return Status.ERROR
    proves_nothing = observation.facts.get(ACCEPTS_EVERYTHING) or (
        state is State.OPEN and not check.answers
    )
    if observation.service is Service.NOT_ASKED and proves_nothing:
        return Status.UNVERIFIABLE
    if state is State.OPEN and observation.service in (Service.CONFIRMED, Service.NOT_ASKED):
        if observation.facts.get("warning"):
            return Status.WARNING
        if not observation.facts.get("shortfall"):
            return Status.OK
    if state in (State.OPEN_FILTERED, State.CLOSED) and not check.answers:
        # Windows listens on none of these: a host that says so itself has shown an open path,
        # and neither that nor silence tells whether the audit misses anything.
        return Status.UNVERIFIABLE
    if state is State.CLOSED and optional:
        return Status.UNVERIFIABLE
    return Status.DEGRADED if check.loss == "degraded" else Status.BLOCKED


def not_needed(profile: Profile, check: Check, answers: Mapping[str, str], sibling: Sibling) -> str:
    """Reason why a check is not needed, a sentence without its full stop; empty if it is."""
    for when in check.when:
        answer = answers.get(when.question, "")
        if answer not in when.answers:
            question = next((q.text for q in profile.questions if q.id == when.question), "")
            return f"Not needed: you answered {answer} to “{question}”"
    for unless in check.unless:
        if unless.question and answers.get(unless.question) not in unless.answers:
            continue
        other = sibling(unless.check)
        if other is None or other.status not in AVAILABLE:
            continue
        if unless.fact and not other.observation.facts.get(unless.fact):
            continue
        means = f"found this to be a {unless.fact}" if unless.fact else "answers"
        return f"Not needed while {other.job.name} {means}"
    return ""


def depends_on(check: Check, answers: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of the checks whose results decide if this one is measured."""
    unless = (
        item.check
        for item in check.unless
        if not item.question or answers.get(item.question) in item.answers
    )
    return tuple(dict.fromkeys((*unless, *((check.needs,) if check.needs else ()))))


def _with_full_stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."

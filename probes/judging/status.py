"""What an observation means for the audit: status and note. Pure: no clock, no network."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from probes.judging.messages import outcome_message
from probes.model import (
    ACCEPTS_EVERYTHING,
    AVAILABLE,
    MISSING,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
)
from profiles.model import Check, Profile

Sibling = Callable[[str], Result | None]
"""The result so far of another check of the same target, by check id."""


def not_needed(profile: Profile, check: Check, answers: Mapping[str, str], sibling: Sibling) -> str:
    """Why a check is not needed here, as a sentence without its full stop; empty if it is."""
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
        return f"Not needed while {other.job.check.title} ({other.job.check.port_text}) {means}"
    return ""


def depends_on(check: Check, answers: Mapping[str, str]) -> tuple[str, ...]:
    """Ids of the checks whose results decide whether this one is asked at all."""
    unless = (
        item.check
        for item in check.unless
        if not item.question or answers.get(item.question) in item.answers
    )
    return tuple(dict.fromkeys((*unless, *((check.needs,) if check.needs else ()))))


def judge(
    job: Job, observation: Observation, why_not_needed: str = "", timeout: float = 4.0
) -> Result:
    """The row's status and note; `timeout` is seconds an attempt waited, for the wording."""
    note = outcome_message(job, observation, timeout)
    if why_not_needed:
        if observation.reason is not Reason.NOT_NEEDED:
            why_not_needed += f" (measured: {observation.state})"
        return Result(job, Status.NOT_NEEDED, _with_full_stop(why_not_needed), observation)
    status = status_of(job.check, observation)
    text = _with_full_stop(note)
    if status in MISSING:
        text = f"{text} {job.check.consequence}"
    return Result(job, status, text, observation)


def status_of(check: Check, observation: Observation) -> Status:
    """The status of a needed check."""
    state = observation.state
    if observation.reason is Reason.CANCELLED:
        return Status.CANCELLED
    if state in (State.ERROR, State.NOT_RUN):
        return Status.ERROR
    if observation.service is Service.NOT_ASKED and observation.facts.get(ACCEPTS_EVERYTHING):
        return Status.UNVERIFIABLE
    if state is State.OPEN and observation.service in (Service.CONFIRMED, Service.NOT_ASKED):
        return Status.WARNING if observation.facts.get("warning") else Status.OK
    if state in (State.OPEN_FILTERED, State.CLOSED) and not check.answers:
        # Windows listens on none of these: a host that says so itself has shown an open path,
        # and neither that nor silence tells whether the audit misses anything.
        return Status.UNVERIFIABLE
    return Status.DEGRADED if check.loss == "degraded" else Status.BLOCKED


def _with_full_stop(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else text + "."

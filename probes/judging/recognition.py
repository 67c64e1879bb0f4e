"""Role of a host that was named without one, by what its services prove. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from probes.judging.messages import outcome_message
from probes.judging.presence import Sign, sign_of
from probes.judging.recognised_role import RECOGNISED
from probes.model import (
    ACCEPTS_EVERYTHING,
    NOT_SENT,
    REASON_CELLS,
    WRONG_PRODUCT,
    Icmp,
    Job,
    Observation,
    Reason,
    Result,
    Service,
    State,
    Status,
    Target,
)
from probes.wire.address import same_address
from probes.wire.cells import cut
from probes.wire.text import printable
from profiles.model import Check, Profile, Recognition, Signal
from profiles.recognition import detection_checks, later_checks, question

Question = tuple[str, str, int | None]
"""Probe, transport and port."""
Seen = Mapping[Question, Observation]
"""Observation of each question that was asked of a host."""

_UNTESTED = (State.ERROR, State.NOT_RUN)
_MAX_FACT = 400
"""Characters of a fact in which an expression of the profile is looked for."""
_MAX_WORDS = 40
_UNKNOWN = "role unknown"
_PING = "ping"
_HEAD = re.compile(r"[^;,(]*")
_KEPT_FACTS = (
    *("resolved", "addresses", "mac", "unanswered", "no_arp_reply"),
    *(ACCEPTS_EVERYTHING, NOT_SENT),
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A role that answers speak for, and the checks whose answers these are."""

    role: str
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Role of a host, the recognition that decided it and what it rests on.

    The role is empty where nothing decided; `others` are roles that answers speak for as well.
    """

    role: str = ""
    rule: str = ""
    because: tuple[str, ...] = ()
    others: tuple[Claim, ...] = ()


def decide(profile: Profile, seen: Seen) -> Decision:
    """The first recognition that holds, those of `after` before the others."""
    checks = {check.id: check for check in profile.checks}
    holding: list[tuple[Recognition, tuple[str, ...]]] = []
    for one in sorted(profile.recognitions, key=lambda one: not one.after):
        because = _because(one, checks, seen)
        if because:
            holding.append((one, because))
    first = next(((one, because) for one, because in holding if one.decides), None)
    if first is None:
        return Decision(others=_others("", holding))
    ruling, because = first
    others = tuple(
        one for one in _others(ruling.role, holding) if not set(one.because) <= set(because)
    )
    return Decision(ruling.role, ruling.id, because, others)


def _others(role: str, holding: Iterable[tuple[Recognition, tuple[str, ...]]]) -> tuple[Claim, ...]:
    """Roles besides this one; guesses count only where nothing decided."""
    found: dict[str, Claim] = {}
    for one, because in holding:
        if one.role != role and (one.decides or not role):
            found.setdefault(one.role, Claim(one.role, because))
    return tuple(found.values())


def _because(one: Recognition, checks: Mapping[str, Check], seen: Seen) -> tuple[str, ...]:
    """Checks whose answers make a recognition hold; empty if it does not."""
    suffices = _is_proven if one.decides else _is_open
    if any(_holds(signal, checks, seen, _is_confirmed) for signal in one.none):
        return ()
    if not all(_holds(signal, checks, seen, suffices) for signal in one.all):
        return ()
    found = [signal.check for signal in one.any if _holds(signal, checks, seen, suffices)]
    if one.any and not found:
        return ()
    return tuple(dict.fromkeys((*(signal.check for signal in one.all), *found)))


def _holds(signal: Signal, checks: Mapping[str, Check], seen: Seen, suffices: object) -> bool:
    found = seen.get(question(checks[signal.check]))
    assert callable(suffices)
    if found is None or not suffices(found):
        return False
    if not signal.fact:
        return True
    value = found.facts.get(signal.fact)
    if not signal.matches:
        return bool(value)
    text = str(value)[:_MAX_FACT] if value else ""
    return bool(text) and re.search(signal.matches, text) is not None


def _is_confirmed(seen: Observation) -> bool:
    return seen.state is State.OPEN and seen.service is Service.CONFIRMED


def _is_proven(seen: Observation) -> bool:
    """True for the service that was asked for, of the product that was meant, in order."""
    wrong = seen.facts.get(WRONG_PRODUCT) or seen.facts.get("shortfall")
    return _is_confirmed(seen) and not wrong


def _is_open(seen: Observation) -> bool:
    """True for what a guess may rest on: anything but a product that was not meant."""
    if _is_confirmed(seen):
        return not seen.facts.get(WRONG_PRODUCT)
    bare = seen.state is State.OPEN and seen.service is Service.NOT_ASKED
    return bare and not seen.facts.get(ACCEPTS_EVERYTHING)


def first_questions(profile: Profile) -> tuple[Check, ...]:
    """Checks that every host without a role is asked, one for each question."""
    later = later_checks(profile)
    return tuple(check for check in detection_checks(profile) if check.id not in later)


def next_questions(profile: Profile, seen: Seen, target: Target) -> tuple[Check, ...]:
    """Checks to ask after these answers, of which some recognition may hold."""
    role = decide(profile, seen).role
    if not role and target.network and not any(map(_is_answer, seen.values())):
        return ()
    open_rules = [one for one in profile.recognitions if one.after and one.after == role]
    if not role:
        open_rules = [one for one in profile.recognitions if one.after]
    wanted = {s.check for one in open_rules for s in (*one.any, *one.all, *one.none)}
    later = later_checks(profile) & wanted
    return tuple(
        check
        for check in detection_checks(profile)
        if check.id in later and question(check) not in seen
    )


def _is_answer(seen: Observation) -> bool:
    return seen.state in (State.OPEN, State.CLOSED)


def detection_observation(
    profile: Profile, job: Job, asked: Sequence[tuple[Job, Observation]], decision: Decision
) -> Observation:
    """Observation of the row of a host without a role, made of those of its questions.

    State, reason and addresses are those of the most telling one; the facts hold the decision.
    """
    telling = min(asked, key=lambda one: _rank(*one))[1]
    if telling.state in _UNTESTED:
        # Not one question could be asked, and for the same reason.
        return telling
    facts = {name: telling.facts[name] for name in _KEPT_FACTS if name in telling.facts}
    checks = {check.id: check for check in profile.checks}
    by_question = {question(part.check): seen for part, seen in asked}
    words = [answer_words(checks[id], by_question[question(checks[id])]) for id in decision.because]
    titles = {role.id: role for role in profile.roles}
    facts |= {
        RECOGNISED: decision.role or None,
        "rule": decision.rule,
        "because": list(decision.because),
        "answer_words": words,
        "may_be": [one.role for one in decision.others],
        "asked": [_asked(part, seen) for part, seen in asked],
    }
    if decision.role:
        title = titles[decision.role].title
        facts["summary"] = _decided_text(job, title, words, decision, checks, by_question)
        facts["short"] = _short_decision(title, words)
    else:
        facts["summary"] = _undecided_text(job, asked, decision)
        facts["fix"] = f"Write its role: ROLE={printable(job.target.host)}."
        facts["short"] = _short_undecided(asked)
    proven = Service.CONFIRMED if decision.role else Service.NOT_ASKED
    # The exchanges of what a row of the role takes over are evidence of that row.
    evidence = tuple(one for _, seen in asked if _is_answer(seen) for one in seen.evidence)
    return Observation(
        telling.state,
        telling.reason,
        proven,
        telling.address,
        telling.source,
        telling.icmp,
        started=min(seen.started for _, seen in asked),
        attempts=1,
        facts=facts,
        evidence=() if decision.role else evidence,
        interface=telling.interface,
    )


def detection_result(job: Job, seen: Observation, timeout: float, no_host: str) -> Result:
    """Result of the row of a host without a role.

    `no_host` is the sentence about an address of a network from which nothing has come, or empty.
    """
    if seen.reason is Reason.CANCELLED:
        return Result(job, Status.CANCELLED, outcome_message(job, seen, timeout), seen)
    if RECOGNISED not in seen.facts:
        note = f"{outcome_message(job, seen, timeout)}. {job.check.consequence}"
        return Result(job, Status.ERROR, note, seen)
    note = str(seen.facts.get("summary", ""))
    why = cut(printable(str(seen.facts.get("short", "")), _MAX_FACT), REASON_CELLS)
    if seen.facts[RECOGNISED]:
        return Result(job, Status.OK, note, seen, why)
    if no_host and not _is_answer(seen):
        return Result(job, Status.NO_HOST, f"No answer to anything. {no_host}", seen, "no answer")
    return Result(job, Status.ERROR, note, seen, why)


def answer_words(check: Check, seen: Observation) -> str:
    """Words for an answer: `SMB 3.1.1`, `OpenSSH 9.2p1`; the check's title where it has none."""
    summary = _HEAD.match(str(seen.facts.get("summary", "")))
    head = printable(summary[0].strip() if summary else "", 200)
    product = printable(str(seen.facts.get("product") or ""), 200)
    if head and len(head) <= _MAX_WORDS and " answers" not in head:
        return head
    return product if product and len(product) <= _MAX_WORDS and ":" not in product else check.title


_MAX_REJECTED = 3
"""Rejected ports that the short reason names; more are counted."""
_ORDER = (Sign.LIFE, Sign.REFUSAL, Sign.NEIGHBOUR, Sign.ABSENCE, Sign.NOTHING)


def _rank(job: Job, seen: Observation) -> tuple[int, bool, bool, bool]:
    """Order of observations for the state of the whole row, the most telling first."""
    sign = _ORDER.index(sign_of(job, seen))
    open_first = seen.state is not State.OPEN, seen.service is not Service.CONFIRMED
    # Of a host that is not there, a router's word says more than silence.
    return sign, *open_first, seen.icmp is None


def _asked(job: Job, seen: Observation) -> dict[str, object]:
    found: dict[str, object] = {
        "check": job.check.id,
        "port": job.port_text,
        "state": str(seen.state),
        "reason": str(seen.reason),
        "service": str(seen.service),
    }
    if seen.icmp is not None:
        found["from"] = seen.icmp.offender
    if seen.state is State.OPEN and seen.facts.get("summary"):
        found["answer"] = printable(str(seen.facts["summary"]), 200)
    return found


def _decided_text(
    job: Job,
    title: str,
    words: Sequence[str],
    decision: Decision,
    checks: Mapping[str, Check],
    seen: Seen,
) -> str:
    named = [
        f"{text} ({checks[id].port_text})" for id, text in zip(decision.because, words, strict=True)
    ]
    text = f"{title}, by what answers: {', '.join(named)}."
    for other in decision.others:
        because = [answer_words(checks[id], seen[question(checks[id])]) for id in other.because]
        text += (
            f" {', '.join(because)} would fit {other.role} too; "
            f"write {other.role}={printable(job.target.host)} to check that as well."
        )
    return text


def _undecided_text(job: Job, asked: Sequence[tuple[Job, Observation]], decision: Decision) -> str:
    host = printable(job.target.host)
    answering = [_clause(ports, words) for words, ports in _answering(asked).items()]
    silent = "; ".join(f"{word}: {_ports(ports)}" for word, ports in _unanswered(asked).items())
    if not answering:
        text = f"Nothing decided its role: {silent}."
    else:
        *most, last = answering
        listed = f"{', '.join(most)} and {last}" if most else last
        alone = not most and sum(map(len, _answering(asked).values())) == 1
        text = f"Nothing decided its role: {'only ' if alone else ''}{listed} "
        text += "answers." if alone else "answer."
        text += f" {silent[:1].upper()}{silent[1:]}." if silent else ""
    text += " What a role requires was not checked."
    if decision.others:
        *most, last = (f"{one.role}={host}" for one in decision.others)
        may_be = f"{', '.join(most)} or {last}" if most else last
        return f"{text} If it is what the answers suggest, write {may_be}."
    return f"{text} Write ROLE={host}."


def _clause(ports: Sequence[str], words: str) -> str:
    return f"{_ports(ports)} ({words})" if words else _ports(ports)


def _answering(asked: Iterable[tuple[Job, Observation]]) -> dict[str, list[str]]:
    """Ports that are open, by what answered there; empty for ping, of which nothing is told."""
    found: dict[str, list[str]] = {}
    for part, seen in asked:
        if seen.state is State.OPEN:
            found.setdefault(_said(part, seen), []).append(_port_of(part))
    return found


def _said(job: Job, seen: Observation) -> str:
    if job.check.transport == "icmp":
        return ""
    if seen.service is Service.CONFIRMED:
        return answer_words(job.check, seen)
    if seen.facts.get(ACCEPTS_EVERYTHING):
        return "a device accepts everything here"
    said = printable(str(seen.facts.get("summary") or "").rstrip("."), 120)
    return said or "accepts, and nothing was said"


def _unanswered(asked: Iterable[tuple[Job, Observation]]) -> dict[str, list[str]]:
    """Ports that did not answer, by what came instead."""
    found: dict[str, list[str]] = {}
    for part, seen in asked:
        if seen.state is State.OPEN:
            continue
        if seen.state is State.CLOSED:
            word = "refused"
        elif seen.icmp is not None:
            word = _error_words(seen, seen.icmp)
        elif seen.state is State.UNREACHABLE:
            word = "not reachable"
        elif seen.state in _UNTESTED:
            word = "not asked"
        else:
            word = "no answer"
        found.setdefault(word, []).append(_port_of(part))
    return found


def _error_words(seen: Observation, icmp: Icmp) -> str:
    """Words for an ICMP error: only a rule rejects, a router does not reach a host that is down."""
    if seen.state is State.UNREACHABLE:
        return f"not reachable, says {printable(icmp.offender, 60)}"
    return f"rejected by {_rejecter(seen, icmp)}"


def _rejecter(seen: Observation, icmp: Icmp) -> str:
    own = same_address(icmp.offender, seen.address)
    return "its own address" if own else printable(icmp.offender, 60)


def _port_of(job: Job) -> str:
    return _PING if job.check.transport == "icmp" else job.port_text


def _ports(texts: Iterable[str]) -> str:
    """Ports without the repeated transport: `TCP 22, 135, UDP 137, ping`."""
    before, found = "", list[str]()
    for text in texts:
        transport, _, port = text.partition(" ")
        found.append(port if port and transport == before else text)
        before = transport
    return ", ".join(found)


def _short_undecided(asked: Sequence[tuple[Job, Observation]]) -> str:
    ports = [port for found in _answering(asked).values() for port in found]
    rejections = "; ".join(_rejections(asked))
    if rejections and set(ports) <= {_PING}:
        # A rule that has to change says more than the ping that answers.
        return cut(f"no role: {rejections}", REASON_CELLS)
    router = next((one.icmp for _, one in asked if one.reason is Reason.HOST_UNREACH), None)
    if router is not None and not ports:
        return cut(f"host down, says {printable(router.offender, 60)}", REASON_CELLS)
    return f"{_UNKNOWN}: {_short_answers(asked, ports)}"


def _short_answers(asked: Iterable[tuple[Job, Observation]], ports: Sequence[str]) -> str:
    if not ports:
        words = [*_unanswered(asked)]
        return words[0] if len(words) == 1 else "nothing answers"
    numbers = ", ".join(port.removeprefix("TCP ") for port in ports)
    if len(ports) == 1:
        return f"only {numbers} answers"
    if len(_UNKNOWN) + len(numbers) + len(":  answer") <= REASON_CELLS:
        return f"{numbers} answer"
    *open_ports, last = ports
    if last != _PING:
        return f"{len(ports)} ports answer"
    noun = "port" if len(open_ports) == 1 else "ports"
    return f"{len(open_ports)} {noun}, {_PING} answer"


def _rejections(asked: Iterable[tuple[Job, Observation]]) -> Iterator[str]:
    """Clause for each party whose rule rejects: `10.1.1.1 rejects 22`."""
    found: dict[str, list[str]] = {}
    for part, seen in asked:
        if seen.state is State.FILTERED and seen.icmp is not None:
            found.setdefault(_rejecter(seen, seen.icmp), []).append(_port_of(part))
    for party, ports in found.items():
        few = ", ".join(port.removeprefix("TCP ") for port in ports)
        yield f"{party} rejects {few if len(ports) <= _MAX_REJECTED else f'{len(ports)} ports'}"


def _short_decision(title: str, words: Sequence[str]) -> str:
    """Title of a role and as many of the answers as fit; of a single one no version if need be."""
    first = words[0].rpartition(" ")[0]
    ends = [*(words[:count] for count in range(len(words), 0, -1)), [first] if first else []]
    fitting = (f"{title}: {', '.join(end)}" for end in ends if end)
    return next((text for text in fitting if len(text) <= REASON_CELLS), title)

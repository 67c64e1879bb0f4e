"""Observations of transport outcomes and of what probes answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace

from probes.call import Answer, Call, NoAnswer, ProbeFunction, Unexpected, began_ms
from probes.engine.pacing import Work
from probes.engine.secrets import secret_mask
from probes.model import (
    ANSWERED_AFTER,
    IPV4_ONLY,
    NOT_SENT,
    SILENCE,
    SYN_RESENT,
    Evidence,
    Observation,
    Reason,
    Resolution,
    Service,
    State,
)
from probes.options import Options
from probes.settings import Settings
from probes.vantage import NotOffered, Outcome, Vantage
from probes.vantage.datagram_pacing import MAX_YIELD
from probes.vantage.error_mapping import FD_EXHAUSTED, broken_text
from probes.vantage.happy_eyeballs import outcome_rank
from probes.vantage.repeated_datagram import RepeatedDatagram, side_by_side
from probes.vantage.stream import LimitExceeded
from probes.wire.address import same_address
from probes.wire.masking import in_force, without_encodings

SLOW_ANSWER = 2.0
"""Seconds after which an answer counts as slow: its row says so, and is judged no worse."""


def from_outcome(
    work: Work,
    outcome: Outcome,
    *,
    tried: tuple[Outcome, ...] = (),
    service: Service = Service.NOT_ASKED,
    facts: Mapping[str, object] | None = None,
    timings_ms: Mapping[str, float] | None = None,
) -> Observation:
    """Observation of a row whose transport ended with `outcome`; `tried` has every address."""
    timings: dict[str, float] = {}
    known: dict[str, object] = {}
    resolution = work.resolution
    if work.job.proxy:
        known["proxy"] = work.job.proxy
    if resolution is not None:
        timings["resolve"] = round(resolution.ms, 3)
        known["resolved"] = _resolution_facts(resolution)
    if outcome.reason is Reason.NO_RESPONSE:
        timings[SILENCE] = round(work.silence_ms, 3)
    if outcome.latency_ms is not None or outcome.syn_resent:
        phase = "connect" if work.job.check.transport == "tcp" else "answer"
        timings[phase] = round(outcome.elapsed_ms, 3)
    if timings_ms:
        timings.update({name: round(ms, 3) for name, ms in timings_ms.items()})
    if len(tried) > 1:
        known.update(_address_facts(outcome, tried))
    if outcome.syn_resent:
        known[SYN_RESENT] = True
    if outcome.not_sent:
        known[NOT_SENT] = True
    if outcome.problem:
        known["caveat" if outcome.state is State.CLOSED else "problem"] = outcome.problem
    if facts:
        known.update(without_encodings(facts))
    if outcome.answered_from:
        known |= {"answered_from": outcome.answered_from, "warning": True}
    return Observation(
        outcome.state,
        outcome.reason,
        service,
        outcome.address,
        outcome.source,
        outcome.icmp,
        None if outcome.latency_ms is None else round(outcome.latency_ms, 3),
        outcome.latency_source,
        timings,
        work.started,
        work.attempts,
        known,
        tuple(work.evidence),
        latency_at_most=outcome.latency_at_most,
        took_ms=round(work.took_ms, 3),
    )


def from_connect(work: Work, outcome: Outcome, tried: tuple[Outcome, ...]) -> Observation:
    """Observation of a connect after which no probe ran.

    A connection that was accepted and reset at once makes the service silent rather than not asked:
    a device accepts connections for a service that is not there.
    """
    if outcome.state is not State.OPEN or outcome.errno is None:
        return from_outcome(work, outcome, tried=tried)
    facts = {"summary": "it accepted the connection and reset it at once"}
    return from_outcome(work, outcome, tried=tried, service=Service.SILENT, facts=facts)


def with_local_facts(observation: Observation, vantage: Vantage) -> Observation:
    """Add when its last exchange began, and what only the vantage knows.

    That is the interface, and who did and did not answer ARP.
    """
    source, address, icmp = observation.source, observation.address, observation.icmp
    last_ms = max(
        (int(one.at_ms) for one in observation.evidence if one.at_ms is not None), default=0
    )
    if source is None:
        return replace(observation, last_ms=last_ms)
    facts = observation.facts
    if (
        address is not None
        and icmp is not None
        and observation.reason is Reason.HOST_UNREACH
        and same_address(icmp.offender, source)
        and (unanswered := vantage.unresolved_neighbour(address)) is not None
    ):
        facts = {**facts, "unanswered": unanswered}
    elif (
        address is not None
        and observation.reason is Reason.NO_RESPONSE
        and (mac := vantage.neighbour_mac(address))
    ):
        # A silent host that answers ARP is there.
        facts = {**facts, "mac": mac}
    return replace(
        observation,
        interface=vantage.interface(source),
        facts=facts,
        last_ms=last_ms,
    )


def without_own_pause(observation: Observation) -> Observation:
    """The observation without durations of a clock that ran on while this process stood still."""
    facts = {name: fact for name, fact in observation.facts.items() if name != ANSWERED_AFTER}
    if observation.latency_source != "monotonic":
        return replace(observation, facts=facts)
    return replace(
        observation, facts=facts, latency_ms=None, latency_source=None, latency_at_most=False
    )


def untested(work: Work, reason: Reason, problem: str, state: State = State.ERROR) -> Observation:
    """Observation of a row that was not measured to its end; `problem` is the end of a sentence."""
    resolution = work.resolution
    facts: dict[str, object] = {"problem": problem} if problem else {}
    if work.job.proxy:
        facts["proxy"] = work.job.proxy
    return Observation(
        state,
        reason,
        timings_ms={"resolve": round(resolution.ms, 3)} if resolution else {},
        started=work.started,
        attempts=work.attempts,
        facts=facts,
        evidence=tuple(work.evidence),
        took_ms=round(work.took_ms, 3) if work.ended > work.start_time else None,
    )


def not_resolved(work: Work, resolution: Resolution) -> Observation:
    """Observation of a row whose host's name has no address."""
    observation = untested(work, Reason.NAME_NOT_RESOLVED, resolution.problem)
    if not resolution.fix:
        return observation
    return replace(observation, facts={**observation.facts, "fix": resolution.fix})


def not_over_ipv6(work: Work) -> Observation:
    """Observation of a row whose protocol does not exist over any address of its host."""
    observation = untested(work, Reason.NOT_NEEDED, "", State.NOT_RUN)
    return replace(observation, facts={**observation.facts, IPV4_ONLY: list(work.addresses)})


def evidence_of(outcome: Outcome, ended_ms: float, sent: str, received: str = "") -> Evidence:
    """Evidence of one attempt, which ended `ended_ms` after the start of the row."""
    return Evidence(
        outcome.address,
        sent,
        received,
        outcome.state,
        outcome.reason,
        began_ms(outcome, ended_ms),
        outcome.icmp,
        outcome.errno,
    )


def make_call(
    vantage: Vantage, work: Work, outcome: Outcome, settings: Settings, options: Options
) -> Call:
    """Call of a probe on an open TCP connection."""
    timeout, retries = settings.timeout, settings.retries
    job, address = work.job, outcome.address
    return Call(
        vantage,
        job,
        address,
        timeout,
        retries,
        work.start_time,
        options,
        settings.answer_timeout,
        outcome,
    )


async def run_tcp_probe(
    call: Call, ask: ProbeFunction, work: Work, outcome: Outcome, tried: tuple[Outcome, ...]
) -> Observation:
    """Run a probe on an open TCP connection; the state stays open unless its answer decides."""
    with in_force(secret_mask(call.options)):
        return await _run_tcp_probe(call, ask, work, outcome, tried)


async def _run_tcp_probe(
    call: Call, ask: ProbeFunction, work: Work, outcome: Outcome, tried: tuple[Outcome, ...]
) -> Observation:
    loop = asyncio.get_running_loop()
    started = loop.time()
    work.call = call
    facts: Mapping[str, object]
    timings: Mapping[str, float] = {}
    decisive: Outcome | None = None
    try:
        async with asyncio.timeout(call.patience):
            answer = await ask(call)
        service, facts, timings = answer.service, answer.facts, answer.timings_ms
        decisive = answer.outcome
    except Unexpected as error:
        service, facts = Service.UNEXPECTED, {"summary": str(error)}
    except LimitExceeded as error:
        service, facts = Service.UNEXPECTED, {"summary": f"it sends without end: {error}"}
    except TimeoutError:
        service = Service.SILENT
        what = "finish its answer" if call.has_received else "answer"
        facts = {"summary": f"the service did not {what} in {call.patience:g} s"}
    except EOFError:
        service, facts = Service.SILENT, {"summary": f"it closed the connection {_when(call)}"}
    except ConnectionError:
        service, facts = Service.SILENT, {"summary": f"it reset the connection {_when(call)}"}
    except OSError as error:
        if error.errno is None or error.errno in FD_EXHAUSTED:
            raise
        summary = f"{broken_text(error.errno)} {_when(call)}"
        service, facts = Service.SILENT, {"summary": summary}
    finally:
        await call.close()
    work.take_call()
    work.ended = loop.time()
    waited = max(call.waited, timings.get("banner", 0.0) / 1000)
    facts = {**facts, **_slowness(waited)}
    timings = {"answer": (work.ended - started) * 1000, **timings}
    if decisive is not None:
        # The other addresses were tried on another port, so they cannot be compared with this one.
        outcome, tried = decisive, ()
    return from_outcome(
        work, outcome, tried=tried, service=service, facts=facts, timings_ms=timings
    )


def _slowness(seconds: float) -> dict[str, object]:
    """Fact about a service that let us wait, for SLOW_ANSWER or longer."""
    return {ANSWERED_AFTER: round(seconds, 1)} if seconds >= SLOW_ANSWER else {}


def _when(call: Call) -> str:
    return "in the middle of its answer" if call.has_received else "without an answer"


def udp_patience(timeout: float, retries: int) -> float:
    """Seconds for a probe over UDP at one address, until its turns have come."""
    return timeout * (1 + retries) * 3 + retries * MAX_YIELD


async def run_udp_probe(
    vantage: Vantage, ask: ProbeFunction, work: Work, options: Options, timeout: float, retries: int
) -> Observation:
    """Run a probe over UDP, at each address of the host in turn until one answers."""
    with in_force(secret_mask(options)):
        return await _run_udp_probe(vantage, ask, work, options, timeout, retries)


async def _run_udp_probe(
    vantage: Vantage, ask: ProbeFunction, work: Work, options: Options, timeout: float, retries: int
) -> Observation:
    loop = asyncio.get_running_loop()
    assert work.queue is not None
    pacer = work.queue.pacer
    outcomes: list[Outcome] = []
    answers: dict[int, Answer] = {}
    for address in work.addresses:
        call = work.call = Call(
            vantage, work.job, address, timeout, retries, work.start_time, options, pacer=pacer
        )
        started = loop.time()
        try:
            async with asyncio.timeout(udp_patience(timeout, retries)):
                reply = await ask(call)
        except NoAnswer as error:
            outcome = error.outcome
        except (Unexpected, TimeoutError) as error:
            outcome = call.outcome or _no_response(address)
            service = Service.UNEXPECTED if isinstance(error, Unexpected) else Service.SILENT
            if outcome.state is State.OPEN:
                answers[len(outcomes)] = Answer(service, {"summary": str(error)})
        else:
            outcome = call.outcome or _no_response(address)
            elapsed = (loop.time() - started) * 1000
            slowness = _slowness((outcome.latency_ms or 0.0) / 1000)
            answers[len(outcomes)] = Answer(
                reply.service,
                {**reply.facts, **slowness},
                {"answer": elapsed, **reply.timings_ms},
            )
        finally:
            await call.close()
        work.take_call()
        outcomes.append(outcome)
        if outcome.state is State.OPEN:
            break
    work.ended = loop.time()
    best = min(range(len(outcomes)), key=lambda index: outcome_rank(outcomes[index]))
    answer = answers.get(best) or Answer(Service.NOT_ASKED)
    return from_outcome(
        work,
        outcomes[best],
        tried=tuple(outcomes),
        service=answer.service,
        facts=answer.facts,
        timings_ms=answer.timings_ms,
    )


async def run_ping(vantage: Vantage, work: Work, timeout: float, retries: int) -> Observation:
    """Ping each address of the host in turn until one answers, again after silence."""
    loop = asyncio.get_running_loop()
    assert work.queue is not None
    outcomes: list[Outcome] = []
    for address in work.addresses:

        def record(outcome: Outcome) -> None:
            answer = "ICMP echo reply" if outcome.state is State.OPEN else ""
            now = loop.time()
            work.listened.append((now - outcome.elapsed_ms / 1000, now))
            ended_ms = (now - work.start_time) * 1000
            work.evidence.append(evidence_of(outcome, ended_ms, "ICMP echo request", answer))

        async def send(listen: float, address: str = address) -> Outcome:
            work.attempts += 1
            return await vantage.ping(address, listen)

        patience = side_by_side(timeout, 1 + retries)
        outcome = await RepeatedDatagram(address, send, record).run(
            patience, work.queue.pacer, work.job
        )
        outcomes.append(outcome)
        if outcome.state is State.OPEN:
            break
    work.ended = loop.time()
    best = min(outcomes, key=outcome_rank)
    service = Service.CONFIRMED if best.state is State.OPEN else Service.NOT_ASKED
    facts: dict[str, object] = {}
    if best.state is State.OPEN:
        facts["summary"] = "Answers the ping"
    if best.no_arp_reply:
        facts["no_arp_reply"] = True
    if best.mac:
        facts["mac"] = best.mac
    return from_outcome(work, best, tried=tuple(outcomes), service=service, facts=facts)


def not_offered(work: Work, error: NotOffered) -> Observation:
    """Observation of a row that this vantage cannot measure."""
    return untested(work, Reason.NOT_OFFERED, str(error), State.NOT_RUN)


def _no_response(address: str) -> Outcome:
    return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)


def _resolution_facts(resolution: Resolution) -> dict[str, object]:
    known: dict[str, object] = {"addresses": list(resolution.addresses)}
    if resolution.server:
        known["server"] = resolution.server
    return known


def _address_facts(best: Outcome, tried: tuple[Outcome, ...]) -> dict[str, object]:
    """Every address that was tried, and a clause about those that did worse than the best."""
    facts: dict[str, object] = {
        "addresses": [
            {"address": one.address, "state": one.state, "reason": one.reason} for one in tried
        ]
    }
    worse = [
        f"{one.address} had not answered by then"
        if one.state is State.NOT_RUN
        else f"{one.address} is {one.state}"
        for one in tried
        if one.state is not best.state
    ]
    if worse:
        facts["other_addresses"] = ", ".join(worse)
    return facts

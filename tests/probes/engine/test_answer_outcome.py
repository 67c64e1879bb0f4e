"""Answers that carry another connect than the engine's own: status and note of their rows."""

from __future__ import annotations

import asyncio

from probes.call import Answer, Call
from probes.engine.observation import run_tcp_probe
from probes.engine.pacing import Work
from probes.judging.status import judge
from probes.model import Icmp, Reason, Result, Service, State, Status
from probes.vantage import Outcome

HOST, ROUTER = "10.0.0.1", "10.0.0.254"
OPENED = Outcome(State.OPEN, Reason.SYN_ACK, HOST, "192.0.2.9", latency_ms=1.0)


async def row(kit, outcome: Outcome | None, *, tried: tuple[Outcome, ...] = ()) -> Result:
    """Row of a probe that found the port open and something else behind it."""

    async def ask(call: Call) -> Answer:
        summary = {"summary": "TCP 49664 is filtered: 135 is not"}
        return Answer(Service.NOT_ASKED, summary, outcome=outcome)

    job = kit.job(kit.check("dynamic", 135))
    now = asyncio.get_running_loop().time()
    call = Call(kit.Scripted(), job, HOST, 4.0, 1, now, outcome=OPENED)
    return judge(job, await run_tcp_probe(call, ask, Work(job), OPENED, tried))


async def test_without_an_outcome_the_row_is_as_open_as_its_port(kit) -> None:
    result = await row(kit, None)
    assert (result.status, result.observation.state) == (Status.OK, State.OPEN)
    assert result.observation.latency_ms == 1.0


async def test_a_silent_outcome_blocks_the_row_with_the_summary_of_the_probe(kit) -> None:
    result = await row(kit, Outcome(State.FILTERED, Reason.NO_RESPONSE, HOST, "192.0.2.9"))
    assert (result.status, result.observation.reason) == (Status.BLOCKED, Reason.NO_RESPONSE)
    assert result.note == "TCP 49664 is filtered: 135 is not."
    assert result.observation.latency_ms is None


async def test_a_rejected_outcome_names_its_offender_after_the_summary(kit) -> None:
    icmp = Icmp(3, 13, ROUTER)
    outcome = Outcome(State.FILTERED, Reason.ADMIN_PROHIBITED, HOST, "192.0.2.9", icmp)
    result = await row(kit, outcome)
    assert result.observation.icmp == icmp
    assert result.note.startswith(
        "TCP 49664 is filtered: 135 is not. "
        "10.0.0.254 (a device on the path) rejected it: administratively prohibited."
    )


async def test_a_refused_outcome_does_not_say_that_nothing_listens_on_the_rows_own_port(
    kit,
) -> None:
    result = await row(kit, Outcome(State.CLOSED, Reason.CONN_REFUSED, HOST, "192.0.2.9"))
    assert result.status is Status.BLOCKED
    assert result.note == "TCP 49664 is filtered: 135 is not."


async def test_other_addresses_tried_on_another_port_are_not_compared(kit) -> None:
    other = Outcome(State.FILTERED, Reason.NO_RESPONSE, "10.0.0.2")
    outcome = Outcome(State.FILTERED, Reason.NO_RESPONSE, HOST)
    result = await row(kit, outcome, tried=(OPENED, other))
    assert "addresses" not in result.observation.facts

"""Suspend detection: silence over a deadline that passed in a suspend is measured again."""

from __future__ import annotations

import asyncio

import pytest

from probes.engine.pacing import MAX_REPEATS, SUSPEND_THRESHOLD
from probes.model import Reason, Resolution, Result, Service, State
from probes.vantage import Outcome

SILENT = (State.FILTERED, Reason.NO_RESPONSE)
OPEN = (State.OPEN, Reason.SYN_ACK)


@pytest.fixture
async def clock():
    """Clock of the loop that can be put forward, as it jumps for a process that was suspended."""
    loop = asyncio.get_running_loop()
    real, ahead = loop.time, [0.0]
    loop.time = lambda: real() + ahead[0]  # type: ignore[method-assign]

    def suspend(seconds: float) -> None:
        ahead[0] += seconds

    yield suspend
    del loop.time


async def held(kit, check, script, **settings):
    """Run with one attempt in flight."""
    vantage = kit.Scripted(script, held=True)
    session = kit.Session(vantage, kit.profile(check), retries=0, **settings)
    session.scheduler.add([kit.job(check)])
    await vantage.arrived.wait()
    return session, vantage


async def answered(session, vantage):
    """Wait for the end of the run, every further attempt being answered as the script says."""
    vantage.held = False
    vantage.let_go()
    await session.idle()
    return next(iter(session.latest.values()))


async def test_silence_over_a_suspend_is_not_believed_and_the_row_is_measured_again(kit, clock):
    session, vantage = await held(kit, kit.check("a"), {"10.0.0.1": [SILENT, OPEN]})
    clock(30)
    result = await answered(session, vantage)
    assert result.observation.state is State.OPEN
    assert len(vantage.connects) == 2


async def test_a_suspend_is_remembered_after_further_ticks(kit, clock):
    session, vantage = await held(kit, kit.check("a"), {"10.0.0.1": [SILENT, OPEN]})
    clock(30)
    # The tick is overdue, so it comes with the next turn of the loop.
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert session.scheduler._suspend_detector._resumed_at > 0
    result = await answered(session, vantage)
    assert result.observation.state is State.OPEN


async def test_silence_without_a_suspend_is_silence(kit, clock):
    session, vantage = await held(kit, kit.check("a"), {"10.0.0.1": [SILENT, OPEN]})
    clock(SUSPEND_THRESHOLD / 2)
    result = await answered(session, vantage)
    assert result.observation.reason is Reason.NO_RESPONSE
    assert len(vantage.connects) == 1


async def test_a_row_that_began_after_the_suspend_is_believed(kit, clock):
    session, vantage = await held(kit, kit.check("a"), {"10.0.0.1": [OPEN, SILENT]})
    clock(30)
    await answered(session, vantage)
    session.scheduler.rerun(["a|10.0.0.1"])
    await session.idle()
    assert session.latest["a|10.0.0.1"].observation.reason is Reason.NO_RESPONSE


async def test_a_refusal_over_a_suspend_is_a_refusal(kit, clock):
    session, vantage = await held(kit, kit.check("a"), {"10.0.0.1": [kit.CLOSED, OPEN]})
    clock(30)
    result = await answered(session, vantage)
    assert result.observation.state is State.CLOSED


async def test_a_run_on_a_machine_that_is_suspended_all_the_time_ends(kit, clock):
    session, vantage = await held(kit, kit.check("a"), {"10.0.0.1": [SILENT]})
    for _ in range(MAX_REPEATS + 1):
        clock(30)
        vantage.arrived.clear()
        vantage.let_go()
        if not session.scheduler._pending:
            break
        await vantage.arrived.wait()
    session.scheduler.flush()
    results = [event for event in session.events if isinstance(event, Result)]
    assert [one.observation.reason for one in results] == [Reason.NO_RESPONSE]
    assert len(vantage.connects) == MAX_REPEATS + 1
    # The times of what a suspend spoiled are those of another start.
    (seen,) = (one.observation for one in results)
    assert seen.attempts == len(seen.evidence)
    assert all(0 <= one.at_ms <= seen.took_ms for one in seen.evidence)


async def test_a_service_that_was_silent_over_a_suspend_is_asked_again(kit, clock):
    from probes.engine.pacing import SuspendDetector, Work
    from probes.model import Observation

    detector = SuspendDetector(asyncio.get_running_loop())
    detector.start()
    work = Work(kit.job(kit.check("a")))
    work.start_time = asyncio.get_running_loop().time()
    mute = Observation(State.OPEN, Reason.SYN_ACK, Service.SILENT)
    assert not detector.invalidates(work, mute)
    clock(30)
    assert detector.invalidates(work, mute)
    proven = Observation(State.OPEN, Reason.SYN_ACK, Service.CONFIRMED)
    assert not detector.invalidates(work, proven)
    detector.stop()


async def test_a_name_that_did_not_resolve_over_a_suspend_is_looked_up_again(kit, clock):
    check = kit.check("a")
    vantage = kit.Scripted()
    began, go_on = asyncio.Event(), asyncio.Event()

    async def resolve(name):
        vantage.looked_up.append(name)
        if len(vantage.looked_up) == 1:
            began.set()
            await go_on.wait()
            return Resolution(name, (), problem="10.0.0.53 did not answer")
        return Resolution(name, ("10.0.0.1",))

    vantage.resolve = resolve
    session = kit.Session(vantage, kit.profile(check))
    session.scheduler.add([kit.job(check, "pc1")])
    await began.wait()
    clock(30)
    go_on.set()
    await session.idle()
    assert session.latest["a|pc1"].observation.state is State.OPEN
    assert vantage.looked_up == ["pc1", "pc1"]


async def test_no_timer_ticks_while_nothing_is_measured(kit):
    session = kit.Session(kit.Scripted({"10.0.0.1": Outcome(*OPEN, "10.0.0.1")}), kit.profile())
    assert session.scheduler._suspend_detector._timer is None
    check = kit.check("a")
    session = kit.Session(kit.Scripted(), kit.profile(check))
    await session.measure(kit.job(check))
    assert session.scheduler._suspend_detector._timer is None


@pytest.mark.parametrize("seconds", [0, 30])
async def test_a_pause_of_this_process_is_no_slowness_of_a_host(kit, clock, seconds):
    refused = Outcome(
        *kit.CLOSED, "10.0.0.1", elapsed_ms=1.0, latency_ms=1.0, latency_source="monotonic"
    )
    session, vantage = await held(kit, kit.check("a"), {"10.0.0.1": [refused]})
    clock(seconds)
    seen = (await answered(session, vantage)).observation
    assert seen.state is State.CLOSED
    assert (seen.latency_ms, seen.latency_source) == (
        (None, None) if seconds else (1.0, "monotonic")
    )


async def test_what_a_service_took_over_a_pause_of_this_process_is_not_told(kit):
    from probes.engine.observation import without_own_pause
    from probes.model import ANSWERED_AFTER, Observation

    facts = {ANSWERED_AFTER: 9.6, "summary": "OpenSSH"}
    told = Observation(
        State.OPEN,
        Reason.SYN_ACK,
        Service.CONFIRMED,
        latency_ms=0.2,
        latency_source="kernel",
        facts=facts,
    )
    seen = without_own_pause(told)
    assert (seen.facts, seen.latency_ms) == ({"summary": "OpenSSH"}, 0.2)

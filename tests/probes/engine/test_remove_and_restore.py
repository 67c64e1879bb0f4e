"""Removed targets are not tested and not counted; restored ones have the results they had."""

from __future__ import annotations

import asyncio
import random

from hypothesis import given
from hypothesis import strategies as st

from probes.engine.plan import plan
from probes.model import (
    Finished,
    Job,
    Observation,
    Queued,
    Reason,
    Removed,
    Restored,
    Result,
    State,
    Status,
    Target,
    Verdict,
)
from probes.registry import PROBES
from profiles.loader import load_profile

CATALOG = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})


def counted(session) -> dict[str, int]:
    session.scheduler.flush()
    return dict(session.finished[-1].counts)


async def test_its_rows_do_not_count_and_another_end_says_so(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted({"10.0.0.2": kit.CLOSED}), kit.profile(a))
    one, two = kit.job(a), kit.job(a, "10.0.0.2")
    await session.measure(one, two)
    assert counted(session) == {"ok": 1, "blocked": 1}
    session.scheduler.remove([two.target])
    assert counted(session) == {"ok": 1}
    assert session.finished[-1].complete
    assert Removed((two.target,)) in session.events
    session.scheduler.restore([two.target])
    assert counted(session) == {"ok": 1, "blocked": 1}
    assert Restored((two.target,)) in session.events
    assert len(session.vantage.connects) == 2


async def test_reasons_that_hang_on_a_removed_row_of_the_same_host_follow_it(kit):
    silent, answering = kit.check("a", 80), kit.check("b", 81, role="r2")
    vantage = kit.Scripted({("10.0.0.1", 80): kit.SILENT})
    session = kit.Session(vantage, kit.profile(silent, answering))
    one, two = kit.job(silent), kit.job(answering)
    await session.measure(one, two)
    assert session.latest[one.key].why == "dropped: 81 answers"
    session.scheduler.remove([two.target])
    session.scheduler.flush()
    assert session.latest[one.key].why == "no answer"
    session.scheduler.restore([two.target])
    session.scheduler.flush()
    assert session.latest[one.key].why == "dropped: 81 answers"


async def test_after_a_stop_the_new_end_is_not_complete_either(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(held=True), kit.profile(a))
    session.scheduler.add([kit.job(a), kit.job(a, "10.0.0.2")])
    await asyncio.wait_for(session.vantage.arrived.wait(), 5)
    session.scheduler.stop()
    session.scheduler.remove([kit.job(a).target])
    session.scheduler.flush()
    assert [one.complete for one in session.finished] == [False, False]
    assert counted(session) == {"cancelled": 1}


async def test_rows_in_flight_end_without_a_result_and_the_run_ends_with_the_others(kit):
    a, b = kit.check("a", 80), kit.check("b", 81)
    session = kit.Session(kit.Scripted(held=True), kit.profile(a, b), per_host=1)
    jobs = [kit.job(one, host) for host in ("10.0.0.1", "10.0.0.2") for one in (a, b)]
    session.scheduler.add(jobs)
    await asyncio.wait_for(session.vantage.arrived.wait(), 5)
    await asyncio.sleep(0)
    session.scheduler.remove([jobs[0].target])
    assert ("10.0.0.1", 80) in session.vantage.cancelled
    while not session.scheduler._idle.is_set():
        session.vantage.let_go()
        await asyncio.sleep(0)
    await session.idle()
    assert set(session.latest) == {"a|10.0.0.2", "b|10.0.0.2"}
    assert ("10.0.0.1", 81) not in session.vantage.connects
    assert counted(session) == {"ok": 2}


async def test_removing_the_last_pending_rows_ends_the_run(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(held=True), kit.profile(a))
    session.scheduler.add([kit.job(a)])
    await asyncio.wait_for(session.vantage.arrived.wait(), 5)
    session.scheduler.remove([kit.job(a).target])
    await asyncio.wait_for(session.idle(), 5)
    assert counted(session) == {}


async def test_rows_that_were_pending_are_measured_when_they_are_restored(kit):
    a = kit.check("a")
    vantage = kit.Scripted(held=True)
    session = kit.Session(vantage, kit.profile(a))
    job = kit.job(a)
    session.scheduler.add([job])
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    session.scheduler.remove([job.target])
    session.scheduler.restore([job.target])
    await asyncio.sleep(0)
    vantage.let_go()
    vantage.held = False
    await asyncio.wait_for(session.idle(), 5)
    assert session.latest[job.key].status is Status.OK
    assert counted(session) == {"ok": 1}


async def test_a_name_that_is_still_looked_up_may_be_removed(kit):
    a = kit.check("a")
    vantage = kit.Scripted()
    session = kit.Session(vantage, kit.profile(a))
    session.scheduler.add([kit.job(a, "dc1"), kit.job(a, "10.0.0.2")])
    session.scheduler.remove([Target("r", "dc1")])
    await asyncio.wait_for(session.idle(), 5)
    assert set(session.latest) == {"a|10.0.0.2"}


async def test_a_rerun_does_not_reach_what_was_removed(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(), kit.profile(a))
    await session.measure(kit.job(a))
    session.scheduler.remove([kit.job(a).target])
    session.scheduler.rerun(["a|10.0.0.1"], forced=True)
    session.scheduler.flush()
    assert not any(isinstance(event, Queued) and event.keys for event in session.events)
    assert len(session.vantage.connects) == 1


async def test_a_removed_host_that_is_named_again_is_measured_and_not_restored(kit):
    a = kit.check("a")
    vantage = kit.Scripted({"10.0.0.1": [kit.CLOSED, kit.OPEN]})
    session = kit.Session(vantage, kit.profile(a))
    job = kit.job(a)
    await session.measure(job)
    session.scheduler.remove([job.target])
    await session.measure(job)
    assert session.latest[job.key].status is Status.OK
    session.scheduler.restore([job.target])
    session.scheduler.flush()
    assert not any(isinstance(event, Restored) for event in session.events)
    assert counted(session) == {"ok": 1}


async def test_what_was_never_there_is_neither_removed_nor_restored(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(), kit.profile(a))
    await session.measure(kit.job(a))
    session.scheduler.remove([Target("r", "nobody")])
    session.scheduler.restore([Target("r", "nobody")])
    session.scheduler.flush()
    assert not any(isinstance(event, Removed | Restored) for event in session.events)


def test_a_removed_domain_controller_counts_for_no_other_host(kit):
    """The tracker alone: verdicts of Windows computers depend on domain controllers."""
    from probes.engine.verdict_tracker import VerdictTracker

    targets = [Target("windows.target", "pc1"), Target("windows.dc", "dc1")]
    jobs = {job.key: job for job in plan(CATALOG, targets)}
    results = {
        key: Result(job, Status.OK, "", Observation(State.OPEN, Reason.SYN_ACK))
        for key, job in jobs.items()
    }
    tracker = VerdictTracker(CATALOG, CATALOG.default_answers, jobs, results)
    for job in jobs.values():
        tracker.row_opened(job)
    before = [one for job in jobs.values() for one in tracker.row_closed(job)] + tracker.finish()
    pc = next(one for one in before if one.target.host == "pc1")
    gone = [key for key, job in jobs.items() if job.target.host == "dc1"]
    taken = {key: (jobs.pop(key), results.pop(key)) for key in gone}
    after = tracker.targets_removed([targets[1]], [job for job, _ in taken.values()])
    assert [one.target.host for one in after] == ["pc1"]
    assert after[0].text != pc.text
    for key, (job, result) in taken.items():
        jobs[key], results[key] = job, result
        tracker.row_opened(job)
    back = [one for job, _ in taken.values() for one in tracker.row_closed(job)]
    back += tracker.dependent_verdicts(["windows.dc"])
    assert {one.target.host for one in back} == {"pc1", "dc1"}
    assert next(one for one in back if one.target.host == "pc1") == pc


@given(st.integers(0, 2**32), st.lists(st.integers(0, 3), max_size=8))
def test_whatever_is_removed_and_restored_the_counts_are_those_of_present_hosts(seed, moves):
    async def main() -> None:
        from probes.engine.session_state import ResultRecorder

        chance = random.Random(seed)
        events: list = []
        targets = [Target("windows.target", f"pc{number}") for number in range(3)]
        targets.append(Target("windows.dc", "dc1"))
        jobs = plan(CATALOG, targets)
        ledger = ResultRecorder(CATALOG, CATALOG.default_answers, 4.0, events.append, ())
        ledger.add(jobs)
        for job in jobs:
            ledger.verdicts.row_opened(job)
        for job in jobs:
            open = chance.random() < 0.5
            state = (State.OPEN, Reason.SYN_ACK) if open else (State.CLOSED, Reason.CONN_REFUSED)
            ledger.record(job, Observation(*state))
            ledger.emit_verdicts(ledger.verdicts.row_closed(job))
        ledger.emit_verdicts(ledger.verdicts.finish())
        everything = dict(ledger.state.counts())
        told = last(events)
        gone: set[Target] = set()
        for move in moves:
            target = targets[move]
            if target in gone:
                _, known = ledger.restore([target])
                ledger.close_rows(known)
                gone.discard(target)
            else:
                ledger.remove([target], {})
                gone.add(target)
            here = [job for job in jobs if job.target not in gone]
            assert sum(ledger.state.counts().values()) == len(here)
            assert set(ledger.state.jobs) == {job.key for job in here}
        for target in gone:
            _, known = ledger.restore([target])
            ledger.close_rows(known)
        assert ledger.state.counts() == everything
        assert last(events) == told

    def last(events) -> dict:
        return {(one.target, one.capability): one for one in events if isinstance(one, Verdict)}

    asyncio.run(main())


def test_the_events_name_their_job_and_finished_is_still_the_last(kit):
    async def main() -> None:
        a = kit.check("a")
        session = kit.Session(kit.Scripted(), kit.profile(a))
        job: Job = kit.job(a)
        await session.measure(job)
        session.scheduler.remove([job.target])
        session.scheduler.flush()
        assert isinstance(session.events[-1], Finished)

    asyncio.run(main())

"""A removed target is measured no more and counts nowhere; put back, it has what it had."""

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
    session.run.flush()
    return dict(session.finished[-1].counts)


async def test_its_rows_do_not_count_and_another_end_says_so(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted({"10.0.0.2": kit.CLOSED}), kit.profile(a))
    one, two = kit.job(a), kit.job(a, "10.0.0.2")
    await session.measure(one, two)
    assert counted(session) == {"ok": 1, "blocked": 1}
    session.run.remove([two.target])
    assert counted(session) == {"ok": 1}
    assert session.finished[-1].complete
    assert Removed((two.target,)) in session.events
    session.run.restore([two.target])
    assert counted(session) == {"ok": 1, "blocked": 1}
    assert Restored((two.target,)) in session.events
    assert len(session.vantage.connects) == 2


async def test_after_a_stop_the_new_end_is_not_complete_either(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(held=True), kit.profile(a))
    session.run.add([kit.job(a), kit.job(a, "10.0.0.2")])
    await asyncio.wait_for(session.vantage.arrived.wait(), 5)
    session.run.stop()
    session.run.remove([kit.job(a).target])
    session.run.flush()
    assert [one.complete for one in session.finished] == [False, False]
    assert counted(session) == {"cancelled": 1}


async def test_what_is_in_flight_ends_unheard_and_the_run_ends_with_the_others(kit):
    a, b = kit.check("a", 80), kit.check("b", 81)
    session = kit.Session(kit.Scripted(held=True), kit.profile(a, b), per_host=1)
    jobs = [kit.job(one, host) for host in ("10.0.0.1", "10.0.0.2") for one in (a, b)]
    session.run.add(jobs)
    await asyncio.wait_for(session.vantage.arrived.wait(), 5)
    await asyncio.sleep(0)
    session.run.remove([jobs[0].target])
    assert ("10.0.0.1", 80) in session.vantage.cancelled
    while not session.run._idle.is_set():
        session.vantage.let_go()
        await asyncio.sleep(0)
    await session.idle()
    assert set(session.latest) == {"a|10.0.0.2", "b|10.0.0.2"}
    assert ("10.0.0.1", 81) not in session.vantage.connects
    assert counted(session) == {"ok": 2}


async def test_the_last_open_rows_removed_end_the_run(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(held=True), kit.profile(a))
    session.run.add([kit.job(a)])
    await asyncio.wait_for(session.vantage.arrived.wait(), 5)
    session.run.remove([kit.job(a).target])
    await asyncio.wait_for(session.idle(), 5)
    assert counted(session) == {}


async def test_what_was_open_is_measured_when_it_comes_back(kit):
    a = kit.check("a")
    vantage = kit.Scripted(held=True)
    session = kit.Session(vantage, kit.profile(a))
    job = kit.job(a)
    session.run.add([job])
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    session.run.remove([job.target])
    session.run.restore([job.target])
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
    session.run.add([kit.job(a, "dc1"), kit.job(a, "10.0.0.2")])
    session.run.remove([Target("r", "dc1")])
    await asyncio.wait_for(session.idle(), 5)
    assert set(session.latest) == {"a|10.0.0.2"}


async def test_a_rerun_does_not_reach_what_was_removed(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(), kit.profile(a))
    await session.measure(kit.job(a))
    session.run.remove([kit.job(a).target])
    session.run.rerun(["a|10.0.0.1"], forced=True)
    session.run.flush()
    assert not any(isinstance(event, Queued) and event.keys for event in session.events)
    assert len(session.vantage.connects) == 1


async def test_who_names_a_removed_host_again_measures_it_anew_and_nothing_comes_back(kit):
    a = kit.check("a")
    vantage = kit.Scripted({"10.0.0.1": [kit.CLOSED, kit.OPEN]})
    session = kit.Session(vantage, kit.profile(a))
    job = kit.job(a)
    await session.measure(job)
    session.run.remove([job.target])
    await session.measure(job)
    assert session.latest[job.key].status is Status.OK
    session.run.restore([job.target])
    session.run.flush()
    assert not any(isinstance(event, Restored) for event in session.events)
    assert counted(session) == {"ok": 1}


async def test_what_was_never_there_is_neither_removed_nor_restored(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(), kit.profile(a))
    await session.measure(kit.job(a))
    session.run.remove([Target("r", "nobody")])
    session.run.restore([Target("r", "nobody")])
    session.run.flush()
    assert not any(isinstance(event, Removed | Restored) for event in session.events)


def test_a_domain_controller_that_is_removed_speaks_for_nobody_any_more(kit):
    """The docket alone: verdicts of Windows computers rest on domain controllers elsewhere."""
    from probes.engine.verdict_tracker import Docket

    targets = [Target("windows.target", "pc1"), Target("windows.dc", "dc1")]
    jobs = {job.key: job for job in plan(CATALOG, targets)}
    results = {
        key: Result(job, Status.OK, "", Observation(State.OPEN, Reason.SYN_ACK))
        for key, job in jobs.items()
    }
    docket = Docket(CATALOG, CATALOG.default_answers, jobs, results)
    for job in jobs.values():
        docket.opened(job)
    before = [one for job in jobs.values() for one in docket.closed(job)] + docket.ended()
    pc = next(one for one in before if one.target.host == "pc1")
    gone = [key for key, job in jobs.items() if job.target.host == "dc1"]
    taken = {key: (jobs.pop(key), results.pop(key)) for key in gone}
    after = docket.removed([targets[1]], [job for job, _ in taken.values()])
    assert [one.target.host for one in after] == ["pc1"]
    assert after[0].text != pc.text
    for key, (job, result) in taken.items():
        jobs[key], results[key] = job, result
        docket.opened(job)
    back = [one for job, _ in taken.values() for one in docket.closed(job)]
    back += docket.resting(["windows.dc"])
    assert {one.target.host for one in back} == {"pc1", "dc1"}
    assert next(one for one in back if one.target.host == "pc1") == pc


@given(st.integers(0, 2**32), st.lists(st.integers(0, 3), max_size=8))
def test_whatever_is_removed_and_restored_the_counts_are_those_of_who_is_there(seed, moves):
    async def main() -> None:
        from probes.engine.session_state import Ledger

        chance = random.Random(seed)
        events: list = []
        targets = [Target("windows.target", f"pc{number}") for number in range(3)]
        targets.append(Target("windows.dc", "dc1"))
        jobs = plan(CATALOG, targets)
        ledger = Ledger(CATALOG, CATALOG.default_answers, 4.0, events.append, ())
        ledger.add(jobs)
        for job in jobs:
            ledger.docket.opened(job)
        for job in jobs:
            open = chance.random() < 0.5
            state = (State.OPEN, Reason.SYN_ACK) if open else (State.CLOSED, Reason.CONN_REFUSED)
            ledger.keep(job, Observation(*state))
            ledger.pronounce(ledger.docket.closed(job))
        ledger.pronounce(ledger.docket.ended())
        everything = dict(ledger.board.counts())
        told = last(events)
        gone: set[Target] = set()
        for move in moves:
            target = targets[move]
            if target in gone:
                _, known = ledger.restore([target])
                ledger.close(known)
                gone.discard(target)
            else:
                ledger.remove([target], {})
                gone.add(target)
            here = [job for job in jobs if job.target not in gone]
            assert sum(ledger.board.counts().values()) == len(here)
            assert set(ledger.board.jobs) == {job.key for job in here}
        for target in gone:
            _, known = ledger.restore([target])
            ledger.close(known)
        assert ledger.board.counts() == everything
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
        session.run.remove([job.target])
        session.run.flush()
        assert isinstance(session.events[-1], Finished)

    asyncio.run(main())

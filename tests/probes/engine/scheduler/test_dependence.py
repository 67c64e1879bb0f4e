"""Rows that another row makes unnecessary, or on which they depend."""

from __future__ import annotations

import asyncio

import pytest

from probes.model import Finished, Reason, Resolution, Result, State, Status
from profiles.model import Unless
from profiles.ports import with_port


async def test_a_row_waits_for_the_row_that_may_make_it_unnecessary(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(Unless("winrm"),))
    vantage = kit.Scripted()
    latest = await kit.Session(vantage, kit.profile(winrm, smb)).measure(
        kit.job(smb), kit.job(winrm)
    )
    assert vantage.connects == [("10.0.0.1", 5985)]
    assert latest["smb|10.0.0.1"].status is Status.NOT_NEEDED
    assert latest["smb|10.0.0.1"].observation.state is State.NOT_RUN


async def test_a_row_is_measured_when_what_would_make_it_unnecessary_is_not_there(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(Unless("winrm"),))
    vantage = kit.Scripted({("10.0.0.1", 5985): kit.CLOSED})
    latest = await kit.Session(vantage, kit.profile(winrm, smb)).measure(
        kit.job(winrm), kit.job(smb)
    )
    assert latest["smb|10.0.0.1"].status is Status.OK


async def test_a_row_is_measured_anew_when_its_reason_not_to_be_goes_away(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(Unless("winrm"),))
    vantage = kit.Scripted({("10.0.0.1", 5985): [kit.OPEN, kit.CLOSED]})
    session = kit.Session(vantage, kit.profile(winrm, smb))
    await session.measure(kit.job(winrm), kit.job(smb))
    assert session.latest["smb|10.0.0.1"].status is Status.NOT_NEEDED
    session.scheduler.rerun(["winrm|10.0.0.1"])
    await session.idle()
    assert session.latest["winrm|10.0.0.1"].status is Status.BLOCKED
    assert session.latest["smb|10.0.0.1"].status is Status.OK


async def test_a_row_becomes_not_needed_when_the_other_answers_later(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(Unless("winrm"),))
    vantage = kit.Scripted({("10.0.0.1", 5985): [kit.CLOSED, kit.OPEN]})
    session = kit.Session(vantage, kit.profile(winrm, smb))
    await session.measure(kit.job(winrm), kit.job(smb))
    session.scheduler.rerun(["winrm|10.0.0.1"])
    await session.idle()
    assert session.latest["smb|10.0.0.1"].status is Status.NOT_NEEDED
    assert "tested anyway: open" in session.latest["smb|10.0.0.1"].note


async def test_what_depends_on_a_closed_port_is_not_run_and_never_blocked(kit):
    mapper = kit.check("rpc", 135)
    dynamic = kit.check("dyn", 49664, needs="rpc")
    vantage = kit.Scripted({("10.0.0.1", 135): kit.CLOSED})
    latest = await kit.Session(vantage, kit.profile(mapper, dynamic)).measure(
        kit.job(mapper), kit.job(dynamic)
    )
    result = latest["dyn|10.0.0.1"]
    assert (result.status, result.observation.state) == (Status.ERROR, State.NOT_RUN)
    assert "RPC (TCP 135), which it depends on, is not available" in result.note
    assert vantage.connects == [("10.0.0.1", 135)]


async def test_what_depends_on_another_port_than_the_profiles_names_the_one_that_was_asked(kit):
    mapper = with_port(kit.check("rpc", 135), 1135)
    dynamic = kit.check("dyn", 49664, needs="rpc")
    vantage = kit.Scripted({("10.0.0.1", 1135): kit.CLOSED})
    latest = await kit.Session(vantage, kit.profile(mapper, dynamic)).measure(
        kit.job(mapper), kit.job(dynamic)
    )
    assert "RPC (TCP 1135), which it depends on" in latest["dyn|10.0.0.1"].note


async def test_the_last_row_of_a_round_may_make_one_necessary_that_cannot_be_measured(kit):
    winrm = kit.check("winrm", 5985)
    mapper = kit.check("rpc", 135, unless=(Unless("winrm"),))
    dynamic = kit.check("dyn", 49664, needs="rpc", unless=(Unless("winrm"),))
    script = {("10.0.0.1", 5985): kit.CLOSED, ("10.0.0.1", 135): kit.CLOSED}
    session = kit.Session(kit.Scripted(script), kit.profile(winrm, mapper, dynamic))
    faults: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: faults.append(context))
    await session.measure(kit.job(winrm), kit.job(mapper), kit.job(dynamic))
    finished = [event for event in session.events if isinstance(event, Finished)]
    for rounds in (1, 2):
        # It has no result of its own to wait for: it is given up while the other one ends.
        session.scheduler.rerun(["winrm|10.0.0.1"])
        await session.idle()
        assert session.latest["dyn|10.0.0.1"].observation.reason is Reason.DEPENDENCY
        ended = [event for event in session.events if isinstance(event, Finished)]
        assert len(ended) == len(finished) + rounds
        assert ended[-1].counts == {"blocked": 2, "error": 1}
        assert session.events[-1] is ended[-1], "nothing of a round comes after its end"
    assert not faults


async def test_a_forced_rerun_measures_a_row_that_is_not_needed(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(Unless("winrm"),))
    vantage = kit.Scripted()
    session = kit.Session(vantage, kit.profile(winrm, smb))
    await session.measure(kit.job(winrm), kit.job(smb))
    session.scheduler.rerun(["smb|10.0.0.1"], forced=True)
    await session.idle()
    assert ("10.0.0.1", 445) in vantage.connects
    assert session.latest["smb|10.0.0.1"].status is Status.NOT_NEEDED


@pytest.mark.parametrize("alive_first", [True, False])
@pytest.mark.parametrize(
    ("ping", "status"),
    [
        ((State.OPEN, Reason.ECHO_REPLY), Status.UNVERIFIABLE),
        ((State.ERROR, Reason.PERMISSION_DENIED), Status.UNVERIFIABLE),
        ((State.FILTERED, Reason.NO_RESPONSE), Status.BLOCKED),
    ],
)
async def test_a_host_that_is_up_and_refuses_a_service_itself_need_not_offer_it(
    kit, ping, status, alive_first
):
    alive = kit.check("alive", None, loss="degraded")
    names = kit.check("names", 137, absent="alive")
    vantage = kit.Scripted({("10.0.0.1", 137): kit.CLOSED, ("10.0.0.1", "ping"): ping})
    jobs = [kit.job(alive), kit.job(names)]
    latest = await kit.Session(vantage, kit.profile(alive, names)).measure(
        *(jobs if alive_first else reversed(jobs))
    )
    assert latest["names|10.0.0.1"].status is status


@pytest.mark.parametrize("alive_first", [True, False])
async def test_a_row_that_is_measured_again_is_not_judged_by_what_it_saw_before(kit, alive_first):
    alive = kit.check("alive", 7)
    names = kit.check("names", 137, absent="alive")
    gone = (State.UNREACHABLE, Reason.HOST_UNREACH)
    script = {
        ("10.0.0.1", 137): [kit.CLOSED, gone],
        ("10.0.0.1", 7): [kit.OPEN, gone],
    }
    session = kit.Session(kit.Scripted(script), kit.profile(alive, names))
    await session.measure(kit.job(alive), kit.job(names))
    began = len(session.events)
    keys = ["alive|10.0.0.1", "names|10.0.0.1"]
    session.scheduler.rerun(keys if alive_first else keys[::-1])
    await session.idle()
    seen = [one for one in session.events[began:] if isinstance(one, Result)]
    assert {one.job.key: one.observation.state for one in seen} == dict.fromkeys(
        keys, State.UNREACHABLE
    )
    assert len(seen) == 2


async def test_a_service_that_need_not_be_there_is_missed_where_it_is_silent(kit):
    alive = kit.check("alive", None, loss="degraded")
    names = kit.check("names", 137, absent="alive")
    vantage = kit.Scripted({("10.0.0.1", 137): kit.SILENT})
    latest = await kit.Session(vantage, kit.profile(alive, names), retries=0).measure(
        kit.job(alive), kit.job(names)
    )
    assert latest["names|10.0.0.1"].status is Status.BLOCKED


async def test_a_refusal_counts_again_once_the_host_no_longer_answers_the_ping(kit):
    alive = kit.check("alive", None, loss="degraded")
    names = kit.check("names", 137, absent="alive")
    vantage = kit.Scripted({("10.0.0.1", 137): kit.CLOSED})
    session = kit.Session(vantage, kit.profile(alive, names))
    await session.measure(kit.job(alive), kit.job(names))
    assert session.latest["names|10.0.0.1"].status is Status.UNVERIFIABLE
    vantage.script[("10.0.0.1", "ping")] = (State.FILTERED, Reason.ADMIN_PROHIBITED)
    session.scheduler.rerun(["alive|10.0.0.1"])
    await session.idle()
    assert session.latest["names|10.0.0.1"].status is Status.BLOCKED


async def test_a_row_that_becomes_necessary_has_the_addresses_of_its_round(kit):
    a, b = kit.check("a", 5985), kit.check("b", 135, unless=(Unless("a"),))
    vantage = kit.Scripted({("10.0.0.7", 5985): [kit.OPEN, kit.CLOSED]})
    vantage.names["pc1"] = Resolution("pc1", ("10.0.0.7",), server="10.0.0.53")
    session = kit.Session(vantage, kit.profile(a, b))
    first = await session.measure(kit.job(a, "pc1"), kit.job(b, "pc1"))
    assert first["b|pc1"].status is Status.NOT_NEEDED
    session.scheduler.rerun(["a|pc1"])
    await session.idle()
    assert session.latest["b|pc1"].status is not Status.NOT_NEEDED
    assert vantage.looked_up == ["pc1", "pc1"]

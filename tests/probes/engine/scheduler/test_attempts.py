"""Attempts: their number, order and concurrency; every job ends in one result."""

from __future__ import annotations

import asyncio

import pytest

from probes.model import (
    Diagnosed,
    Message,
    Queued,
    Reason,
    Resolution,
    Result,
    Started,
    State,
    Status,
    Verdict,
)
from probes.remediation.advice import remedy
from probes.vantage import Outcome
from profiles.model import Role


async def test_every_job_ends_in_one_result_and_the_run_says_it_is_finished(kit):
    a = kit.check("a", 80)
    b = kit.check("b", 81)
    session = kit.Session(kit.Scripted({("10.0.0.1", 81): kit.CLOSED}), kit.profile(a, b))
    latest = await session.measure(kit.job(a), kit.job(b))
    assert latest["a|10.0.0.1"].status is Status.OK
    assert latest["b|10.0.0.1"].status is Status.BLOCKED
    assert [one.complete for one in session.finished] == [True]
    assert session.finished[0].counts == {"ok": 1, "blocked": 1}


async def test_silence_is_tried_once_more_before_it_is_believed(kit):
    a = kit.check("a")
    vantage = kit.Scripted({"10.0.0.1": kit.SILENT})
    latest = await kit.Session(vantage, kit.profile(a)).measure(kit.job(a))
    seen = latest["a|10.0.0.1"].observation
    assert (seen.state, seen.reason, seen.attempts) == (State.FILTERED, Reason.NO_RESPONSE, 2)
    assert len(seen.evidence) == 2
    assert len(vantage.connects) == 2


async def test_an_answer_to_the_second_attempt_is_believed_over_the_silence_before(kit):
    a = kit.check("a")
    vantage = kit.Scripted({"10.0.0.1": [kit.SILENT, kit.OPEN]})
    latest = await kit.Session(vantage, kit.profile(a)).measure(kit.job(a))
    assert latest["a|10.0.0.1"].status is Status.OK
    assert latest["a|10.0.0.1"].observation.attempts == 2


@pytest.mark.parametrize(
    ("end", "status"),
    [
        ((State.OPEN, Reason.SYN_ACK), Status.OK),
        ((State.CLOSED, Reason.CONN_REFUSED), Status.BLOCKED),
        ((State.FILTERED, Reason.ADMIN_PROHIBITED), Status.BLOCKED),
        ((State.UNREACHABLE, Reason.HOST_UNREACH), Status.BLOCKED),
    ],
)
async def test_a_syn_that_was_sent_again_leaves_the_latency_unknown_and_the_note_says_so(
    kit, end, status
):
    a = kit.check("a")
    outcome = Outcome(*end, "10.0.0.1", elapsed_ms=1001.4, syn_resent=True)
    vantage = kit.Scripted({"10.0.0.1": outcome})
    (result,) = (await kit.Session(vantage, kit.profile(a)).measure(kit.job(a))).values()
    seen = result.observation
    assert result.status is status
    clause = "; the first SYN was lost or not answered in time, so the latency is unknown"
    # A router that looks for a host for seconds makes further SYN the rule.
    assert (clause in result.note) is (seen.state is not State.UNREACHABLE)
    assert (seen.latency_ms, seen.latency_source) == (None, None)
    assert seen.timings_ms["connect"] == 1001.4


async def test_a_refusal_is_not_tried_again(kit):
    a = kit.check("a")
    vantage = kit.Scripted({"10.0.0.1": kit.CLOSED})
    await kit.Session(vantage, kit.profile(a)).measure(kit.job(a))
    assert len(vantage.connects) == 1


async def test_no_more_than_the_limit_is_in_flight_and_a_host_is_never_crowded(kit):
    checks = [kit.check(f"c{port}", port) for port in range(1, 11)]
    vantage = kit.Scripted(held=True)
    session = kit.Session(vantage, kit.profile(*checks), concurrency=7, per_host=3)
    jobs = [kit.job(one, f"10.0.0.{host}") for one in checks for host in (1, 2, 3, 4)]
    session.scheduler.add(jobs)
    while not session.scheduler._idle.is_set():
        vantage.arrived.clear()
        await asyncio.wait_for(vantage.arrived.wait(), 5)
        hosts = [address for address, _, _ in vantage.flying]
        assert max(hosts.count(host) for host in set(hosts)) <= 3
        vantage.let_go()
        if len(vantage.connects) == len(jobs) and not vantage.flying:
            break
    await session.idle()
    assert vantage.most_flying == 7
    assert len(session.latest) == len(jobs)


async def test_every_host_gets_its_first_answer_before_any_gets_its_second(kit):
    checks = [kit.check(f"c{port}", port) for port in (1, 2, 3)]
    vantage = kit.Scripted()
    hosts = [f"10.0.0.{host}" for host in range(1, 6)]
    jobs = [kit.job(one, host) for host in hosts for one in checks]
    await kit.Session(vantage, kit.profile(*checks), per_host=1).measure(*jobs)
    assert [address for address, _ in vantage.connects[:5]] == hosts


async def test_pings_of_one_host_go_one_at_a_time(kit):
    a, b = kit.check("a", None), kit.check("b", None)
    at_once = []

    class Counting(kit.Scripted):
        async def ping(self, address, timeout):
            at_once.append(address)
            assert len(at_once) == 1
            outcome = await super().ping(address, timeout)
            at_once.remove(address)
            return outcome

    await kit.Session(Counting(), kit.profile(a, b)).measure(kit.job(a), kit.job(b))


async def test_a_name_is_looked_up_once_for_all_its_rows_and_the_address_used_is_in_each(kit):
    checks = [kit.check(f"c{port}", port) for port in (1, 2, 3)]
    vantage = kit.Scripted()
    vantage.names["dc1"] = Resolution("dc1", ("10.0.0.7",), 3.0, "10.0.0.53")
    jobs = [kit.job(one, "dc1") for one in checks]
    latest = await kit.Session(vantage, kit.profile(*checks)).measure(*jobs)
    assert vantage.looked_up == ["dc1"]
    for result in latest.values():
        assert result.observation.address == "10.0.0.7"
        assert result.observation.timings_ms["resolve"] == 3.0
        assert result.observation.facts["resolved"] == {
            "addresses": ["10.0.0.7"],
            "server": "10.0.0.53",
        }


async def test_a_name_that_does_not_resolve_is_an_error_and_never_blocked(kit):
    a = kit.check("a")
    latest = await kit.Session(kit.Scripted(), kit.profile(a)).measure(kit.job(a, "nowhere"))
    result = latest["a|nowhere"]
    assert result.status is Status.ERROR
    assert result.observation.reason is Reason.NAME_NOT_RESOLVED
    assert "10.0.0.53 says no such name" in result.note


async def test_a_name_that_dns_did_not_answer_is_not_called_wrong_anywhere(kit):
    a = kit.check("a")
    vantage = kit.Scripted()
    problem = (
        "10.0.0.53 answers, but the answer is cut off, and TCP 53, which has the rest, hangs up"
    )
    fix = "Allow TCP 53 from this machine to the DNS server 10.0.0.53, and have it answer there."
    vantage.names["long"] = Resolution("long", (), problem=problem, fix=fix)
    role = Role("r", "R", "c")
    session = kit.Session(vantage, kit.profile(a, roles=(role,)))
    result = (await session.measure(kit.job(a, "long")))["a|long"]
    assert result.status is Status.ERROR
    assert problem in result.note
    advice = remedy(result)
    assert advice is not None
    assert advice.change == fix
    assert advice.who == "the DNS server or the way to it"
    assert advice.snippets == ()
    assert [one.fix for one in session.events if isinstance(one, Verdict)] == [(fix,)]
    (diagnosed,) = [one for one in session.events if isinstance(one, Diagnosed)]
    assert [one.fix for one in diagnosed.findings] == [fix]


async def test_the_second_address_of_a_name_is_tried_when_the_first_refuses(kit):
    a = kit.check("a")
    vantage = kit.Scripted({"2001:db8::1": kit.CLOSED})
    vantage.names["dual"] = Resolution("dual", ("2001:db8::1", "10.0.0.1"))
    latest = await kit.Session(vantage, kit.profile(a)).measure(kit.job(a, "dual"))
    result = latest["a|dual"]
    assert result.status is Status.OK
    assert result.observation.address == "10.0.0.1"
    assert "2001:db8::1 is closed" in result.note


async def test_running_out_of_descriptors_lowers_the_limit_says_so_and_loses_nothing(kit):
    checks = [kit.check(f"c{port}", port) for port in range(1, 9)]
    vantage = kit.Scripted()
    vantage.free = 3
    jobs = [kit.job(one, f"10.0.0.{host}") for one in checks for host in (1, 2, 3)]
    session = kit.Session(vantage, kit.profile(*checks))
    latest = await session.measure(*jobs)
    assert len(latest) == len(jobs)
    assert {result.status for result in latest.values()} == {Status.OK}
    said = [event.text for event in session.events if isinstance(event, Message)]
    assert said == ["Out of descriptors: 3 attempts in flight from now on."]


async def test_a_descriptor_that_never_comes_ends_the_rows_untested(kit, monkeypatch):
    monkeypatch.setattr("probes.engine.concurrency.STARVED", 0.0)
    checks = [kit.check("a"), kit.check("b", 23)]
    vantage = kit.Scripted()
    vantage.free = 0
    session = kit.Session(vantage, kit.profile(*checks))
    latest = await session.measure(*(kit.job(one) for one in checks))
    assert {result.status for result in latest.values()} == {Status.ERROR}
    assert {result.note for result in latest.values()} == {
        "Not tested: this process has too many files open."
    }
    said = [event.text for event in session.events if isinstance(event, Message)]
    assert said == ["Out of descriptors: 1 attempt in flight from now on."]


async def test_a_limit_above_what_descriptors_allow_is_lowered_and_said(kit):
    vantage = kit.Scripted()
    vantage.descriptors = 50
    session = kit.Session(vantage, kit.profile(kit.check("a")), concurrency=1000)
    session.scheduler.flush()
    (message,) = (event for event in session.events if isinstance(event, Message))
    assert message.text.startswith("50 attempts in flight instead of 1000")


async def test_a_row_is_started_before_its_result_and_queued_when_it_is_asked_again(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(), kit.profile(a))
    await session.measure(kit.job(a))
    session.scheduler.rerun(["a|10.0.0.1"])
    await session.idle()
    kinds = [
        type(event) for event in session.events if isinstance(event, (Started, Queued, Result))
    ]
    assert kinds == [Started, Result, Queued, Started, Result]


async def test_nothing_is_queued_and_nothing_ends_where_no_row_is_asked_again(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(), kit.profile(a))
    await session.measure(kit.job(a))
    before = len(session.events)
    session.scheduler.rerun([])
    session.scheduler.rerun(["unknown|10.0.0.1"])
    session.scheduler.flush()
    assert session.events[before:] == []


async def test_a_row_names_the_interface_of_its_source_address(kit) -> None:
    session = kit.Session(kit.Scripted({"10.0.0.2": Outcome(*kit.OPEN, "")}), kit.profile())
    asked = kit.check("a")
    rows = await session.measure(kit.job(asked), kit.job(asked, "10.0.0.2"))
    seen = [(one.observation.source, one.observation.interface) for one in rows.values()]
    assert sorted(seen, key=str) == [("192.0.2.9", "eth9"), (None, None)]

"""Runs that are stopped, and services, probes and vantages that misbehave."""

from __future__ import annotations

import asyncio
import socket
from dataclasses import replace

import pytest

from probes.call import Answer, Call, Unexpected
from probes.model import Reason, Service, State, Status
from probes.registry import PROBES
from probes.vantage import NotOffered, Outcome
from probes.vantage.local.tcp import SocketPipe


async def test_stop_ends_everything_and_keeps_what_was_measured(kit):
    a, b = kit.check("a", 80), kit.check("b", 81)
    vantage = kit.Scripted({("10.0.0.1", 80): kit.CLOSED})
    session = kit.Session(vantage, kit.profile(a, b), per_host=1)
    await session.measure(kit.job(a))
    vantage.held = True
    session.scheduler.add([kit.job(b)])
    session.scheduler.rerun(["a|10.0.0.1"])
    vantage.arrived.clear()
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    session.scheduler.stop()
    await session.idle()
    assert session.latest["a|10.0.0.1"].status is Status.BLOCKED
    assert session.latest["b|10.0.0.1"].status is Status.CANCELLED
    assert vantage.cancelled == [("10.0.0.1", 81)]
    assert [one.complete for one in session.finished] == [True, False]


async def test_a_connection_that_opens_as_the_run_is_stopped_is_closed(kit, a_probe):
    """Its probe is cancelled before its first step, and so never takes it."""
    ours, theirs = socket.socketpair()
    opened = Outcome(State.OPEN, Reason.SYN_ACK, "10.0.0.1", pipe=SocketPipe(ours))
    a = kit.check("a", probe="talk")
    vantage = kit.Scripted({"10.0.0.1": opened}, held=True)

    async def ask(call: Call) -> Answer:
        raise AssertionError("it was never to begin")

    session = kit.Session(vantage, kit.profile(a), {"talk": a_probe("tcp", ask)})
    session.scheduler.add([kit.job(a)])
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    vantage.let_go()
    session.scheduler.stop()
    await session.idle()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    theirs.close()
    assert ours.fileno() == -1


async def test_a_run_goes_on_after_a_stop(kit):
    a = kit.check("a")
    vantage = kit.Scripted(held=True)
    session = kit.Session(vantage, kit.profile(a))
    session.scheduler.add([kit.job(a)])
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    session.scheduler.stop()
    vantage.held = False
    session.scheduler.rerun(["a|10.0.0.1"])
    await session.idle()
    assert session.latest["a|10.0.0.1"].status is Status.OK


async def test_what_a_vantage_cannot_do_is_not_run_and_never_blocked(kit):
    ping = kit.check("ping", None)
    vantage = kit.Scripted({("10.0.0.1", "ping"): NotOffered("no ICMP through SSH")})
    latest = await kit.Session(vantage, kit.profile(ping)).measure(kit.job(ping))
    result = latest["ping|10.0.0.1"]
    assert (result.status, result.observation.state) == (Status.ERROR, State.NOT_RUN)
    assert "no ICMP through SSH" in result.note


async def test_a_bug_in_one_probe_spoils_its_own_row_and_no_other(kit, a_probe):
    async def buggy(call: Call) -> Answer:
        raise KeyError("secret")

    bad, good = kit.check("bad", None), kit.check("good", 80)
    bad_job = kit.job(kit.check("bad", 7, transport="udp", probe="buggy"))
    session = kit.Session(kit.Scripted(), kit.profile(bad, good), {"buggy": a_probe("udp", buggy)})
    latest = await session.measure(bad_job, kit.job(good))
    assert latest["good|10.0.0.1"].status is Status.OK
    result = latest["bad|10.0.0.1"]
    assert (result.status, result.observation.reason) == (Status.ERROR, Reason.LOCAL_ERROR)
    assert "KeyError" in result.note
    assert "secret" not in result.note


@pytest.mark.parametrize(
    ("raised", "service"),
    [
        (TimeoutError(), Service.SILENT),
        (EOFError(), Service.SILENT),
        (ConnectionResetError(), Service.SILENT),
        (Unexpected("an HTTP server"), Service.UNEXPECTED),
    ],
)
async def test_a_port_stays_open_however_its_service_behaves_and_the_row_is_blocked(
    kit, a_probe, a_server, raised, service
):
    async def ask(call: Call) -> Answer:
        await call.stream()
        raise raised

    port, vantage = a_server
    one = kit.check("a", port, probe="odd")
    session = kit.Session(vantage, kit.profile(one), {"odd": a_probe("tcp", ask)})
    latest = await session.measure(kit.job(one, "127.0.0.1"))
    result = latest["a|127.0.0.1"]
    assert result.observation.state is State.OPEN
    assert result.observation.service is service
    assert result.status is Status.BLOCKED


async def test_a_probe_that_cannot_be_imported_spoils_its_own_rows_only(kit):
    a, b = kit.check("a", 80, probe="gone", transport="udp"), kit.check("b", 81)
    session = kit.Session(
        kit.Scripted(), kit.profile(a, b), probes={"gone": replace(PROBES["udp"], module="no.such")}
    )
    latest = await session.measure(kit.job(a), kit.job(b))
    assert latest["a|10.0.0.1"].status is Status.ERROR
    assert "ImportError" in latest["a|10.0.0.1"].note
    assert latest["b|10.0.0.1"].status is Status.OK


async def test_a_port_that_accepts_and_resets_at_once_is_not_taken_for_its_service(kit):
    a, b = kit.check("a", probe="spoken"), kit.check("b", 81)

    reset = Outcome(State.OPEN, Reason.SYN_ACK, "10.0.0.1", source="192.0.2.9", errno=104)
    session = kit.Session(
        kit.Scripted({"10.0.0.1": reset}),
        kit.profile(a, b),
        {"spoken": PROBES["printer"]},
    )
    latest = await session.measure(kit.job(a), kit.job(b))
    for result in latest.values():
        assert (result.status, result.observation.service) == (Status.BLOCKED, Service.SILENT)
        assert "accepted the connection and reset it at once" in result.note

from __future__ import annotations

import asyncio
import socket
import sys
import types

import pytest

from probes import Probe
from probes.engine.call import Answer, Call, Unexpected
from probes.engine.model import (
    Message,
    Queued,
    Reason,
    Resolution,
    Result,
    Service,
    Started,
    State,
    Status,
)
from probes.engine.vantage import NotOffered, Outcome


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
    session.run.add(jobs)
    while not session.run._idle.is_set():
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


async def test_the_second_address_of_a_name_is_tried_when_the_first_refuses(kit):
    a = kit.check("a")
    vantage = kit.Scripted({"2001:db8::1": kit.CLOSED})
    vantage.names["dual"] = Resolution("dual", ("2001:db8::1", "10.0.0.1"))
    latest = await kit.Session(vantage, kit.profile(a)).measure(kit.job(a, "dual"))
    result = latest["a|dual"]
    assert result.status is Status.OK
    assert result.observation.address == "10.0.0.1"
    assert "2001:db8::1 is closed" in result.note


async def test_a_row_waits_for_the_row_that_may_make_it_unnecessary(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(_unless("winrm"),))
    vantage = kit.Scripted()
    latest = await kit.Session(vantage, kit.profile(winrm, smb)).measure(
        kit.job(smb), kit.job(winrm)
    )
    assert vantage.connects == [("10.0.0.1", 5985)]
    assert latest["smb|10.0.0.1"].status is Status.NOT_NEEDED
    assert latest["smb|10.0.0.1"].observation.state is State.NOT_RUN


async def test_a_row_is_measured_when_what_would_make_it_unnecessary_is_not_there(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(_unless("winrm"),))
    vantage = kit.Scripted({("10.0.0.1", 5985): kit.CLOSED})
    latest = await kit.Session(vantage, kit.profile(winrm, smb)).measure(
        kit.job(winrm), kit.job(smb)
    )
    assert latest["smb|10.0.0.1"].status is Status.OK


async def test_a_row_is_measured_anew_when_its_reason_not_to_be_goes_away(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(_unless("winrm"),))
    vantage = kit.Scripted({("10.0.0.1", 5985): [kit.OPEN, kit.CLOSED]})
    session = kit.Session(vantage, kit.profile(winrm, smb))
    await session.measure(kit.job(winrm), kit.job(smb))
    assert session.latest["smb|10.0.0.1"].status is Status.NOT_NEEDED
    session.run.rerun(["winrm|10.0.0.1"])
    await session.idle()
    assert session.latest["winrm|10.0.0.1"].status is Status.BLOCKED
    assert session.latest["smb|10.0.0.1"].status is Status.OK


async def test_a_row_becomes_not_needed_when_the_other_answers_later(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(_unless("winrm"),))
    vantage = kit.Scripted({("10.0.0.1", 5985): [kit.CLOSED, kit.OPEN]})
    session = kit.Session(vantage, kit.profile(winrm, smb))
    await session.measure(kit.job(winrm), kit.job(smb))
    session.run.rerun(["winrm|10.0.0.1"])
    await session.idle()
    assert session.latest["smb|10.0.0.1"].status is Status.NOT_NEEDED
    assert "measured: open" in session.latest["smb|10.0.0.1"].note


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


async def test_a_forced_rerun_measures_a_row_that_is_not_needed(kit):
    winrm = kit.check("winrm", 5985)
    smb = kit.check("smb", 445, unless=(_unless("winrm"),))
    vantage = kit.Scripted()
    session = kit.Session(vantage, kit.profile(winrm, smb))
    await session.measure(kit.job(winrm), kit.job(smb))
    session.run.rerun(["smb|10.0.0.1"], forced=True)
    await session.idle()
    assert ("10.0.0.1", 445) in vantage.connects
    assert session.latest["smb|10.0.0.1"].status is Status.NOT_NEEDED


async def test_stop_ends_everything_and_keeps_what_was_measured(kit):
    a, b = kit.check("a", 80), kit.check("b", 81)
    vantage = kit.Scripted({("10.0.0.1", 80): kit.CLOSED})
    session = kit.Session(vantage, kit.profile(a, b), per_host=1)
    await session.measure(kit.job(a))
    vantage.held = True
    session.run.add([kit.job(b)])
    session.run.rerun(["a|10.0.0.1"])
    vantage.arrived.clear()
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    session.run.stop()
    await session.idle()
    assert session.latest["a|10.0.0.1"].status is Status.BLOCKED
    assert session.latest["b|10.0.0.1"].status is Status.CANCELLED
    assert vantage.cancelled == [("10.0.0.1", 81)]
    assert [one.complete for one in session.finished] == [True, False]


async def test_a_connection_that_opens_as_the_run_is_stopped_is_closed(kit, a_probe):
    """Its conversation is cancelled before its first step, and so never takes it."""
    ours, theirs = socket.socketpair()
    opened = Outcome(State.OPEN, Reason.SYN_ACK, "10.0.0.1", sock=ours)
    a = kit.check("a", probe="talk")
    vantage = kit.Scripted({"10.0.0.1": opened}, held=True)

    async def ask(call: Call) -> Answer:
        raise AssertionError("it was never to begin")

    session = kit.Session(vantage, kit.profile(a), {"talk": a_probe("tcp", ask)})
    session.run.add([kit.job(a)])
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    vantage.let_go()
    session.run.stop()
    await session.idle()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    theirs.close()
    assert ours.fileno() == -1


async def test_a_run_goes_on_after_a_stop(kit):
    a = kit.check("a")
    vantage = kit.Scripted(held=True)
    session = kit.Session(vantage, kit.profile(a))
    session.run.add([kit.job(a)])
    await asyncio.wait_for(vantage.arrived.wait(), 5)
    session.run.stop()
    vantage.held = False
    session.run.rerun(["a|10.0.0.1"])
    await session.idle()
    assert session.latest["a|10.0.0.1"].status is Status.OK


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


async def test_a_limit_above_what_descriptors_allow_is_lowered_and_said(kit):
    vantage = kit.Scripted()
    vantage.descriptors = 50
    session = kit.Session(vantage, kit.profile(kit.check("a")), concurrency=1000)
    session.run.flush()
    (message,) = (event for event in session.events if isinstance(event, Message))
    assert message.text.startswith("50 attempts in flight instead of 1000")


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


async def test_a_row_is_started_before_its_result_and_queued_when_it_is_asked_again(kit):
    a = kit.check("a")
    session = kit.Session(kit.Scripted(), kit.profile(a))
    await session.measure(kit.job(a))
    session.run.rerun(["a|10.0.0.1"])
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
    session.run.rerun([])
    session.run.rerun(["unknown|10.0.0.1"])
    session.run.flush()
    assert session.events[before:] == []


def _unless(other: str):
    from profiles.model import Unless

    return Unless(other)


@pytest.fixture
def a_probe(monkeypatch):
    """Make a coroutine loadable as a probe's module."""

    def make(transport, ask):
        module = types.ModuleType("a_probe_for_tests")
        module.ask = ask
        monkeypatch.setitem(sys.modules, "a_probe_for_tests", module)
        return Probe(transport, "a_probe_for_tests")

    return make


@pytest.fixture
async def a_server(kit):
    """A real listening port and a vantage that really connects."""
    from probes.engine.local.connect import Connector

    held: list[asyncio.StreamWriter] = []

    async def serve(reader, writer):
        held.append(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    connector = Connector(asyncio.get_running_loop())

    class Real(kit.Scripted):
        def connect(self, address, port, timeout, done, *, keep):
            return connector.connect(address, port, timeout, done, keep=keep)

    yield server.sockets[0].getsockname()[1], Real()
    connector.close()
    for writer in held:
        writer.transport.abort()
    server.close()
    await server.wait_closed()


async def test_a_probe_that_cannot_be_imported_spoils_its_own_rows_only(kit):
    a, b = kit.check("a", 80, probe="gone", transport="udp"), kit.check("b", 81)
    session = kit.Session(
        kit.Scripted(), kit.profile(a, b), probes={"gone": Probe("udp", "no.such")}
    )
    latest = await session.measure(kit.job(a), kit.job(b))
    assert latest["a|10.0.0.1"].status is Status.ERROR
    assert "ImportError" in latest["a|10.0.0.1"].note
    assert latest["b|10.0.0.1"].status is Status.OK


async def test_a_row_names_the_interface_of_its_source_address(kit) -> None:
    session = kit.Session(kit.Scripted({"10.0.0.2": Outcome(*kit.OPEN, "")}), kit.profile())
    asked = kit.check("a")
    rows = await session.measure(kit.job(asked), kit.job(asked, "10.0.0.2"))
    seen = [(one.observation.source, one.observation.interface) for one in rows.values()]
    assert sorted(seen, key=str) == [("192.0.2.9", "eth9"), (None, None)]


async def test_a_port_that_accepts_and_resets_at_once_is_not_taken_for_its_service(kit):
    a, b = kit.check("a", probe="spoken"), kit.check("b", 81)

    reset = Outcome(State.OPEN, Reason.SYN_ACK, "10.0.0.1", source="192.0.2.9", errno=104)
    session = kit.Session(
        kit.Scripted({"10.0.0.1": reset}),
        kit.profile(a, b),
        {"spoken": Probe("tcp", "probes.printer")},
    )
    latest = await session.measure(kit.job(a), kit.job(b))
    for result in latest.values():
        assert (result.status, result.observation.service) == (Status.BLOCKED, Service.SILENT)
        assert "accepted the connection and reset it at once" in result.note

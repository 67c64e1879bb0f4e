from __future__ import annotations

import socket

from probes.call import Answer, Call, Unexpected
from probes.engine.middlebox import UNUSED_PORTS
from probes.model import Service, State, Status
from probes.vantage.local.tcp import SocketPipe

UNUSED = UNUSED_PORTS[0]
HOST = "10.0.0.1"


class Says:
    """A probe that finds this service behind every port."""

    def __init__(self, service: Service) -> None:
        self.service = service

    domain_controller = False

    def is_ipv4_only(self, port):
        return False

    def load(self):
        service = self.service

        async def ask(call: Call) -> Answer:
            if service is Service.UNEXPECTED:
                raise Unexpected("a web server")
            return Answer(service, {"summary": "It is what it should be"})

        return ask


class Connecting:
    """Gives a pipe with every open connection, as a vantage does for a probe."""

    def __init__(self, kit, script):
        class Vantage(kit.Scripted):
            def connect(self, address, port, timeout, done, *, keep):
                def with_pipe(outcome):
                    if keep and outcome.state is State.OPEN:
                        ours, other = socket.socketpair()
                        outcome.pipe = SocketPipe(ours)
                        other.close()
                    done(outcome)

                return super().connect(address, port, timeout, with_pipe, keep=keep)

        self.vantage = Vantage(script)


def everything(kit) -> dict:
    return {(HOST, UNUSED): kit.OPEN}


async def test_a_bare_accept_is_ok_where_an_unused_port_is_refused(kit):
    a = kit.check("a", 80)
    vantage = kit.Scripted({(HOST, UNUSED): kit.CLOSED})
    latest = await kit.Session(vantage, kit.profile(a)).measure(kit.job(a))
    assert latest[f"a|{HOST}"].status is Status.OK
    assert "accepts_everything" not in latest[f"a|{HOST}"].observation.facts


async def test_a_bare_accept_is_ok_where_an_unused_port_is_dropped(kit):
    a = kit.check("a", 80)
    vantage = kit.Scripted({(HOST, UNUSED): kit.SILENT})
    latest = await kit.Session(vantage, kit.profile(a)).measure(kit.job(a))
    assert latest[f"a|{HOST}"].status is Status.OK
    assert vantage.connects.count((HOST, UNUSED)) == 1


async def test_a_bare_accept_proves_nothing_where_everything_is_accepted(kit):
    checks = [kit.check(f"c{port}", port) for port in range(80, 86)]
    vantage = kit.Scripted(everything(kit))
    session = kit.Session(vantage, kit.profile(*checks))
    latest = await session.measure(*(kit.job(one) for one in checks))
    assert {one.status for one in latest.values()} == {Status.UNVERIFIABLE}
    for one in latest.values():
        assert one.observation.state is State.OPEN
        assert one.observation.facts["accepts_everything"] is True
        assert "something on the path accepts everything" in one.note
        assert str(UNUSED) in one.observation.evidence[-1].sent


async def test_the_unused_port_is_tried_once_for_each_address(kit):
    checks = [kit.check(f"c{port}", port) for port in range(80, 90)]
    hosts = (HOST, "10.0.0.2")
    vantage = kit.Scripted({(host, UNUSED): kit.CLOSED for host in hosts})
    jobs = [kit.job(one, host) for one in checks for host in hosts]
    await kit.Session(vantage, kit.profile(*checks)).measure(*jobs)
    assert [vantage.connects.count((host, UNUSED)) for host in hosts] == [1, 1]


async def test_a_port_of_the_profile_is_not_the_unused_one(kit):
    a, b = kit.check("a", UNUSED), kit.check("b", UNUSED + 1)
    vantage = kit.Scripted({(HOST, UNUSED + more): kit.OPEN for more in range(3)})
    latest = await kit.Session(vantage, kit.profile(a, b)).measure(kit.job(a), kit.job(b))
    assert {one.status for one in latest.values()} == {Status.UNVERIFIABLE}
    assert sorted(port for _, port in vantage.connects) == [UNUSED, UNUSED + 1, UNUSED + 2]


async def test_nothing_is_tried_where_nothing_opened(kit):
    a = kit.check("a", 80)
    vantage = kit.Scripted({HOST: kit.CLOSED, (HOST, UNUSED): kit.OPEN})
    latest = await kit.Session(vantage, kit.profile(a)).measure(kit.job(a))
    assert latest[f"a|{HOST}"].status is Status.BLOCKED
    assert vantage.connects == [(HOST, 80)]


async def test_a_confirmed_service_needs_no_connect_to_the_unused_port(kit):
    a = kit.check("a", 80, probe="says")
    vantage = Connecting(kit, everything(kit)).vantage
    session = kit.Session(vantage, kit.profile(a), {"says": Says(Service.CONFIRMED)})
    latest = await session.measure(kit.job(a))
    assert latest[f"a|{HOST}"].status is Status.OK
    assert vantage.connects == [(HOST, 80)]


async def test_a_confirmed_service_stays_ok_and_says_what_is_wrong_with_its_host(kit):
    a, b = kit.check("a", 80, probe="says"), kit.check("b", 81)
    vantage = Connecting(kit, everything(kit)).vantage
    session = kit.Session(vantage, kit.profile(a, b), {"says": Says(Service.CONFIRMED)}, per_host=1)
    latest = await session.measure(kit.job(a), kit.job(b))
    assert latest[f"a|{HOST}"].status is Status.OK
    assert latest[f"b|{HOST}"].status is Status.UNVERIFIABLE
    for one in latest.values():
        assert "something on the path accepts everything" in one.note


async def test_a_wrong_service_stays_blocked_and_says_why_it_is_there(kit):
    a = kit.check("a", 80, probe="says")
    vantage = Connecting(kit, everything(kit)).vantage
    session = kit.Session(vantage, kit.profile(a), {"says": Says(Service.UNEXPECTED)})
    latest = await session.measure(kit.job(a))
    assert latest[f"a|{HOST}"].status is Status.BLOCKED
    assert "something on the path accepts everything" in latest[f"a|{HOST}"].note


async def test_the_unused_port_is_tried_again_when_the_row_is_measured_again(kit):
    a = kit.check("a", 80)
    vantage = kit.Scripted({(HOST, UNUSED): [kit.OPEN, kit.CLOSED]})
    session = kit.Session(vantage, kit.profile(a))
    assert (await session.measure(kit.job(a)))[f"a|{HOST}"].status is Status.UNVERIFIABLE
    session.scheduler.rerun([f"a|{HOST}"])
    await session.idle()
    assert session.latest[f"a|{HOST}"].status is Status.OK


async def test_without_a_descriptor_the_row_stands_as_it_is(kit):
    a = kit.check("a", 80)

    class Full(kit.Scripted):
        def connect(self, address, port, timeout, done, *, keep):
            if port == UNUSED:
                raise OSError("no descriptor")
            return super().connect(address, port, timeout, done, keep=keep)

    latest = await kit.Session(Full(), kit.profile(a)).measure(kit.job(a))
    assert latest[f"a|{HOST}"].status is Status.OK


async def test_a_stop_during_the_detection_ends_the_run(kit):
    a, b = kit.check("a", 80), kit.check("b", 81)
    vantage = kit.Scripted(everything(kit), held=True)
    session = kit.Session(vantage, kit.profile(a, b))
    session.scheduler.add([kit.job(a), kit.job(b)])
    while (HOST, UNUSED) not in vantage.connects:
        vantage.arrived.clear()
        await vantage.arrived.wait()
        if (HOST, UNUSED) not in vantage.connects:
            vantage.let_go()
    session.scheduler.stop()
    await session.idle()
    assert (HOST, UNUSED) in vantage.cancelled
    assert {one.status for one in session.latest.values()} == {Status.CANCELLED}
    assert [one.complete for one in session.finished] == [False]

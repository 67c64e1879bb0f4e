"""SNMP agents that take their time, on a loop without waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from pyasn1.type import univ

from probes.call import Answer, Call
from probes.lab import snmp as lab
from probes.model import Job, Reason, Service, State, Target
from probes.options import NO_OPTIONS, Options, SnmpCredential
from probes.snmp import client, device, probe
from probes.vantage import Outcome
from probes.wire import snmp
from profiles.model import Check
from tests.probes.simulated import simulated
from tests.probes.snmp.test_client_v3 import SHA, Agent, keys

HOST = "10.0.0.1"
CHECK = Check("s.snmp", "s", "s.d", "SNMP", "snmp", "udp", "", "", "", port=161)
PRINTER = {
    client.SYS_NAME: "prn1",
    client.SYS_DESCR: "A printer",
    client.SYS_OBJECT_ID: univ.ObjectIdentifier("1.3.6.1.4.1.9.1.1"),
    device.HR_DEVICE_TYPE: univ.ObjectIdentifier(device.HR_DEVICE_PRINTER),
}
Reply = Callable[[bytes], list[bytes]]


class Slow:
    """Datagrams are answered `seconds` after each was sent."""

    def __init__(self, reply: Reply, seconds: float) -> None:
        self.reply = reply
        self.seconds = seconds
        self.sent: list[float] = []

    async def exchange(self, address, port, payload, timeout, accept) -> Outcome:
        self.sent.append(asyncio.get_running_loop().time())
        said = self.reply(payload)
        await asyncio.sleep(min(self.seconds, timeout))
        if self.seconds <= timeout:
            for data in said:
                if accept(data):
                    ms = self.seconds * 1000
                    answered = (State.OPEN, Reason.UDP_RESPONSE, address)
                    return Outcome(*answered, latency_ms=ms, data=data)
        return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)


def community(versions: tuple[int, ...], name: bytes = b"public") -> Reply:
    agent = lab.agent(versions, PRINTER, name)

    def reply(request: bytes) -> list[bytes]:
        said = agent(request)
        return [] if said is None else [said]

    return reply


def asked(slow: Slow, options: Options = NO_OPTIONS) -> tuple[Answer, Call, float]:
    """The answer of the probe, its call and the seconds that it took."""
    found: list[tuple[Answer, Call, float]] = []

    async def main() -> None:
        job = Job("k", CHECK, Target("s.d", HOST), 161)
        call = Call(slow, job, HOST, 4.0, 1, 0.0, options)  # type: ignore[arg-type]
        answer = await probe.ask(call)
        found.append((answer, call, asyncio.get_running_loop().time()))
        assert len(asyncio.all_tasks()) == 1

    simulated(main)
    return found[0]


@pytest.mark.parametrize("seconds", [3.0, 4.5, 6.0, 7.9])
def test_an_agent_that_is_slow_is_no_silent_one(seconds: float) -> None:
    answer, call, _ = asked(Slow(community((snmp.V2C,)), seconds))
    assert answer.service is Service.CONFIRMED
    assert call.outcome is not None
    assert call.outcome.latency_ms == pytest.approx(seconds * 1000)
    assert answer.facts["community"] == "accepted"


def test_a_slow_printer_is_still_recognised() -> None:
    answer, _, _ = asked(Slow(community((snmp.V2C,)), 6.0))
    assert answer.facts["printer"] is True


def test_what_a_slow_agent_is_sent_is_what_a_silent_one_was_sent_before() -> None:
    slow = Slow(community((snmp.V2C,)), 6.0)
    asked(slow)
    # The last two are the questions that follow the answer: the device, then a printer's MIB.
    assert slow.sent == pytest.approx([0, 4, 4, 4, 6, 12])


def test_a_device_that_says_nothing_takes_no_longer_than_before() -> None:
    slow = Slow(lambda _: [], 60.0)
    answer, call, took = asked(slow)
    assert answer.service is Service.NOT_ASKED
    assert call.outcome is not None
    assert call.outcome.reason is Reason.NO_RESPONSE
    assert took == pytest.approx(8.0, abs=0.1)
    assert slow.sent == pytest.approx([0, 4, 4, 4])


@pytest.mark.parametrize(
    ("place", "seconds"),
    [*((place, seconds) for place in (0, 1, 2) for seconds in (0.1, 1.5, 3.0)), (0, 6.0), (1, 5.9)],
)
def test_each_of_several_communities_is_listened_for_to_the_end(place: int, seconds: float) -> None:
    given = tuple(SnmpCredential("2c", name) for name in ("Alpha-1", "Bravo-2", "Delta-3"))
    right = given[place].community.encode()
    slow = Slow(community((snmp.V2C,), right), seconds)
    answer, _, _ = asked(slow, Options(snmp=given))
    assert answer.facts["community"] == "accepted"
    (accepted,) = [one for one in answer.facts["credentials"] if one["result"] == "accepted"]
    assert accepted["place"] == place + 1


@pytest.mark.parametrize("seconds", [0.1, 1.5, 3.0, 5.0])
def test_a_user_of_a_slow_engine_logs_in(seconds: float) -> None:
    answer, _, _ = asked(Slow(Agent(keys(SHA)), seconds), Options(snmp=(SHA,)))
    assert answer.facts["user"] == "audit"
    assert answer.facts["credentials"][0]["result"] == "accepted"


def test_a_user_that_fails_gives_the_next_credential_no_more_time_than_it_had() -> None:
    wrong = SnmpCredential("3", "", "nobody", "SHA", "Signs-Nothing")
    given = (wrong, SnmpCredential("2c", "Bravo-2"), SnmpCredential("2c", "Delta-3"))
    agent = Agent(keys(SHA))
    slow = Slow(agent, 0.1)
    _, _, took = asked(slow, Options(snmp=given))
    assert took < 8.0

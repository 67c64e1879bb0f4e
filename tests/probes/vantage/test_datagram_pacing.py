"""Rows of one host over UDP and ICMP, on a loop whose time passes only in waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probes.call import Answer, Call
from probes.model import Icmp, Reason, Service, State
from probes.vantage import Accept, Outcome
from probes.vantage.datagram_pacing import BURST, INTERVAL, REPEAT_INTERVAL, DatagramPacer
from probes.vantage.repeated_connect import SILENCE
from probes.vantage.repeated_datagram import LAST_LISTEN
from tests.probes.simulated import simulated

HOST = "10.0.0.1"
CLOSED, SILENT, ANSWERS, SLOW = "closed", "silent", "answers", "slow"
STATES = {
    CLOSED: (State.CLOSED, Reason.PORT_UNREACH),
    SILENT: (State.OPEN_FILTERED, Reason.NO_RESPONSE),
    ANSWERS: (State.OPEN, Reason.UDP_RESPONSE),
    SLOW: (State.OPEN, Reason.UDP_RESPONSE),
}
TRIP = 0.02


@dataclass
class Sent:
    """One datagram: when, to which port, and when it was answered and by what."""

    at: float
    port: int
    answered: float | None = None
    state: State | None = None


@dataclass
class Host:
    """Ports, and Linux's bucket of ICMP errors for one peer (inet_peer_xrlim_allow)."""

    ports: dict[int, str]
    tokens: float = BURST
    filled: float = 0.0
    slow: float = 2.0
    sent: list[Sent] = field(default_factory=list)

    def error(self, now: float) -> bool:
        """True if an ICMP error is sent now."""
        self.tokens = min(float(BURST), self.tokens + now - self.filled)
        self.filled = now
        allowed = self.tokens >= 1
        self.tokens -= allowed
        return allowed

    async def exchange(
        self, address: str, port: int, payload: bytes, timeout: float, accept: Accept
    ) -> Outcome:
        loop = asyncio.get_running_loop()
        sent = Sent(loop.time(), port)
        self.sent.append(sent)
        manner = self.ports[port]
        if manner == SILENT or (manner == CLOSED and not self.error(loop.time())):
            await asyncio.sleep(timeout)
            return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)
        if manner == SLOW and self.slow > timeout:
            await asyncio.sleep(timeout)
            return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)
        await asyncio.sleep(TRIP if manner != SLOW else self.slow)
        sent.answered, sent.state = loop.time(), STATES[manner][0]
        if manner == CLOSED:
            icmp = Icmp(3, 3, address)
            return Outcome(State.CLOSED, Reason.PORT_UNREACH, address, icmp=icmp)
        accept(payload)
        return Outcome(State.OPEN, Reason.UDP_RESPONSE, address, data=b"x", latency_ms=20.0)


def measured(
    kit,
    manners: list[str],
    *,
    asks: int = 1,
    answers: bool = True,
    slow: float = 2.0,
    **settings,
) -> tuple[Host, list[State], float]:
    """Every port asked `asks` times in a row; the host, the states and when all was known."""
    host = Host({1000 + place: manner for place, manner in enumerate(manners)}, slow=slow)
    states: list[State] = []
    took = 0.0

    async def ask(call: Call) -> Answer:
        for _ in range(asks):
            await call.exchange(b"question", lambda data: True)
        return Answer(Service.CONFIRMED)

    async def main() -> None:
        nonlocal took
        vantage = kit.Scripted()
        vantage.exchange = host.exchange
        checks = [
            kit.check(f"c{port}", port, probe="q", transport="udp", answers=answers)
            for port in host.ports
        ]
        session = kit.Session(vantage, kit.profile(*checks), {"q": Asked(ask)}, **settings)
        results = await session.measure(*(kit.job(check, HOST) for check in checks))
        took = asyncio.get_running_loop().time()
        states.extend(results[f"c{port}|{HOST}"].observation.state for port in host.ports)

    simulated(main)
    return host, states, took


@dataclass
class Asked:
    """A probe that is loaded already."""

    ask: Callable[[Call], Awaitable[Answer]]

    domain_controller = False

    def is_ipv4_only(self, port):
        return False

    def load(self):
        return self.ask


def test_four_silent_ports_cost_little_more_than_one(kit) -> None:
    host, states, took = measured(kit, [SILENT] * 4)
    assert states == [State.OPEN_FILTERED] * 4
    assert len(host.sent) == 8
    assert took == pytest.approx(3 * INTERVAL + 8, abs=0.1)


def test_rows_that_answer_nobody_by_nature_repeat_beside_their_first_datagram(kit) -> None:
    host, states, took = measured(kit, [SILENT] * 2, answers=False)
    assert states == [State.OPEN_FILTERED] * 2
    assert [one.port for one in host.sent] == [1000, 1001, 1000, 1001]
    assert [one.at for one in host.sent] == pytest.approx([0, 1.1, 2.2, 3.3], abs=0.05)
    assert took == pytest.approx(max(INTERVAL + 4, 3 * INTERVAL + LAST_LISTEN), abs=0.1)


def test_rows_that_have_not_begun_go_before_repetitions(kit) -> None:
    host, _, _ = measured(kit, [SILENT] * 4, answers=False)
    assert [one.port for one in host.sent[:4]] == [1000, 1001, 1002, 1003]
    assert sorted(one.port for one in host.sent[4:]) == [1000, 1001, 1002, 1003]


@pytest.mark.parametrize("slow", [4.5, 6.0, 7.9])
def test_an_answer_that_comes_while_the_second_datagram_is_waited_for_counts(kit, slow) -> None:
    host, states, took = measured(kit, [SLOW], slow=slow)
    assert states == [State.OPEN]
    assert [one.at for one in host.sent] == pytest.approx([0, 4.0])
    assert took == pytest.approx(slow, abs=0.1)


def test_an_answer_after_the_row_is_over_is_silence(kit) -> None:
    _, states, took = measured(kit, [SLOW], slow=8.5)
    assert states == [State.OPEN_FILTERED]
    assert took == pytest.approx(8.0, abs=0.1)


@given(st.lists(st.sampled_from([CLOSED, SILENT, ANSWERS]), min_size=1, max_size=14))
def test_what_is_asked_side_by_side_is_true_too(kit, manners) -> None:
    host, states, _ = measured(kit, manners, answers=False)
    assert states == [STATES[manner][0] for manner in manners]
    for first, second in zip(host.sent, host.sent[1:], strict=False):
        if first.answered is None or first.answered > second.at:
            assert second.at - first.at >= REPEAT_INTERVAL - 0.01
    assert all(sum(one.port == port for one in host.sent) <= 2 for port in host.ports)


def test_a_silent_ping_is_repeated_beside_the_first(kit) -> None:
    sent: list[tuple[float, float]] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        vantage = kit.Scripted()

        async def ping(address: str, timeout: float) -> Outcome:
            sent.append((loop.time(), timeout))
            await asyncio.sleep(timeout)
            return Outcome(State.FILTERED, Reason.NO_RESPONSE, address)

        vantage.ping = ping
        check = kit.check("ping", None)
        session = kit.Session(vantage, kit.profile(check))
        (result,) = (await session.measure(kit.job(check, HOST))).values()
        seen = result.observation
        assert (seen.reason, seen.attempts, len(seen.evidence)) == (Reason.NO_RESPONSE, 2, 2)
        assert loop.time() == pytest.approx(4.0, abs=0.1)

    simulated(main)
    assert [at for at, _ in sent] == pytest.approx([0, SILENCE])
    assert [timeout for _, timeout in sent] == pytest.approx([4.0, 4.0 - SILENCE])


def test_nothing_waits_where_everything_answers(kit) -> None:
    host, states, took = measured(kit, [CLOSED, ANSWERS] * 3)
    assert states == [State.CLOSED, State.OPEN] * 3
    assert took == pytest.approx(6 * TRIP, abs=0.05)
    assert [one.port for one in host.sent] == sorted(host.ports)


def test_a_conversation_is_not_held_up_by_the_silence_of_another_row(kit) -> None:
    host, _, _ = measured(kit, [SILENT, ANSWERS], asks=5)
    talk = [one.at for one in host.sent if one.port == 1001]
    assert len(talk) == 5
    assert talk[-1] - talk[0] == pytest.approx(4 * TRIP, abs=0.01)


def test_a_host_is_asked_at_full_speed_once_its_errors_are_saved_up_again() -> None:
    async def ends(after: float, reason: Reason) -> Outcome:
        await asyncio.sleep(after)
        return Outcome(State.CLOSED, reason, HOST)

    async def sent(rows: str) -> float:
        """Seconds that it takes to ask for some rows one after another."""
        began = asyncio.get_running_loop().time()
        for row in rows:
            await pacer.send(row, partial(ends, TRIP, Reason.PORT_UNREACH))
        return asyncio.get_running_loop().time() - began

    async def main() -> None:
        nonlocal pacer
        pacer = DatagramPacer(lambda: None)
        await pacer.send("a", partial(ends, 4.0, Reason.NO_RESPONSE))
        assert await sent("bcd") >= 2 * INTERVAL
        await asyncio.sleep(BURST * INTERVAL)
        assert await sent("efg") < INTERVAL

    pacer: DatagramPacer
    simulated(main)


@pytest.mark.parametrize("timeout", [0.5, 1.0, 4.0])
@pytest.mark.parametrize("ports", [6, 7, 20])
def test_a_host_that_limits_its_errors_has_no_port_called_silent(
    kit, ports: int, timeout: float
) -> None:
    _, states, _ = measured(kit, [CLOSED] * ports, timeout=timeout)
    assert states == [State.CLOSED] * ports


@given(st.lists(st.sampled_from([CLOSED, SILENT, ANSWERS, SLOW]), min_size=1, max_size=14))
def test_every_state_is_true_and_nothing_is_sent_into_silence_within_a_second(kit, manners) -> None:
    host, states, took = measured(kit, manners)
    assert states == [STATES[manner][0] for manner in manners]
    for first, second in zip(host.sent, host.sent[1:], strict=False):
        if first.answered is None or first.answered > second.at:
            assert second.at - first.at >= REPEAT_INTERVAL - 0.01
    waits = sum(manner != ANSWERS for manner in manners)
    assert took <= 8 + 3 * INTERVAL * waits + len(manners) * TRIP

"""Rows of silent hosts: connects side by side, and rows that do not wait for a silent one."""

from __future__ import annotations

import asyncio
import errno
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest

from probes.call import Answer, Call
from probes.engine.middlebox import UNUSED_PORTS
from probes.engine.pacing import SUSPEND_THRESHOLD
from probes.model import Reason, Service, State, Status
from probes.session.replay import finish_time
from probes.vantage import Outcome
from probes.vantage.datagram_pacing import INTERVAL
from probes.vantage.repeated_connect import SILENCE
from probes.vantage.repeated_datagram import LAST_LISTEN
from profiles.model import Unless
from tests.probes.simulated import simulated

HOST = "10.0.0.1"
TIMEOUT = 4.0
NEVER = None
TRIP = 0.02
UNREACHABLE = (State.UNREACHABLE, Reason.HOST_UNREACH)
OPEN = (State.OPEN, Reason.SYN_ACK)


@dataclass
class Connect:
    """One connect: when it began, when it ended, and if it was cancelled."""

    port: int
    began: float
    ended: float | None = None
    cancelled: bool = False


@dataclass
class Network:
    """Connects end after the seconds that are given for each of a port, in their order."""

    answers: dict[int, list[float | None]]
    how: tuple[State, Reason] = OPEN
    descriptors: int = 99
    refused: set[int] = field(default_factory=set)
    connects: list[Connect] = field(default_factory=list)
    datagrams: list[tuple[int, float]] = field(default_factory=list)

    def connect(self, address, port, timeout, done, *, keep):
        if port in UNUSED_PORTS:
            done(Outcome(State.CLOSED, Reason.CONN_REFUSED, address))
            return lambda: None
        if len(self.in_flight) >= self.descriptors:
            raise OSError(errno.EMFILE, "none left")
        loop = asyncio.get_running_loop()
        place = sum(one.port == port for one in self.connects)
        mine = Connect(port, loop.time())
        self.connects.append(mine)
        given = self.answers.get(port, [NEVER])
        after = given[min(place, len(given) - 1)]
        answered = after is not None and after <= timeout
        state, reason = self.how if answered else (State.FILTERED, Reason.NO_RESPONSE)
        if port in self.refused:
            state, reason = State.CLOSED, Reason.CONN_REFUSED

        def end() -> None:
            mine.ended = loop.time()
            done(Outcome(state, reason, address, elapsed_ms=(mine.ended - mine.began) * 1000))

        timer = loop.call_later(after if answered else timeout, end)

        def cancel() -> None:
            timer.cancel()
            if mine.ended is None:
                mine.ended, mine.cancelled = loop.time(), True

        return cancel

    async def exchange(self, address, port, payload, timeout, accept):
        self.datagrams.append((port, asyncio.get_running_loop().time()))
        await asyncio.sleep(timeout)
        return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)

    def of(self, port: int) -> list[Connect]:
        return [one for one in self.connects if one.port == port]

    @property
    def in_flight(self) -> list[Connect]:
        return [one for one in self.connects if one.ended is None]


class Asked:
    """A probe over UDP that is loaded already."""

    domain_controller = False

    def is_ipv4_only(self, port):
        return False

    def load(self):
        async def ask(call: Call) -> Answer:
            await call.exchange(b"", lambda _: True)
            return Answer(Service.NOT_ASKED)

        return ask


def measured(kit, network: Network, *checks: Any, **settings: Any) -> tuple[dict[str, Any], float]:
    """Results of these checks of one host by their ids, and the seconds until all were known."""
    latest: dict[str, Any] = {}
    took = 0.0

    async def main() -> None:
        nonlocal took
        vantage = kit.Scripted()
        vantage.connect, vantage.exchange = network.connect, network.exchange
        session = kit.Session(
            vantage, kit.profile(*checks), {"udp": Asked()}, timeout=TIMEOUT, **settings
        )
        results = await session.measure(*(kit.job(check, HOST) for check in checks))
        took = asyncio.get_running_loop().time()
        latest.update({key.partition("|")[0]: result for key, result in results.items()})

    simulated(main)
    assert not network.in_flight
    return latest, took


def remoting(kit) -> list[Any]:
    """WinRM and ports that are needed only where it does not answer, one behind another of them."""
    beside = {"unless": (Unless("winrm"),)}
    return [
        kit.check("winrm", 5985),
        kit.check("rpc", 135, **beside),
        kit.check("smb", 445, **beside),
        kit.check("netbios", 139, **beside),
        kit.check("dynamic", 49664, needs="rpc", **beside),
    ]


def datagrams(kit) -> list[Any]:
    """Ports for enabling that answer nobody."""
    beside = {"unless": (Unless("winrm"),), "answers": False}
    return [
        kit.check(f"udp{port}", port, transport="udp", probe="udp", **beside) for port in (135, 139)
    ]


def test_the_second_connect_begins_beside_the_first_and_both_get_their_time(kit) -> None:
    network = Network({})
    latest, took = measured(kit, network, kit.check("a", 80))
    assert [one.began for one in network.connects] == pytest.approx([0, SILENCE])
    assert [one.ended for one in network.connects] == pytest.approx([TIMEOUT, SILENCE + TIMEOUT])
    assert took == pytest.approx(SILENCE + TIMEOUT, abs=0.1)
    seen = latest["a"].observation
    assert (seen.reason, seen.attempts, len(seen.evidence)) == (Reason.NO_RESPONSE, 2, 2)
    assert [one.at_ms for one in seen.evidence] == pytest.approx([0, SILENCE * 1000], abs=20)
    assert seen.took_ms == pytest.approx((SILENCE + TIMEOUT) * 1000, abs=20)


@pytest.mark.parametrize("answers", [[TRIP], [2.0], [NEVER, TRIP], [NEVER, NEVER], [3.9, NEVER]])
@pytest.mark.parametrize("how", [OPEN, (State.CLOSED, Reason.CONN_REFUSED)])
def test_every_exchange_begins_between_the_start_and_the_end_of_its_row(
    kit, answers: list[float | None], how: tuple[State, Reason]
) -> None:
    network = Network({80: answers}, how)
    latest, _ = measured(kit, network, kit.check("a", 80))
    seen = latest["a"].observation
    began, ended = network.connects[0].began, max(one.ended or 0.0 for one in network.connects)
    assert seen.took_ms == pytest.approx((ended - began) * 1000, abs=1)
    told = [one.at_ms for one in seen.evidence]
    assert sorted(told) == pytest.approx([one.began * 1000 for one in network.connects], abs=20)
    assert all(0 <= at <= seen.took_ms for at in told)
    assert finish_time(latest["a"]) - datetime.fromisoformat(seen.started).timestamp() == (
        pytest.approx(seen.took_ms / 1000)
    )


@pytest.mark.parametrize("after", [TRIP, 1.0 + TRIP, SILENCE - 0.01])
def test_a_host_that_answers_in_time_is_connected_to_once(kit, after: float) -> None:
    network = Network({80: [after]})
    latest, _ = measured(kit, network, kit.check("a", 80))
    assert latest["a"].observation.attempts == len(network.connects) == 1
    assert latest["a"].status is Status.OK


def test_what_only_the_second_port_gets_through_is_open_and_the_first_is_not_called_silent(
    kit,
) -> None:
    network = Network({80: [NEVER, TRIP]})
    latest, took = measured(kit, network, kit.check("a", 80))
    seen = latest["a"].observation
    assert (seen.state, seen.attempts) == (State.OPEN, 2)
    assert [one.state for one in seen.evidence] == [State.OPEN, State.NOT_RUN]
    assert took == pytest.approx(SILENCE + TRIP, abs=0.1)


def test_a_late_answer_to_the_first_connect_counts_while_the_second_is_under_way(kit) -> None:
    network = Network({80: [3.5, NEVER]})
    latest, _ = measured(kit, network, kit.check("a", 80))
    assert latest["a"].status is Status.OK
    assert latest["a"].observation.attempts == 2
    assert network.connects[1].cancelled


def test_a_router_that_finds_out_after_three_seconds_is_waited_for(kit) -> None:
    network = Network({80: [3.06, NEVER]}, UNREACHABLE)
    latest, took = measured(kit, network, kit.check("a", 80))
    assert latest["a"].observation.state is State.UNREACHABLE
    assert took == pytest.approx(3.06, abs=0.1)


def test_the_rows_for_enabling_do_not_wait_until_a_silent_winrm_is_given_up(kit) -> None:
    network = Network({})
    latest, took = measured(kit, network, *remoting(kit))
    assert took == pytest.approx(2 * SILENCE + TIMEOUT, abs=0.2)
    assert {id: one.observation.attempts for id, one in latest.items()} == {
        **dict.fromkeys(("winrm", "rpc", "smb", "netbios"), 2),
        "dynamic": 0,
    }
    assert latest["dynamic"].observation.reason is Reason.DEPENDENCY
    assert len(network.connects) == 8


@pytest.mark.parametrize("after", [TRIP, 1.0 + TRIP])
def test_a_host_whose_winrm_answers_is_asked_nothing_more(kit, after: float) -> None:
    network = Network({5985: [after]})
    latest, _ = measured(kit, network, *remoting(kit))
    assert len(network.connects) == 1
    assert {latest[id].status for id in ("rpc", "smb", "netbios")} == {Status.NOT_NEEDED}


def test_a_winrm_that_answers_late_ends_what_went_ahead_of_it(kit) -> None:
    network = Network({5985: [2.0]})
    latest, took = measured(kit, network, *remoting(kit))
    assert latest["winrm"].status is Status.OK
    rest = [latest[id] for id in ("rpc", "smb", "netbios", "dynamic")]
    assert {one.status for one in rest} == {Status.NOT_NEEDED}
    assert {one.observation.reason for one in rest} == {Reason.NOT_NEEDED}
    assert took == pytest.approx(2.0, abs=0.2)
    # What was sent is told all the same.
    assert [one.observation.attempts for one in rest] == [1, 1, 1, 0]
    assert [one.state for one in latest["smb"].observation.evidence] == [State.NOT_RUN]


def test_the_datagrams_of_a_windows_target_that_drops_everything_hold_up_nothing(kit) -> None:
    network = Network({})
    latest, took = measured(kit, network, *remoting(kit), *datagrams(kit))
    assert (len(network.connects), len(network.datagrams)) == (8, 4)
    last = max(INTERVAL + TIMEOUT, 3 * INTERVAL + LAST_LISTEN)
    assert took == pytest.approx(SILENCE + last, abs=0.1)
    assert {latest[id].observation.attempts for id in ("udp135", "udp139")} == {2}


def test_a_datagram_that_was_sent_before_winrm_answered_is_counted(kit) -> None:
    network = Network({5985: [2.0]})
    latest, _ = measured(kit, network, *remoting(kit), *datagrams(kit))
    sent = [port for port, _ in network.datagrams]
    assert sent == [135]
    assert [latest[id].observation.attempts for id in ("udp135", "udp139")] == [1, 0]
    assert {latest[id].status for id in ("udp135", "udp139")} == {Status.NOT_NEEDED}


def test_a_row_that_was_done_before_winrm_answered_says_what_it_measured(kit) -> None:
    network = Network({5985: [3.0], 445: [TRIP]})
    latest, _ = measured(kit, network, *remoting(kit))
    assert latest["smb"].status is Status.NOT_NEEDED
    assert "tested anyway: open" in latest["smb"].note


def test_a_row_that_failed_with_another_before_winrm_answered_is_not_needed_either(kit) -> None:
    network = Network({5985: [3.0], 135: [TRIP]}, how=OPEN)
    network.refused = {135}
    latest, _ = measured(kit, network, *remoting(kit))
    assert latest["winrm"].status is Status.OK
    assert {one.status for id, one in latest.items() if id != "winrm"} == {Status.NOT_NEEDED}
    assert latest["dynamic"].observation.reason is Reason.DEPENDENCY
    assert "tested anyway" in latest["rpc"].note
    assert "tested anyway" not in latest["dynamic"].note


@pytest.mark.parametrize("concurrency", [1, 2, 3])
def test_the_note_of_silence_counts_no_time_in_which_nobody_listened(kit, concurrency: int) -> None:
    network = Network({})
    checks = [kit.check(f"p{port}", port) for port in range(1, 6)]
    latest, took = measured(kit, network, *checks, concurrency=concurrency)
    assert took > 2 * TIMEOUT
    for one in latest.values():
        (port,) = {int(one.job.check.id[1:])}
        first, second = network.of(port)
        listened = first.ended - first.began + second.ended - max(first.ended, second.began)
        said = int(one.note.partition(" s, asked twice")[0].rpartition(" ")[2])
        assert said == int(listened + 0.001) and one.observation.attempts == 2


def test_a_port_behind_another_one_waits_for_it_however_silent(kit) -> None:
    network = Network({135: [3.0], 49664: [TRIP]})
    latest, _ = measured(kit, network, *remoting(kit))
    (dynamic,) = network.of(49664)
    assert dynamic.began == pytest.approx(SILENCE + 3.0, abs=0.1)
    assert latest["dynamic"].status is Status.OK


def test_silent_rows_leave_their_places_at_the_host_to_others(kit) -> None:
    network = Network({})
    checks = [kit.check(f"c{port}", port) for port in range(1, 8)]
    _, took = measured(kit, network, *checks, per_host=3)
    first = [one.began for port in range(1, 8) for one in network.of(port)[:1]]
    assert first == pytest.approx([0, 0, 0, SILENCE, SILENCE, SILENCE, 2 * SILENCE], abs=0.1)
    assert took == pytest.approx(3 * SILENCE + TIMEOUT, abs=0.2)


def test_a_connect_beside_another_counts_among_the_attempts_in_flight(kit) -> None:
    network = Network({})
    checks = [kit.check(f"c{port}", port) for port in range(1, 8)]
    latest, _ = measured(kit, network, *checks, per_host=9, concurrency=2)
    moments = [one.began for one in network.connects]
    for moment in moments:
        flying = [one for one in network.connects if one.began <= moment < (one.ended or 0) - 1e-6]
        assert len(flying) <= 2
    assert {one.observation.attempts for one in latest.values()} == {2}


def test_without_a_descriptor_for_a_connect_beside_another_it_comes_after_it(kit) -> None:
    network = Network({}, descriptors=1)
    latest, took = measured(kit, network, kit.check("a", 80))
    assert latest["a"].observation.attempts == len(network.connects) == 2
    assert [one.began for one in network.connects] == pytest.approx([0, TIMEOUT], abs=0.1)
    assert took == pytest.approx(2 * TIMEOUT, abs=0.1)


@pytest.mark.parametrize("retries", [0, 1, 2])
def test_no_more_connects_are_made_than_were_asked_for(kit, retries: int) -> None:
    network = Network({})
    latest, _ = measured(kit, network, kit.check("a", 80), retries=retries)
    assert latest["a"].observation.attempts == len(network.connects) == 1 + retries


def test_a_timeout_shorter_than_the_silence_is_kept(kit, monkeypatch) -> None:
    monkeypatch.setattr("tests.probes.engine.scheduler.test_silent_hosts.TIMEOUT", 0.5)
    network = Network({})
    latest, took = measured(kit, network, kit.check("a", 80))
    assert latest["a"].observation.attempts == 2
    assert took == pytest.approx(1.0, abs=0.1)


def test_silence_over_a_suspend_lets_nothing_go_ahead(kit) -> None:
    network = Network({5985: [SUSPEND_THRESHOLD + 2.0]})
    began: list[int] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        real, ahead = loop.time, [0.0]
        loop.time = lambda: real() + ahead[0]
        vantage = kit.Scripted()
        vantage.connect = network.connect
        session = kit.Session(vantage, kit.profile(*remoting(kit)), timeout=TIMEOUT)
        session.scheduler.add(kit.job(check, HOST) for check in remoting(kit))
        await asyncio.sleep(0.1)
        ahead[0] = SUSPEND_THRESHOLD + 0.5
        await asyncio.sleep(0.1)
        began.append(len(network.connects))
        await session.idle()

    simulated(main)
    assert began == [1]

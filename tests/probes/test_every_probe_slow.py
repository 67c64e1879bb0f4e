"""Every service behind an open port, or over UDP, that takes six seconds to say anything."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable

import pytest

from probes.call import Call
from probes.engine.observation import run_tcp_probe, run_udp_probe
from probes.engine.pacing import HostQueue, Work
from probes.judging.status import judge
from probes.lab import dns, netbios
from probes.lab.behaviours import delayed
from probes.lab.transport import DatagramHandler, listen_tcp
from probes.model import Job, Reason, Result, Service, State, Status, Target, VantageInfo
from probes.options import NO_OPTIONS
from probes.registry import PROBES
from probes.settings import Settings
from probes.vantage import Outcome
from probes.vantage.local.tcp import SocketPipe
from probes.vantage.local.vantage import LocalVantage
from profiles.model import Check
from tests.probes.right_services import OVER_TCP
from tests.probes.simulated import simulated

HOST = "127.0.0.1"
SLOW = 6.0
USUAL = Settings()
OVER_UDP: dict[str, tuple[int, DatagramHandler]] = {
    "dns": (53, dns.server({"1.0.0.127.in-addr.arpa": "127.0.0.1"})),
    "udp": (137, netbios.node("PC-1", "CORP", "020000000001")),
}


def row(name: str, transport: str, port: int) -> Job:
    check = Check(f"t.{name}", "t", "r", name, name, transport, "", "", "", port=port)
    return Job("k", check, Target("r", HOST), port)


def judged(measure: Callable[[LocalVantage], Awaitable[Result]]) -> Result:
    found: list[Result] = []

    async def main() -> None:
        vantage = LocalVantage()
        try:
            found.append(await measure(vantage))
        finally:
            await vantage.close()

    simulated(main)
    return found[0]


async def over_tcp(vantage: LocalVantage, name: str) -> Result:
    """The row of a service whose every connection is slow."""
    server = await listen_tcp(delayed(SLOW, OVER_TCP[name]))
    port = server.sockets[0].getsockname()[1]
    sock = socket.socket()
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, (HOST, port))
    outcome = Outcome(State.OPEN, Reason.SYN_ACK, HOST, pipe=SocketPipe(sock))
    job = row(name, "tcp", port)
    times = (USUAL.timeout, USUAL.retries, 0.0, NO_OPTIONS, USUAL.answer_timeout)
    ask = PROBES[name].load()
    assert ask is not None
    observation = await run_tcp_probe(
        Call(vantage, job, HOST, *times, outcome), ask, Work(job), outcome, ()
    )
    server.close()
    return judge(job, observation)


class SlowPeer:
    """A vantage towards a UDP service that takes its time for each answer."""

    info = VantageInfo("scripted", "here", addresses=("192.0.2.9",))

    def __init__(self, handler: DatagramHandler) -> None:
        self.handler = handler

    async def exchange(self, address, port, payload, timeout, accept) -> Outcome:
        said = self.handler(payload)
        await asyncio.sleep(min(SLOW, timeout))
        if timeout < SLOW or said is None or not accept(said):
            return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)
        how = (State.OPEN, Reason.UDP_RESPONSE, address)
        return Outcome(*how, latency_ms=SLOW * 1000, data=said)


async def over_udp(name: str) -> Result:
    port, handler = OVER_UDP[name]
    job = row(name, "udp", port)
    work = Work(job)
    work.addresses, work.queue = (HOST,), HostQueue(lambda _: None)
    ask = PROBES[name].load()
    assert ask is not None
    times = (USUAL.timeout, USUAL.retries)
    return judge(job, await run_udp_probe(SlowPeer(handler), ask, work, NO_OPTIONS, *times))


@pytest.mark.parametrize("name", OVER_TCP)
def test_a_slow_service_is_confirmed_and_its_slowness_told(name: str) -> None:
    result = judged(lambda vantage: over_tcp(vantage, name))
    assert result.observation.service is Service.CONFIRMED
    assert result.status in (Status.OK, Status.WARNING)
    assert f"; it answered after {SLOW:g} s" in result.note


@pytest.mark.parametrize("name", OVER_UDP)
def test_a_slow_answer_over_udp_counts_and_its_slowness_is_told(name: str) -> None:
    result = judged(lambda _: over_udp(name))
    assert result.observation.service is Service.CONFIRMED
    assert result.observation.latency_ms == SLOW * 1000
    assert f"; it answered after {SLOW:g} s" in result.note


def test_what_is_asked_on_a_second_slow_connection_is_learned_too() -> None:
    result = judged(lambda vantage: over_tcp(vantage, "winrm"))
    assert "login by Negotiate" in result.note

"""Latencies of answers that come while the loop is busy: the kernel's own, or bounds."""

from __future__ import annotations

import asyncio
import selectors
import socket
import struct
import sys
import time

import pytest

from probes.call import Call
from probes.model import Reason, State
from probes.vantage import measured_loop
from probes.vantage.local import kernel_time
from probes.vantage.local.icmp import EchoClient
from probes.vantage.local.latency import MAX_LAG_MS, own_latency
from probes.vantage.local.receive import SendTime, latency
from probes.vantage.local.system_ping import parse_output
from probes.vantage.local.tcp import Connector
from probes.vantage.local.udp import exchange
from probes.vantage.local.vantage import LocalVantage
from probes.vantage.measured_loop import MeasuredLoop, quiet_until
from tests.packet_times import packets_timed

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="these clocks are Linux's")
BUSY = 0.05
LOOPS = pytest.mark.parametrize("loop_factory", [MeasuredLoop, asyncio.SelectorEventLoop])


def block():
    """Keep the loop from noticing anything."""
    time.sleep(BUSY)


def run(loop_factory, main):
    with asyncio.Runner(loop_factory=loop_factory) as runner:
        return runner.run(main())


def connect_while_busy(loop_factory, *places):
    """Outcomes of connects that end while the loop is in a call that blocks."""

    async def main():
        loop = asyncio.get_running_loop()
        connector = Connector(loop)
        try:
            ends = [loop.create_future() for _ in places]
            for end, place in zip(ends, places, strict=True):
                connector.connect(*place, 5.0, end.set_result, keep=False)
            block()
            return await asyncio.gather(*ends)
        finally:
            connector.close()

    return run(loop_factory, main)


@LOOPS
def test_a_refusal_that_waited_for_a_busy_loop_has_a_bound(loop_factory, closed):
    (refused,) = connect_while_busy(loop_factory, ("127.0.0.1", closed))
    assert (refused.state, refused.latency_source) == (State.CLOSED, "monotonic")
    assert refused.latency_ms >= BUSY * 1000
    assert refused.latency_at_most


@LOOPS
def test_refusals_that_more_than_one_turn_takes_in_all_have_bounds(loop_factory, closed):
    found = connect_while_busy(loop_factory, *[("127.0.0.1", closed)] * 200)
    assert all(one.latency_at_most and one.state is State.CLOSED for one in found)


@LINUX
@LOOPS
def test_the_latency_of_an_open_port_is_the_kernels_and_no_bound(loop_factory, listening):
    (opened,) = connect_while_busy(loop_factory, ("127.0.0.1", listening))
    assert opened.latency_source == "kernel"
    assert opened.latency_ms < BUSY * 1000 <= opened.elapsed_ms
    assert not opened.latency_at_most


@LINUX
@pytest.mark.parametrize(("host", "family"), [("127.0.0.1", 4), ("::1", 6)])
async def test_a_refusal_over_udp_has_the_time_at_which_the_kernel_got_it(host, family):
    with socket.socket(
        socket.AF_INET6 if family == 6 else socket.AF_INET, socket.SOCK_DGRAM
    ) as one:
        one.bind((host, 0))
        port = one.getsockname()[1]
    with packets_timed():
        asked = asyncio.create_task(exchange(host, port, b"x", 5, bool))
        await asyncio.sleep(0)
        block()
        refused = await asked
    assert (refused.state, refused.reason) == (State.CLOSED, Reason.PORT_UNREACH)
    assert refused.latency_source == "kernel-timestamp"
    assert refused.latency_ms < BUSY * 1000 <= refused.elapsed_ms
    assert not refused.latency_at_most


@LINUX
async def test_an_echo_reply_has_the_time_at_which_the_kernel_got_it(echo_client):
    with packets_timed():
        asked = asyncio.create_task(echo_client.ping("127.0.0.1", 5))
        await asyncio.sleep(0)
        block()
        reply = await asked
    assert reply.latency_source == "kernel-timestamp"
    assert reply.latency_ms < BUSY * 1000
    assert not reply.latency_at_most


@pytest.fixture
async def echo_client():
    client = EchoClient()
    if (await client.ping("127.0.0.1", 5)).latency_source != "kernel-timestamp":
        client.close()
        pytest.skip("this user may not open a socket for ICMP")
    yield client
    client.close()


@pytest.mark.parametrize(
    ("ms", "lag_ms", "at_most"),
    [
        (18.0, 17.9, True),
        (18.0, float("inf"), True),
        (200.0, MAX_LAG_MS + 0.1, True),
        (200.0, MAX_LAG_MS, False),
        (MAX_LAG_MS, float("inf"), False),
        (0.3, 0.2, False),
    ],
)
def test_a_latency_is_a_bound_where_more_than_the_precision_may_be_lag(ms, lag_ms, at_most):
    assert own_latency(ms, lag_ms) == (ms, "monotonic", at_most)


@pytest.mark.parametrize("came", [None, 1.0, 2e9])
def test_an_answer_without_a_time_that_can_be_true_has_a_bound(came):
    sent = SendTime(1.7e9, 100.0)
    assert latency(sent, came, 100.5) == (pytest.approx(500), "monotonic", True)
    assert latency(sent, came, 100.0005) == (pytest.approx(0.5), "monotonic", False)


@pytest.mark.parametrize(
    ("level", "kind", "when", "expected"),
    [
        (socket.SOL_SOCKET, 35, (99, 500_000_000), 99.5),
        (socket.SOL_SOCKET, 35, (100, 0), 100.0),
        # The kernel had no time and tells that of reading.
        (socket.SOL_SOCKET, 35, (100, 1000), None),
        (socket.IPPROTO_IP, 35, (99, 0), None),
        (socket.SOL_SOCKET, 29, (99, 0), None),
    ],
)
def test_a_time_after_reading_began_is_not_that_of_the_packet(level, kind, when, expected):
    value = struct.pack("@ll", *when)
    assert kernel_time.of_message([(level, kind, value)], 100.0) == expected
    assert kernel_time.of_message([(level, kind, value[:7])], 100.0) is None


def test_what_is_noticed_after_a_wait_came_at_its_end_and_else_after_the_poll_before():
    loop = MeasuredLoop()
    near, far = socket.socketpair()
    try:
        selector = loop._timed_selector
        selector.register(near, 1)
        began = time.perf_counter()
        assert selector.select(0.005) == []
        ended = time.perf_counter()
        assert began + 0.005 <= quiet_until(loop) <= ended
        far.send(b"x")
        assert selector.select(0)
        assert quiet_until(loop) <= ended
    finally:
        selector.unregister(near)
        near.close()
        far.close()
        loop.close()


@pytest.mark.parametrize(
    ("timeout", "took", "waited"),
    [
        (0.25, 0.02, True),
        (0.25, 0.251, True),
        (None, 3.0, True),
        # Its answer may have been there at once.
        (0.25, 0.0005, False),
        (0, 0.02, False),
        # Nothing but a stop of the process makes a wait as long.
        (0.25, 0.75, False),
    ],
)
def test_a_poll_was_a_wait_if_it_lasted_as_long_as_one_may(monkeypatch, timeout, took, waited):
    loop = MeasuredLoop()
    try:
        before = quiet_until(loop)
        times = iter([before + 1, before + 1 + took])
        monkeypatch.setattr(measured_loop, "perf_counter", lambda: next(times))
        monkeypatch.setattr(selectors.DefaultSelector, "select", lambda self, timeout: [])
        loop._timed_selector.select(timeout)
        assert quiet_until(loop) == (before + 1 + took if waited else before)
    finally:
        monkeypatch.undo()
        loop.close()


def test_of_another_loop_nothing_is_known():
    with asyncio.Runner(loop_factory=asyncio.SelectorEventLoop) as runner:
        assert quiet_until(runner.get_loop()) == float("-inf")


@pytest.mark.parametrize(
    ("took", "at_most"),
    [("time<1ms", True), ("Zeit<1ms", True), ("time=1ms", False), ("time=0.4 ms", False)],
)
def test_less_than_a_millisecond_by_the_systems_ping_is_a_bound(took, at_most):
    outcome = parse_output("10.0.0.1", f"Reply from 10.0.0.1: bytes=32 {took} TTL=64\n")
    assert outcome is not None
    assert outcome.latency_at_most is at_most


class _SecondComes(asyncio.DatagramProtocol):
    """Answers one of two datagrams once both have come."""

    def __init__(self, answered):
        self.answered = answered
        self.came = []

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, peer):
        self.came.append((peer, time.monotonic()))
        if len(self.came) == 2:
            self.transport.sendto(data, self.came[self.answered][0])


@pytest.mark.parametrize("answered", [0, 1])
async def test_an_answer_to_one_of_two_datagrams_has_the_latency_of_that_one(kit, answered):
    vantage = LocalVantage()
    transport, server = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: _SecondComes(answered), local_addr=("127.0.0.1", 0)
    )
    port = transport.get_extra_info("sockname")[1]
    job = kit.job(kit.check("a", port, transport="udp", probe="snmp"), "127.0.0.1")
    call = Call(vantage, job, "127.0.0.1", 0.5, 1, asyncio.get_running_loop().time())
    try:
        assert await call.exchange(b"x", bool) == b"x"
    finally:
        transport.close()
        await vantage.close()
    assert call.outcome is not None
    assert call.attempts == 2
    between = (server.came[1][1] - server.came[0][1]) * 1000
    assert (call.outcome.latency_ms >= between) is (answered == 0)

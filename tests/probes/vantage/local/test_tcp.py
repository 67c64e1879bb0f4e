from __future__ import annotations

import asyncio
import socket
import struct
import sys

import pytest

from probes.model import Reason, State
from probes.vantage.deadlines import Deadlines
from probes.vantage.local.tcp import Connector, is_held_back

linux = pytest.mark.skipif(sys.platform != "linux", reason="the error queue is Linux's")


@pytest.fixture
async def connector():
    one = Connector(asyncio.get_running_loop())
    yield one
    one.close()


async def once(connector, address, port, timeout=5.0, keep=False):
    future = asyncio.get_running_loop().create_future()
    connector.connect(address, port, timeout, future.set_result, keep=keep)
    return await asyncio.wait_for(future, 30)


@pytest.fixture
def mute_port():
    """A listening port whose queue is full: on Linux further connects get no answer."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        port = server.getsockname()[1]
        waiting = []
        for _ in range(4):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(("127.0.0.1", port))
            waiting.append(sock)
        yield port
        for sock in waiting:
            sock.close()


async def test_an_open_port_is_open_with_its_source_and_the_clock_is_named(connector, listening):
    outcome = await once(connector, "127.0.0.1", listening)
    assert (outcome.state, outcome.reason) == (State.OPEN, Reason.SYN_ACK)
    assert outcome.source == "127.0.0.1"
    assert outcome.latency_source == ("kernel" if sys.platform == "linux" else "monotonic")
    assert outcome.latency_ms > 0
    assert outcome.pipe is None


async def test_the_connection_is_handed_over_when_it_is_wanted(connector, listening):
    outcome = await once(connector, "127.0.0.1", listening, keep=True)
    transport = await outcome.pipe.open(asyncio.Protocol)
    assert transport.get_extra_info("peername")[1] == listening
    transport.abort()


async def test_a_reset_is_closed_and_carries_no_icmp(connector, closed):
    outcome = await once(connector, "127.0.0.1", closed)
    assert (outcome.state, outcome.reason) == (State.CLOSED, Reason.CONN_REFUSED)
    assert outcome.icmp is None


@linux
async def test_silence_is_filtered_only_after_the_deadline(connector, mute_port):
    outcome = await once(connector, "127.0.0.1", mute_port, timeout=0.05)
    assert (outcome.state, outcome.reason) == (State.FILTERED, Reason.NO_RESPONSE)
    assert outcome.elapsed_ms >= 50
    assert outcome.latency_ms is None


async def test_an_answer_that_came_while_the_loop_was_busy_is_not_called_silence(
    connector, listening
):
    """The deadline passes before the loop has looked: the socket is asked once more."""
    future = asyncio.get_running_loop().create_future()
    connector.connect("127.0.0.1", listening, 0.0, future.set_result, keep=False)
    outcome = await future
    assert outcome.state is State.OPEN


@linux
async def test_a_session_reset_after_the_handshake_stays_open(connector):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        future = asyncio.get_running_loop().create_future()
        connector.connect("127.0.0.1", port, 5.0, future.set_result, keep=False)
        peer, _ = server.accept()
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        peer.close()
        outcome = await future
    assert (outcome.state, outcome.reason) == (State.OPEN, Reason.SYN_ACK)


@pytest.mark.parametrize("address", ["not an address", "10.0.0.1 ", "fe80::1%nowhere"])
async def test_a_malformed_address_is_an_error_of_this_machine_and_raises_nothing(
    connector, address
):
    outcome = await once(connector, address, 80, timeout=0.05)
    assert outcome.state is State.ERROR
    assert outcome.reason is Reason.LOCAL_ERROR


@linux
async def test_a_cancelled_attempt_reports_nothing_and_leaves_no_watcher(connector, mute_port):
    loop = asyncio.get_running_loop()
    told = []
    cancel = connector.connect("127.0.0.1", mute_port, 0.01, told.append, keep=False)
    cancel()
    cancel()
    again = await once(connector, "127.0.0.1", mute_port, timeout=0.05)
    assert again.reason is Reason.NO_RESPONSE
    assert told == []
    assert not [key for key in loop._selector.get_map().values() if key.data[1] is not None]


async def test_deadlines_expire_in_order_and_never_what_has_ended():
    loop = asyncio.get_running_loop()
    deadlines = Deadlines(loop)
    ended = []
    all_done = asyncio.Event()

    class Attempt:
        def __init__(self, name):
            self.name, self.live = name, True

        def expire(self):
            self.live = False
            ended.append(self.name)
            if self.name == "last":
                all_done.set()

    attempts = [Attempt(str(number)) for number in range(500)] + [Attempt("last")]
    for attempt in attempts:
        deadlines.add(attempt, 0.01)
    attempts[0].live = False
    await asyncio.wait_for(all_done.wait(), 5)
    assert ended == [attempt.name for attempt in attempts[1:]]
    deadlines.close()


async def test_a_fault_in_one_attempt_costs_no_other_its_deadline():
    loop = asyncio.get_running_loop()
    deadlines, faults = Deadlines(loop), []
    loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))
    expired = asyncio.Event()

    class Attempt:
        live = True

        def __init__(self, end):
            self.expire = end

    def fail():
        raise ZeroDivisionError

    deadlines.add(Attempt(fail), 0.01)
    deadlines.add(Attempt(lambda: None), 0.01)
    deadlines.add(Attempt(expired.set), 0.01)
    await asyncio.wait_for(expired.wait(), 5)
    expired.clear()
    deadlines.add(Attempt(fail), 0.02)
    deadlines.add(Attempt(expired.set), 0.02)
    await asyncio.wait_for(expired.wait(), 5)
    assert [type(one) for one in faults] == [ZeroDivisionError] * 2
    deadlines.close()


async def test_deadlines_that_are_forgotten_while_one_expires_stay_forgotten():
    loop = asyncio.get_running_loop()
    deadlines, faults, expired = Deadlines(loop), [], []
    loop.set_exception_handler(lambda _, context: faults.append(context))
    again = asyncio.Event()

    class Attempt:
        live = True

        def __init__(self, end):
            self.expire = end

    deadlines.add(Attempt(deadlines.close), 0.01)
    deadlines.add(Attempt(lambda: expired.append("forgotten")), 0.01)
    deadlines.add(Attempt(lambda: expired.append("forgotten")), 0.05)
    await asyncio.sleep(0.02)
    deadlines.add(Attempt(again.set), 0.05)
    await asyncio.wait_for(again.wait(), 5)
    assert (faults, expired) == ([], [])
    deadlines.close()


def tcp_info(attempted: int, handed_over: int, due: int = 0) -> bytes:
    """A tcp_info in which nothing but the retransmissions is said (linux/tcp.h)."""
    info = bytearray(104)
    info[2] = due
    struct.pack_into("=I", info, 36, handed_over)
    struct.pack_into("=I", info, 100, attempted)
    return bytes(info)


@pytest.mark.parametrize(
    ("info", "held_back"),
    [
        (tcp_info(1, 0), True),
        (tcp_info(3, 0), True),
        (tcp_info(1, 1), False),
        (tcp_info(3, 1), False),
        (tcp_info(5, 0, due=5), True),
        # The SYN before waited for an ARP reply: the fifth was due, and was not even attempted.
        (tcp_info(1, 0, due=5), False),
        # Before the first retransmission nothing can be told.
        (tcp_info(0, 0), False),
        (tcp_info(3, 0)[:100], False),
        (b"", False),
    ],
)
def test_a_syn_that_the_kernel_could_not_hand_over_is_held_back_here(info, held_back):
    assert is_held_back(info) is held_back

"""UDP exchanges over loopback: who answered, who refused, and what is left behind."""

import asyncio
import errno
import resource
import socket
from contextlib import ExitStack, closing

import pytest

from probes.model import Icmp, Reason, State
from probes.vantage.local import icmp_errors, udp
from probes.vantage.local.udp import exchange

LINUX = pytest.mark.skipif(not icmp_errors.AVAILABLE, reason="needs the Linux error queue")


class Server(asyncio.DatagramProtocol):
    """Answers each datagram with the replies `answers` makes of it."""

    def __init__(self, answers):
        self.answers = answers
        self.asked = asyncio.Event()
        self.peers = []

    def connection_made(self, transport):
        self.transport = transport
        self.port = transport.get_extra_info("sockname")[1]

    def datagram_received(self, data, peer):
        self.peers.append(peer)
        self.asked.set()
        for answer in self.answers(data):
            self.transport.sendto(answer, peer)


@pytest.fixture
async def serve():
    started = []

    async def start(answers, host="127.0.0.1"):
        loop = asyncio.get_running_loop()
        transport, server = await loop.create_datagram_endpoint(
            lambda: Server(answers), local_addr=(host, 0)
        )
        started.append(transport)
        return server

    yield start
    for transport in started:
        transport.close()
    await asyncio.sleep(0)


@pytest.fixture
def closed_port():
    """Finds a UDP port that refuses, and that nobody else can be given meanwhile."""
    with ExitStack() as held:

        def find(family=socket.AF_INET, host="127.0.0.1"):
            sock = held.enter_context(socket.socket(family, socket.SOCK_DGRAM))
            sock.bind((host, 0))
            # Connected to itself it takes datagrams from nobody else, and the kernel refuses them.
            sock.connect(sock.getsockname())
            return sock.getsockname()[1]

        yield find


def anything(data):
    return True


def descriptors():
    """Descriptors that are open."""
    with socket.socket() as sock:
        return sock.fileno()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
async def test_an_answer_is_open_with_its_bytes_and_our_address(serve, host):
    server = await serve(lambda data: [b"re:" + data], host)
    outcome = await exchange(host, server.port, b"hello", 5, anything)
    assert (outcome.state, outcome.reason) == (State.OPEN, Reason.UDP_RESPONSE)
    assert (outcome.data, outcome.address, outcome.source) == (b"re:hello", host, host)
    assert 0 <= outcome.latency_ms <= outcome.elapsed_ms + 1


@LINUX
async def test_latency_is_the_kernels_even_when_the_loop_is_late(serve, monkeypatch):
    server = await serve(lambda data: [data])
    real = udp.receive

    def stamped_at_once(sock):
        arrival = real(sock)
        return udp.ReceivedDatagram(
            arrival.data, arrival.sender, sent["at"].wall + 0.002, None, arrival.read_time + 3
        )

    sent = {}
    now = udp.SendTime.now

    def remembered():
        sent["at"] = now()
        return sent["at"]

    monkeypatch.setattr(udp.SendTime, "now", remembered)
    monkeypatch.setattr(udp, "receive", stamped_at_once)
    outcome = await exchange("127.0.0.1", server.port, b"x", 5, anything)
    assert outcome.latency_source == "kernel-timestamp"
    assert outcome.latency_ms == pytest.approx(2, abs=0.01)


async def test_a_clock_that_was_set_back_is_not_believed(serve, monkeypatch):
    server = await serve(lambda data: [data])
    real = udp.receive

    def stamped_in_the_past(sock):
        arrival = real(sock)
        return udp.ReceivedDatagram(arrival.data, arrival.sender, 1.0, None, arrival.read_time)

    monkeypatch.setattr(udp, "receive", stamped_in_the_past)
    outcome = await exchange("127.0.0.1", server.port, b"x", 5, anything)
    assert outcome.latency_source == "monotonic"
    assert 0 <= outcome.latency_ms <= outcome.elapsed_ms


@LINUX
@pytest.mark.parametrize(
    ("host", "family", "icmp"),
    [
        ("127.0.0.1", socket.AF_INET, Icmp(3, 3, "127.0.0.1")),
        ("127.9.8.7", socket.AF_INET, Icmp(3, 3, "127.9.8.7")),
        ("::ffff:127.0.0.1", socket.AF_INET, Icmp(3, 3, "127.0.0.1")),
        ("::1", socket.AF_INET6, Icmp(1, 4, "::1", 6)),
        ("0:0:0::1", socket.AF_INET6, Icmp(1, 4, "::1", 6)),
    ],
)
async def test_port_unreachable_from_the_target_itself_is_closed(closed_port, host, family, icmp):
    port = closed_port(family, "::1" if family == socket.AF_INET6 else "127.0.0.1")
    outcome = await exchange(host, port, b"x", 5, anything)
    assert (outcome.state, outcome.reason) == (State.CLOSED, Reason.PORT_UNREACH)
    assert outcome.icmp == icmp
    assert outcome.errno == errno.ECONNREFUSED
    assert outcome.latency_source == "kernel-timestamp"


@LINUX
@pytest.mark.parametrize(
    ("icmp", "state", "reason"),
    [
        (Icmp(3, 3, "10.0.0.1"), State.FILTERED, Reason.PORT_UNREACH),
        (Icmp(3, 13, "127.0.0.1"), State.FILTERED, Reason.ADMIN_PROHIBITED),
        (Icmp(3, 1, "10.0.0.1"), State.UNREACHABLE, Reason.HOST_UNREACH),
        (Icmp(3, 0, "10.0.0.1"), State.UNREACHABLE, Reason.NET_UNREACH),
        (Icmp(11, 0, "10.0.0.1"), State.UNREACHABLE, Reason.TIME_EXCEEDED),
    ],
)
async def test_other_icmp_errors_keep_their_sender_and_meaning(
    closed_port, monkeypatch, icmp, state, reason
):
    real = icmp_errors.next_error

    def forged(sock):
        entry = real(sock)
        return entry and entry._replace(icmp=icmp, errno=errno.EHOSTUNREACH)

    monkeypatch.setattr(icmp_errors, "next_error", forged)
    outcome = await exchange("127.0.0.1", closed_port(), b"x", 5, anything)
    assert (outcome.state, outcome.reason, outcome.icmp) == (state, reason, icmp)


async def test_without_an_error_queue_a_refusal_is_closed_by_nobody_known(closed_port, monkeypatch):
    monkeypatch.setattr(icmp_errors, "AVAILABLE", False)
    outcome = await exchange("127.0.0.1", closed_port(), b"x", 5, anything)
    assert (outcome.state, outcome.reason) == (State.CLOSED, Reason.PORT_UNREACH)
    assert outcome.icmp is None


async def test_silence_is_open_or_filtered(serve):
    server = await serve(lambda data: [])
    outcome = await exchange("127.0.0.1", server.port, b"x", 0.05, anything)
    assert (outcome.state, outcome.reason) == (State.OPEN_FILTERED, Reason.NO_RESPONSE)
    assert (outcome.data, outcome.latency_ms, outcome.problem) == (b"", None, "")
    assert outcome.elapsed_ms >= 50


async def test_answers_that_do_not_fit_are_counted_and_the_right_one_is_taken(serve):
    server = await serve(lambda data: [b"no", b"nor", b"yes", b"late"])
    outcome = await exchange("127.0.0.1", server.port, b"x", 5, lambda data: data == b"yes")
    assert (outcome.state, outcome.data) == (State.OPEN, b"yes")


async def test_a_flood_of_wrong_answers_ends_in_silence_and_not_in_work(serve):
    server = await serve(lambda data: [b"no"] * 100)
    seen = []

    def refuse(data):
        seen.append(data)
        return False

    outcome = await exchange("127.0.0.1", server.port, b"x", 0.1, refuse)
    assert (outcome.state, outcome.reason) == (State.OPEN_FILTERED, Reason.NO_RESPONSE)
    assert udp.MAX_REJECTED <= len(seen) <= 100
    assert outcome.problem == f"{len(seen)} datagrams came that do not answer the question"


async def test_an_answer_that_came_while_the_loop_was_busy_is_not_silence(serve, monkeypatch):
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as server:
        server.bind(("127.0.0.1", 0))
        loop = asyncio.get_running_loop()
        monkeypatch.setattr(loop, "add_reader", lambda *_: None)
        monkeypatch.setattr(loop, "remove_reader", lambda *_: None)
        waiting = asyncio.ensure_future(
            exchange("127.0.0.1", server.getsockname()[1], b"x", 0.1, anything)
        )
        await asyncio.sleep(0)
        server.sendto(b"here", server.recvfrom(9)[1])
        outcome = await waiting
    assert (outcome.state, outcome.data) == (State.OPEN, b"here")


@LINUX
async def test_a_refusal_that_came_while_the_loop_was_busy_is_not_silence(closed_port, monkeypatch):
    loop = asyncio.get_running_loop()
    monkeypatch.setattr(loop, "add_reader", lambda *_: None)
    monkeypatch.setattr(loop, "remove_reader", lambda *_: None)
    outcome = await exchange("127.0.0.1", closed_port(), b"x", 0.1, anything)
    assert (outcome.state, outcome.reason) == (State.CLOSED, Reason.PORT_UNREACH)


@LINUX
async def test_an_icmp_error_does_not_make_the_loop_spin(closed_port, monkeypatch):
    """The error queue is emptied by the callback, so it is called a few times and not for ever."""
    calls = []
    real = udp._ReceiveQueue.read

    def counted(self):
        calls.append(1)
        real(self)

    def deaf(self, address):
        return None

    monkeypatch.setattr(udp._ReceiveQueue, "read", counted)
    monkeypatch.setattr(udp._ReceiveQueue, "_has_input", lambda self: False)
    monkeypatch.setattr(udp._ReceiveQueue, "error_outcome", deaf)
    await exchange("127.0.0.1", closed_port(), b"x", 0.2, anything)
    assert len(calls) <= 5


async def test_cancelling_closes_the_socket_and_leaves_the_loop(serve):
    server = await serve(lambda data: [])
    before = descriptors()
    waiting = asyncio.ensure_future(exchange("127.0.0.1", server.port, b"x", 60, anything))
    await server.asked.wait()
    assert descriptors() != before
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert descriptors() == before


async def test_what_accept_raises_is_raised_and_nothing_is_left_open(serve):
    server = await serve(lambda data: [data])
    before = descriptors()

    def broken(data):
        raise LookupError("not mine")

    with pytest.raises(LookupError, match="not mine"):
        await exchange("127.0.0.1", server.port, b"x", 5, broken)
    assert descriptors() == before


@pytest.mark.parametrize("address", ["not-an-address", "fe80::1%nowhere9", "1.2.3", "\0", ""])
async def test_what_is_no_address_gets_a_sentence(address):
    outcome = await exchange(address, 53, b"x", 1, anything)
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
    assert "is not an address" in outcome.problem
    assert "\0" not in outcome.problem


async def test_a_datagram_too_large_to_send_is_a_local_error():
    outcome = await exchange("127.0.0.1", 9, bytes(70_000), 1, anything)
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
    assert outcome.errno == errno.EMSGSIZE
    assert outcome.problem


async def test_a_broadcast_address_is_not_allowed_and_says_so():
    outcome = await exchange("255.255.255.255", 9, b"x", 1, anything)
    assert outcome.state in (State.ERROR, State.UNREACHABLE)
    assert outcome.data == b""


async def test_without_a_descriptor_the_caller_is_told():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors(), hard))
    try:
        with pytest.raises(OSError) as caught:
            await exchange("127.0.0.1", 9, b"x", 1, anything)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert caught.value.errno == errno.EMFILE


async def test_a_hundred_exchanges_at_once_each_get_their_own_answer(serve):
    server = await serve(lambda data: [b"re:" + data])
    outcomes = await asyncio.gather(
        *(exchange("127.0.0.1", server.port, b"%d" % n, 10, anything) for n in range(100))
    )
    assert [outcome.data for outcome in outcomes] == [b"re:%d" % n for n in range(100)]

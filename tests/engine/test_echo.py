"""Echo: whose reply is believed, what an error means, and which way of asking is taken."""

import asyncio
import errno
import socket
import struct
from collections import deque

import pytest

from probes.engine.local import echo_socket
from probes.engine.local.echo import HOW_TO_ALLOW, Echo
from probes.engine.model import Icmp, Reason, State
from probes.engine.vantage import Outcome
from probes.wire.icmp import echo_request

ERRQUEUE = 0x2000
IP_RECVERR = 11


class Wire:
    """A stand-in for an ICMP socket whose far side is a function of what is sent."""

    def __init__(self, far_side, kind=socket.SOCK_DGRAM, family=socket.AF_INET):
        self.family = family
        self.type = kind
        self.far_side = far_side
        self.sent = []
        self.senders = deque()
        self.errors = deque()
        self.failures = deque()
        self.near, self.far = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.near.setblocking(False)
        self.left = asyncio.Event()
        self.closed = False

    def fileno(self):
        return self.near.fileno()

    def sendto(self, packet, where):
        if self.failures:
            raise OSError(self.failures.popleft(), "made up")
        self.sent.append((packet, where))
        self.left.set()
        for data, sender in self.far_side(packet, where):
            self.deliver(data, sender)
        return len(packet)

    def deliver(self, data, sender):
        self.senders.append(sender)
        self.far.send(data)

    def refuse(self, packet, where, offender, code=1, number=errno.EHOSTUNREACH):
        extended = struct.pack("=IBBBBII", number, 2, 3, code, 0, 0, 0)
        offered = struct.pack("=HH4s8x", socket.AF_INET, 0, socket.inet_aton(offender))
        self.errors.append((packet, [(0, IP_RECVERR, extended + offered)], 0, where))
        self.deliver(b"", ("0.0.0.0", 0))

    def recvmsg(self, most, ancillary, flags=0):
        if flags & ERRQUEUE:
            if not self.errors:
                raise BlockingIOError
            return self.errors.popleft()
        return self.near.recv(most), [], 0, self.senders.popleft()

    def close(self):
        self.near.close()
        self.far.close()
        self.closed = True


def reply_to(packet, identifier=None):
    reply = bytearray(packet)
    reply[0] = 0 if packet[0] == 8 else 129
    if identifier is not None:
        reply[4:6] = identifier.to_bytes(2, "big")
    return bytes(reply)


def alive(packet, where):
    return [(reply_to(packet), (where[0], 0))]


def silent(packet, where):
    return []


@pytest.fixture
async def echo_over():
    """Echo over one stand-in socket."""
    made = []

    def make(far_side, kind=socket.SOCK_DGRAM, family=socket.AF_INET):
        wire = Wire(far_side, kind, family)
        echo = Echo(openers=(lambda _: wire,), system=None)
        made.append((echo, wire))
        return echo, wire

    yield make
    for echo, wire in made:
        echo.close()
        wire.close()


async def test_a_reply_is_open_with_latency(echo_over):
    echo, _ = echo_over(alive)
    outcome = await echo.ping("10.0.0.1", 5)
    assert (outcome.state, outcome.reason) == (State.OPEN, Reason.ECHO_REPLY)
    assert outcome.address == "10.0.0.1"
    assert 0 <= outcome.latency_ms <= outcome.elapsed_ms
    assert outcome.latency_source == "monotonic"


async def test_an_identifier_the_kernel_rewrote_is_still_ours(echo_over):
    echo, _ = echo_over(lambda packet, where: [(reply_to(packet, 4711), where)])
    assert (await echo.ping("10.0.0.1", 5)).state is State.OPEN


async def test_on_a_raw_socket_a_foreign_identifier_is_somebody_elses_reply(echo_over):
    echo, _ = echo_over(
        lambda packet, where: [(reply_to(packet, int.from_bytes(packet[4:6], "big") ^ 1), where)],
        socket.SOCK_RAW,
    )
    assert (await echo.ping("10.0.0.1", 0.05)).reason is Reason.NO_RESPONSE


@pytest.mark.parametrize(
    "spoil",
    [
        lambda reply, where: (reply, ("10.0.0.2", 0)),
        lambda reply, where: (reply[:-1] + bytes([reply[-1] ^ 1]), where),
        lambda reply, where: (reply[:8], where),
        lambda reply, where: (reply + b"\0", where),
        lambda reply, where: (
            reply[:6] + (int.from_bytes(reply[6:8], "big") ^ 1).to_bytes(2, "big") + reply[8:],
            where,
        ),
        lambda reply, where: (b"\x08" + reply[1:], where),
        lambda reply, where: (b"", where),
    ],
    ids=["other host", "other nonce", "no nonce", "longer", "other sequence", "request", "empty"],
)
async def test_a_reply_that_is_not_to_this_request_is_not_believed(echo_over, spoil):
    echo, _ = echo_over(lambda packet, where: [spoil(reply_to(packet), where)])
    outcome = await echo.ping("10.0.0.1", 0.05)
    assert (outcome.state, outcome.reason) == (State.FILTERED, Reason.NO_RESPONSE)


async def test_a_late_reply_never_answers_a_new_request_with_the_same_sequence(
    echo_over, monkeypatch
):
    monkeypatch.setattr(echo_socket.itertools, "cycle", lambda _: iter([5] * 9))
    echo, wire = echo_over(silent)
    assert (await echo.ping("10.0.0.1", 0.01)).state is State.FILTERED
    old = wire.sent[0][0]
    wire.far_side = lambda packet, where: [(reply_to(old), where)]
    assert (await echo.ping("10.0.0.1", 0.05)).state is State.FILTERED
    assert [packet[6:8] for packet, _ in wire.sent] == [b"\0\5", b"\0\5"]


async def test_sequences_wrap_and_skip_those_still_waiting(echo_over, monkeypatch):
    monkeypatch.setattr(echo_socket.itertools, "cycle", lambda _: iter([7, 7, 8, 8, 9]))
    echo, wire = echo_over(silent)
    await asyncio.gather(*(echo.ping(f"10.0.0.{n}", 0.05) for n in range(1, 4)))
    assert [packet[7] for packet, _ in wire.sent] == [7, 8, 9]


async def test_replies_in_any_order_find_their_hosts(echo_over):
    echo, wire = echo_over(silent)
    waiting = [asyncio.ensure_future(echo.ping(f"10.0.0.{n}", 5)) for n in range(1, 4)]
    while len(wire.sent) < 3:
        wire.left.clear()
        await wire.left.wait()
    for packet, where in reversed(wire.sent):
        wire.deliver(reply_to(packet), where)
    outcomes = await asyncio.gather(*waiting)
    assert [outcome.address for outcome in outcomes] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert all(outcome.state is State.OPEN for outcome in outcomes)


@pytest.mark.skipif(not echo_socket.errqueue.AVAILABLE, reason="needs the Linux error queue")
@pytest.mark.parametrize("quoted", [8, 24])
async def test_an_error_from_the_queue_ends_only_the_request_it_is_about(echo_over, quoted):
    echo, wire = echo_over(silent)

    def far_side(packet, where):
        if where[0] == "10.0.0.1":
            wire.refuse(packet[:quoted], where, "10.0.0.254")
            return []
        return alive(packet, where)

    wire.far_side = far_side
    dead, living = await asyncio.gather(echo.ping("10.0.0.1", 5), echo.ping("10.0.0.2", 5))
    assert (dead.state, dead.reason) == (State.UNREACHABLE, Reason.HOST_UNREACH)
    assert dead.icmp == Icmp(3, 1, "10.0.0.254")
    assert living.state is State.OPEN


@pytest.mark.skipif(not echo_socket.errqueue.AVAILABLE, reason="needs the Linux error queue")
@pytest.mark.parametrize("what", ["destination", "sequence", "nonce"])
async def test_an_error_about_another_packet_is_not_ours(echo_over, what):
    echo, wire = echo_over(silent)

    def far_side(packet, where):
        if what == "destination":
            wire.refuse(packet, ("10.9.9.9", 0), "10.0.0.254")
        elif what == "sequence":
            wire.refuse(packet[:6] + b"\xff\xfe" + packet[8:], where, "10.0.0.254")
        else:
            wire.refuse(packet[:8] + bytes(16), where, "10.0.0.254")
        return []

    wire.far_side = far_side
    assert (await echo.ping("10.0.0.1", 0.05)).reason is Reason.NO_RESPONSE


@pytest.mark.parametrize(
    ("code", "state", "reason"),
    [
        (1, State.UNREACHABLE, Reason.HOST_UNREACH),
        (0, State.UNREACHABLE, Reason.NET_UNREACH),
        (3, State.FILTERED, Reason.PORT_UNREACH),
        (13, State.FILTERED, Reason.ADMIN_PROHIBITED),
    ],
)
async def test_a_raw_socket_gets_errors_as_packets(echo_over, code, state, reason):
    def far_side(packet, where):
        inner = bytes([0x45, 0, 0, 0, 0, 0, 0, 0, 63, 1, 0, 0]) + bytes(4)
        inner += socket.inet_aton(where[0]) + packet
        outer = bytes([0x45]) + bytes(19)
        return [(outer + bytes([3, code]) + bytes(6) + inner, ("10.0.0.254", 0))]

    echo, _ = echo_over(far_side, socket.SOCK_RAW)
    outcome = await echo.ping("10.0.0.1", 5)
    assert (outcome.state, outcome.reason) == (state, reason)
    assert outcome.icmp == Icmp(3, code, "10.0.0.254")


async def test_an_error_left_by_another_request_does_not_fail_this_one(echo_over):
    echo, wire = echo_over(alive)
    wire.failures.extend([errno.EHOSTUNREACH, errno.EHOSTUNREACH])
    assert (await echo.ping("10.0.0.1", 5)).state is State.OPEN


@pytest.mark.parametrize(
    ("number", "state", "reason"),
    [
        (errno.ENETUNREACH, State.UNREACHABLE, Reason.NET_UNREACH),
        (errno.EACCES, State.ERROR, Reason.PERMISSION_DENIED),
        (errno.EINVAL, State.ERROR, Reason.LOCAL_ERROR),
    ],
)
async def test_an_error_that_stays_is_this_requests_own(echo_over, number, state, reason):
    echo, wire = echo_over(alive)
    wire.failures.extend([number] * 20)
    outcome = await echo.ping("10.0.0.1", 5)
    assert (outcome.state, outcome.reason, outcome.errno) == (state, reason, number)
    assert bool(outcome.problem) == (state is State.ERROR)


async def test_a_full_send_buffer_delays_and_loses_nothing(echo_over):
    echo, wire = echo_over(alive)
    wire.failures.extend([errno.ENOBUFS, errno.EAGAIN, errno.EAGAIN])
    outcomes = await asyncio.gather(*(echo.ping(f"10.0.0.{n}", 5) for n in range(1, 5)))
    assert [outcome.state for outcome in outcomes] == [State.OPEN] * 4


async def test_a_request_that_could_never_leave_is_not_called_silence(echo_over):
    echo, wire = echo_over(alive)
    wire.failures.extend([errno.ENOBUFS] * 10_000)
    outcome = await echo.ping("10.0.0.1", 0.05)
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
    assert "could not be sent" in outcome.problem


async def test_a_reply_that_came_while_the_loop_was_busy_is_not_silence(echo_over, monkeypatch):
    monkeypatch.setattr(asyncio.get_running_loop(), "add_reader", lambda *_: None)
    echo, _ = echo_over(alive)
    assert (await echo.ping("10.0.0.1", 0.02)).state is State.OPEN


async def test_a_thousand_hosts_share_one_socket_and_none_is_lost(echo_over):
    echo, wire = echo_over(alive)
    hosts = [f"10.1.{n >> 8}.{n & 255}" for n in range(1000)]
    outcomes = await asyncio.gather(*(echo.ping(host, 20) for host in hosts))
    assert [outcome.address for outcome in outcomes] == hosts
    assert {outcome.state for outcome in outcomes} == {State.OPEN}
    assert len(wire.sent) == 1000


async def test_a_cancelled_ping_leaves_nothing_waiting(echo_over):
    echo, wire = echo_over(silent)
    waiting = asyncio.ensure_future(echo.ping("10.0.0.1", 60))
    await wire.left.wait()
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert echo._sockets[socket.AF_INET]._waiting == {}


async def test_closing_ends_the_waiting_pings_and_the_socket(echo_over):
    echo, wire = echo_over(silent)
    waiting = asyncio.ensure_future(echo.ping("10.0.0.1", 60))
    await wire.left.wait()
    echo.close()
    assert (await waiting).reason is Reason.LOCAL_ERROR
    assert wire.closed


def refused(number):
    def opener(family):
        opener.asked += 1
        raise OSError(number, "made up")

    opener.asked = 0
    return opener


async def test_the_ways_are_tried_in_order_and_once():
    wires = []

    def raw(family):
        wires.append(Wire(alive, socket.SOCK_RAW))
        return wires[-1]

    datagram = refused(errno.EACCES)
    echo = Echo(openers=(datagram, raw), system=None)
    for _ in range(3):
        assert (await echo.ping("10.0.0.1", 5)).state is State.OPEN
    echo.close()
    assert (datagram.asked, len(wires)) == (1, 1)


async def test_without_a_socket_the_systems_ping_is_asked():
    async def system(address, timeout):
        return Outcome(State.OPEN, Reason.ECHO_REPLY, address, latency_ms=3.0)

    echo = Echo(openers=(refused(errno.EACCES), refused(errno.EPERM)), system=system)
    outcome = await echo.ping("127.0.0.1", 5)
    assert (outcome.state, outcome.latency_ms, outcome.source) == (State.OPEN, 3.0, "127.0.0.1")


async def test_with_no_way_at_all_it_says_how_to_allow_it():
    async def system(address, timeout):
        return None

    echo = Echo(openers=(refused(errno.EACCES), refused(errno.EPERM)), system=system)
    outcome = await echo.ping("127.0.0.1", 5)
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.PERMISSION_DENIED)
    assert outcome.problem == HOW_TO_ALLOW


async def test_without_a_descriptor_the_caller_is_told_and_may_try_again():
    full = refused(errno.EMFILE)
    echo = Echo(openers=(full,), system=None)
    for _ in range(2):
        with pytest.raises(OSError) as caught:
            await echo.ping("127.0.0.1", 5)
        assert caught.value.errno == errno.EMFILE
    assert full.asked == 2


@pytest.mark.parametrize("address", ["host", "1.2", "fe80::1%nowhere9"])
async def test_what_is_no_address_gets_a_sentence(address):
    outcome = await Echo(openers=()).ping(address, 1)
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
    assert "is not an address" in outcome.problem


def test_requests_carry_nothing_but_the_nonce():
    assert len(echo_request(4, 1, 2, bytes(16))) == 24

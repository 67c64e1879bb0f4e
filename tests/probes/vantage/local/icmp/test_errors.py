"""ICMP errors: their meaning, and the request they are about."""

import asyncio
import errno
import socket

import pytest

from probes.model import Icmp, Reason, State
from probes.vantage.local import icmp_socket
from tests.probes.vantage.local.icmp.wire import alive, silent


@pytest.mark.skipif(not icmp_socket.icmp_errors.AVAILABLE, reason="needs the Linux error queue")
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


@pytest.mark.skipif(not icmp_socket.icmp_errors.AVAILABLE, reason="needs the Linux error queue")
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

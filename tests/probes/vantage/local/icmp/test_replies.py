"""Whose reply is believed, and that none is lost."""

import asyncio
import socket

import pytest

from probes.model import Reason, State
from probes.vantage.local import icmp_socket
from probes.wire.icmp import echo_request
from tests.probes.vantage.local.icmp.wire import alive, reply_to, silent


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
    monkeypatch.setattr(icmp_socket.itertools, "cycle", lambda _: iter([5] * 9))
    echo, wire = echo_over(silent)
    assert (await echo.ping("10.0.0.1", 0.01)).state is State.FILTERED
    old = wire.sent[0][0]
    wire.far_side = lambda packet, where: [(reply_to(old), where)]
    assert (await echo.ping("10.0.0.1", 0.05)).state is State.FILTERED
    assert [packet[6:8] for packet, _ in wire.sent] == [b"\0\5", b"\0\5"]


async def test_sequences_wrap_and_skip_those_still_waiting(echo_over, monkeypatch):
    monkeypatch.setattr(icmp_socket.itertools, "cycle", lambda _: iter([7, 7, 8, 8, 9]))
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


def test_requests_carry_nothing_but_the_nonce():
    assert len(echo_request(4, 1, 2, bytes(16))) == 24

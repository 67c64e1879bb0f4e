"""Datagrams that come to an exchange from another address or port than the one asked."""

import asyncio
import socket
from contextlib import closing

import pytest

from probes.model import Reason, State
from probes.vantage import ForeignDatagram
from probes.vantage.local import foreign, icmp_errors, udp
from probes.vantage.local.udp import exchange

pytestmark = pytest.mark.skipif(not icmp_errors.AVAILABLE, reason="needs all of 127.0.0.0/8")

ASKED, OTHER = "127.0.81.1", "127.0.81.2"


class Host:
    """Two addresses: what is asked at the first is answered as `serve` says."""

    def __init__(self, serve, family=socket.AF_INET, asked=ASKED, other=OTHER):
        self.serve = serve
        self.asked = socket.socket(family, socket.SOCK_DGRAM)
        self.other = socket.socket(family, socket.SOCK_DGRAM)
        self.peers = []
        self.was_asked = asyncio.Event()
        for sock, address in ((self.asked, asked), (self.other, other)):
            sock.bind((address, 0))
            sock.setblocking(False)
        self.port = self.asked.getsockname()[1]
        asyncio.get_running_loop().add_reader(self.asked, self.answer)

    def answer(self):
        data, peer = self.asked.recvfrom(1024)
        self.peers.append(peer)
        self.was_asked.set()
        self.serve(self, data, peer)

    def close(self):
        asyncio.get_running_loop().remove_reader(self.asked)
        self.asked.close()
        self.other.close()


def from_other(host, data, peer):
    host.other.sendto(b"re:" + data, peer)


def anything(data):
    return True


async def test_an_answer_from_another_address_is_silence_with_what_came():
    with closing(Host(from_other)) as host:
        outcome = await exchange(ASKED, host.port, b"x", 0.1, anything)
        port = host.other.getsockname()[1]
    assert (outcome.state, outcome.reason) == (State.OPEN_FILTERED, Reason.NO_RESPONSE)
    assert outcome.foreign == (ForeignDatagram(OTHER, port, b"re:x"),)
    assert outcome.data == b""


@pytest.mark.parametrize(("family", "address"), [(socket.AF_INET, ASKED), (socket.AF_INET6, "::1")])
async def test_an_answer_from_another_port_is_heard(family, address):
    with closing(Host(from_other, family, address, address)) as host:
        outcome = await exchange(address, host.port, b"x", 0.1, anything)
        port = host.other.getsockname()[1]
    assert outcome.foreign == (ForeignDatagram(address, port, b"re:x"),)


async def test_an_answer_from_the_address_asked_is_believed_over_another():
    def both(host, data, peer):
        from_other(host, data, peer)
        host.asked.sendto(b"mine", peer)

    with closing(Host(both)) as host:
        outcome = await exchange(ASKED, host.port, b"x", 5, anything)
    assert (outcome.state, outcome.data, outcome.foreign) == (State.OPEN, b"mine", ())


async def test_a_refusal_of_the_address_asked_is_believed_over_an_answer_from_elsewhere():
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
        sock.bind((ASKED, 0))
        port = sock.getsockname()[1]
    outcome = await exchange(ASKED, port, b"x", 5, anything)
    assert (outcome.state, outcome.foreign) == (State.CLOSED, ())


async def test_what_comes_from_elsewhere_is_not_shown_to_accept():
    seen = []
    with closing(Host(from_other)) as host:
        await exchange(ASKED, host.port, b"x", 0.1, seen.append)
    assert seen == []


async def test_a_flood_from_elsewhere_is_bounded():
    def flood(host, data, peer):
        for number in range(foreign.MAX_READ * 2):
            host.other.sendto(b"%d" % number, peer)

    with closing(Host(flood)) as host:
        outcome = await exchange(ASKED, host.port, b"x", 0.1, anything)
    assert [one.data for one in outcome.foreign] == [b"%d" % n for n in range(foreign.MAX_KEPT)]


async def test_no_other_process_can_listen_on_the_port_of_an_exchange():
    refused = []

    def intrude(host, data, peer):
        with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as sock:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                sock.bind(peer)
            except OSError:
                refused.append(peer)
        host.asked.sendto(data, peer)

    with closing(Host(intrude)) as host:
        outcome = await exchange(ASKED, host.port, b"x", 5, anything)
    assert outcome.state is State.OPEN
    assert refused == host.peers


async def test_without_the_second_socket_the_exchange_is_as_before(monkeypatch):
    def refuse(connected):
        raise OSError("no descriptor is left")

    monkeypatch.setattr(foreign, "_socket_beside", refuse)
    with closing(Host(lambda host, data, peer: host.asked.sendto(data, peer))) as host:
        outcome = await exchange(ASKED, host.port, b"x", 5, anything)
    assert outcome.state is State.OPEN


async def test_a_cancelled_exchange_leaves_no_socket():
    with closing(Host(lambda host, data, peer: None)) as host:
        with socket.socket() as sock:
            before = sock.fileno()
        waiting = asyncio.ensure_future(udp.exchange(ASKED, host.port, b"x", 60, anything))
        await host.was_asked.wait()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        with socket.socket() as sock:
            assert sock.fileno() == before

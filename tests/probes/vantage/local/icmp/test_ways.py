"""Choice of a way to ping, and the sentence where there is none."""

import errno
import socket

import pytest

from probes.model import Reason, State
from probes.vantage import Outcome
from probes.vantage.local.icmp import PERMISSION_HINT, EchoClient
from tests.probes.vantage.local.icmp.wire import Wire, alive


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
    echo = EchoClient(openers=(datagram, raw), system=None)
    for _ in range(3):
        assert (await echo.ping("10.0.0.1", 5)).state is State.OPEN
    echo.close()
    assert (datagram.asked, len(wires)) == (1, 1)


async def test_without_a_socket_the_systems_ping_is_asked():
    async def system(address, timeout):
        return Outcome(State.OPEN, Reason.ECHO_REPLY, address, latency_ms=3.0)

    echo = EchoClient(openers=(refused(errno.EACCES), refused(errno.EPERM)), system=system)
    outcome = await echo.ping("127.0.0.1", 5)
    assert (outcome.state, outcome.latency_ms, outcome.source) == (State.OPEN, 3.0, "127.0.0.1")


async def test_with_no_way_at_all_it_says_how_to_allow_it():
    async def system(address, timeout):
        return None

    echo = EchoClient(openers=(refused(errno.EACCES), refused(errno.EPERM)), system=system)
    outcome = await echo.ping("127.0.0.1", 5)
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.PERMISSION_DENIED)
    assert outcome.problem == PERMISSION_HINT


async def test_without_a_descriptor_the_caller_is_told_and_may_try_again():
    full = refused(errno.EMFILE)
    echo = EchoClient(openers=(full,), system=None)
    for _ in range(2):
        with pytest.raises(OSError) as caught:
            await echo.ping("127.0.0.1", 5)
        assert caught.value.errno == errno.EMFILE
    assert full.asked == 2


@pytest.mark.parametrize("address", ["host", "1.2", "fe80::1%nowhere9"])
async def test_what_is_no_address_gets_a_sentence(address):
    outcome = await EchoClient(openers=()).ping(address, 1)
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
    assert "is not an address" in outcome.problem

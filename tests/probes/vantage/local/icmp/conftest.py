"""Echo over one stand-in socket."""

import socket

import pytest

from probes.vantage.local.icmp import EchoClient
from tests.probes.vantage.local.icmp.wire import Wire


@pytest.fixture
async def echo_over():
    """Echo over one stand-in socket."""
    made = []

    def make(far_side, kind=socket.SOCK_DGRAM, family=socket.AF_INET):
        wire = Wire(far_side, kind, family)
        echo = EchoClient(openers=(lambda _: wire,), system=None)
        made.append((echo, wire))
        return echo, wire

    yield make
    for echo, wire in made:
        echo.close()
        wire.close()

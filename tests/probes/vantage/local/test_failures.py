"""Addresses nothing can be sent to, and errnos of this machine, over each transport."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys

import pytest

from probes.model import Reason, State
from probes.vantage.local.failures import is_broadcast, unsent_outcome
from probes.vantage.local.icmp import EchoClient
from probes.vantage.local.tcp import Connector
from probes.vantage.local.udp import exchange

linux = pytest.mark.skipif(sys.platform != "linux", reason="errnos as Linux has them")


async def over_tcp(address: str):
    connector = Connector(asyncio.get_running_loop())
    ended = asyncio.get_running_loop().create_future()
    connector.connect(address, 9, 30, ended.set_result, keep=False)
    outcome = await ended
    connector.close()
    return outcome


async def over_udp(address: str):
    return await exchange(address, 9, b"x", 30, lambda _: True)


async def over_icmp(address: str):
    echo = EchoClient()
    outcome = await echo.ping(address, 30)
    echo.close()
    return outcome


TRANSPORTS = pytest.mark.parametrize("ask", [over_tcp, over_udp, over_icmp])


@TRANSPORTS
@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("0.0.0.0", "the address of no host"),
        ("::", "the address of no host"),
        ("224.0.0.1", "a multicast group"),
        ("ff02::1%lo", "a multicast group"),
        ("255.255.255.255", "the broadcast address"),
        ("fe80::1", "as in fe80::1%eth0"),
        ("fe80::1%nowhere9", "it has no interface 'nowhere9'"),
        ("fe80::1%999999", "it has no interface '999999'"),
        ("10.1", "is not an address"),
        ("a..b", "is not an address"),
        (f"{'x' * 64}.test", "is not an address"),
    ],
)
async def test_an_address_that_nothing_can_be_sent_to_is_not_tested_and_told_why(
    ask, address: str, said: str
) -> None:
    outcome = await ask(address)
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
    assert said in outcome.problem
    assert outcome.source is None and outcome.pipe is None


@linux
@TRANSPORTS
async def test_a_broadcast_address_wants_no_route_and_no_permission(ask) -> None:
    outcome = await ask("127.255.255.255")
    assert (outcome.state, outcome.reason) == (State.ERROR, Reason.LOCAL_ERROR)
    assert "127.255.255.255 is the broadcast address of a network of this machine" in str(
        outcome.problem
    )


@linux
def test_only_a_broadcast_address_is_one() -> None:
    assert is_broadcast("127.255.255.255")
    assert is_broadcast("::ffff:127.255.255.255")
    for other in ("127.0.0.1", "::1", "255.255.255.255", "name", "fe80::1%nowhere9"):
        assert not is_broadcast(other)


@pytest.mark.parametrize("ask", [over_tcp, over_udp])
@pytest.mark.parametrize("number", [errno.EAFNOSUPPORT, errno.EACCES, errno.ENOBUFS])
async def test_a_socket_that_is_not_to_be_had_ends_the_row_and_is_not_asked_for_again(
    monkeypatch: pytest.MonkeyPatch, ask, number: int
) -> None:
    real = socket.socket

    def refusing(family: int = -1, *more: object, **named: object) -> socket.socket:
        if family == socket.AF_INET6:
            raise OSError(number, os.strerror(number))
        return real(family, *more, **named)

    monkeypatch.setattr(socket, "socket", refusing)
    outcome = await ask("2001:db8::1")
    assert outcome.state is State.ERROR
    assert outcome.errno == number
    assert outcome.problem and os.strerror(number) not in outcome.problem


async def test_without_a_descriptor_a_connect_still_raises(monkeypatch: pytest.MonkeyPatch) -> None:
    connector = Connector(asyncio.get_running_loop())

    def full(*_: object, **__: object) -> socket.socket:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    with monkeypatch.context() as patched:
        patched.setattr(socket, "socket", full)
        with pytest.raises(OSError, match="Too many"):
            connector.connect("127.0.0.1", 9, 1, lambda _: None, keep=False)
    connector.close()


def test_no_errno_of_an_attempt_is_told_in_the_systems_words() -> None:
    for number in errno.errorcode:
        outcome = unsent_outcome("127.0.0.1", number)
        assert os.strerror(number) not in outcome.problem
        assert (outcome.state is State.ERROR) is bool(outcome.problem)

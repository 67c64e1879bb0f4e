from __future__ import annotations

import errno
import os

import pytest

from probes.model import Icmp, Reason, State
from probes.vantage import error_mapping

ROUTER, HOST = "10.0.0.1", "10.0.0.7"
CLOSED = (State.CLOSED, Reason.CONN_REFUSED)
PROHIBITED = (State.FILTERED, Reason.ADMIN_PROHIBITED)
NO_HOST = (State.UNREACHABLE, Reason.HOST_UNREACH)
EXCEEDED = (State.UNREACHABLE, Reason.TIME_EXCEEDED)
PORT = Icmp(3, 3, HOST)


@pytest.mark.parametrize(
    ("icmp", "expected"),
    [
        (Icmp(3, 0, ROUTER), (State.UNREACHABLE, Reason.NET_UNREACH)),
        (Icmp(3, 1, ROUTER), NO_HOST),
        (Icmp(3, 3, ROUTER), (State.FILTERED, Reason.PORT_UNREACH)),
        (Icmp(3, 13, ROUTER), PROHIBITED),
        (Icmp(3, 255, ROUTER), NO_HOST),
        (Icmp(11, 0, ROUTER), EXCEEDED),
        (Icmp(4, 0, ROUTER), NO_HOST),
        (Icmp(1, 1, "::1", 6), PROHIBITED),
        (Icmp(1, 4, "::1", 6), (State.FILTERED, Reason.PORT_UNREACH)),
        (Icmp(3, 0, "::1", 6), EXCEEDED),
        (Icmp(11, 0, "::1", 6), NO_HOST),
    ],
)
def test_an_icmp_error_means_the_same_for_every_vantage(icmp, expected) -> None:
    assert error_mapping.of_icmp(icmp) == expected


@pytest.mark.parametrize(
    ("number", "icmp", "expected"),
    [
        (errno.ECONNREFUSED, None, CLOSED),
        (errno.ECONNREFUSED, Icmp(3, 3, ROUTER), (State.FILTERED, Reason.PORT_UNREACH)),
        (errno.EHOSTUNREACH, Icmp(3, 13, ROUTER), PROHIBITED),
        (errno.EHOSTUNREACH, None, NO_HOST),
        (errno.ECONNRESET, None, (State.OPEN, Reason.SYN_ACK)),
        (errno.EPERM, None, (State.ERROR, Reason.PERMISSION_DENIED)),
        (errno.EINVAL, None, (State.ERROR, Reason.LOCAL_ERROR)),
    ],
)
def test_a_connect_is_judged_by_the_icmp_error_before_the_errno(number, icmp, expected) -> None:
    assert error_mapping.of_connect(number, icmp) == expected


@pytest.mark.parametrize(
    ("number", "icmp", "from_host", "expected"),
    [
        (errno.ECONNREFUSED, PORT, True, (State.CLOSED, Reason.PORT_UNREACH)),
        (errno.ECONNREFUSED, PORT, False, (State.FILTERED, Reason.PORT_UNREACH)),
        (errno.EHOSTUNREACH, Icmp(3, 13, HOST), True, PROHIBITED),
        (errno.ECONNREFUSED, None, False, (State.CLOSED, Reason.PORT_UNREACH)),
        (errno.ENETUNREACH, None, False, (State.UNREACHABLE, Reason.NET_UNREACH)),
    ],
)
def test_a_closed_udp_port_is_believed_of_the_host_itself_only(
    number, icmp, from_host, expected
) -> None:
    assert error_mapping.of_datagram(number, icmp, from_host=from_host) == expected


@pytest.mark.parametrize("text", [error_mapping.errno_text, error_mapping.file_text])
def test_no_errno_is_told_in_the_systems_own_words(text) -> None:
    for number in (0, -2, 99999, *errno.errorcode):
        clause = text(number)
        assert clause and clause[0].islower()
        assert os.strerror(number) not in clause
        assert not clause.endswith((".", ")")) or "refuses it (" in clause


def test_a_firewall_of_this_machine_is_named_in_the_words() -> None:
    assert "own firewall" in error_mapping.errno_text(errno.EPERM)
    assert "own firewall" not in error_mapping.errno_text(errno.EACCES)

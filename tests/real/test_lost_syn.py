"""Latencies where the first SYN or its answer is lost, and where a refusal meets a busy program."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.packet_times import packets_timed
from tests.real.connecting import connected
from tests.real.processes import listen, run

HOST = {4: "10.15.0.1", 6: "fd15::1"}
OPEN, SYN_LOST, ANSWER_LOST = 2001, 2002, 2003
CLOSED, CLOSED_LATE = 2004, 2005
REJECTED, REJECTED_LATE, HOST_REJECTED = 2006, 2007, 2008
ONCE = "limit rate 1/day burst 1 packets drop"
RULES = f"""table inet loss {{
  chain way {{
    type filter hook input priority 0; policy accept;
    tcp dport {SYN_LOST} tcp flags & (syn | ack) == syn {ONCE}
    tcp dport {CLOSED_LATE} tcp flags & (syn | ack) == syn {ONCE}
    tcp dport {REJECTED_LATE} tcp flags & (syn | ack) == syn {ONCE}
    tcp sport {ANSWER_LOST} tcp flags & (syn | ack) == (syn | ack) {ONCE}
    tcp dport {{ {REJECTED}, {REJECTED_LATE} }} reject with icmpx admin-prohibited
    tcp dport {HOST_REJECTED} reject with icmpx port-unreachable
  }}
}}"""
SERVER = f"""
import selectors, socket
selector = selectors.DefaultSelector()
for port in ({OPEN}, {SYN_LOST}, {ANSWER_LOST}):
    selector.register(socket.create_server(("::", port), family=10, dualstack_ipv6=True), 1)
print("ready", flush=True)
while True:
    for key, _ in selector.select():
        key.fileobj.accept()[0].close()
"""
BUSY = 0.05


@pytest.fixture
def place(need, stamps: str) -> Iterator[str]:
    """A namespace that loses the first packet of some ports; `stamps` are TCP's, 0 for none."""
    need("ip", "nft", "sysctl")
    name = f"lostsyn{os.getpid()}"
    with ExitStack() as down:
        run("ip", "netns", "add", name)
        down.callback(run, "ip", "netns", "delete", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        for address in (f"{HOST[4]}/24", f"{HOST[6]}/64"):
            run("ip", "-n", name, "address", "add", address, "dev", "lo")
        inside = ("ip", "netns", "exec", name)
        run(*inside, "sysctl", "-qw", f"net.ipv4.tcp_timestamps={stamps}")
        run(*inside, "nft", RULES)
        listen([*inside, sys.executable, "-c", SERVER], "ready", down)
        yield name


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("stamps", ["0", "1"])
def test_the_latency_after_a_lost_syn_or_answer_is_unknown_and_said_to_be(
    place: str, version: int
) -> None:
    late = {SYN_LOST: "open", ANSWER_LOST: "open", CLOSED_LATE: "closed", REJECTED_LATE: "filtered"}
    found = connected(place, *(f"{HOST[version]}|{port}" for port in late), seconds=10)
    assert [one.state for one in found] == list(late.values())
    assert all(one.syn_resent for one in found)
    assert {(one.latency_ms, one.latency_source, one.latency_at_most) for one in found} == {
        (None, None, False)
    }
    # The retransmission came a second after the first SYN (RFC 6298 2.1).
    assert all(one.elapsed_ms >= 900 for one in found)


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("stamps", ["1"])
def test_a_busy_program_bends_no_latency_that_the_kernel_knows(place: str, version: int) -> None:
    kinds = {
        OPEN: ("open", "kernel"),
        CLOSED: ("closed", "monotonic"),
        REJECTED: ("filtered", "kernel-timestamp"),
        HOST_REJECTED: ("filtered", "kernel-timestamp"),
    }
    places = [f"{HOST[version]}|{port}" for port in kinds]
    with packets_timed():
        found = connected(place, *places, seconds=10, busy=BUSY)
    assert [(one.state, one.latency_source) for one in found] == list(kinds.values())
    assert not any(one.syn_resent for one in found)
    for one in found:
        assert one.latency_ms is not None
        assert one.elapsed_ms >= BUSY * 1000
        assert one.latency_at_most is (one.latency_source == "monotonic")
        assert one.latency_at_most or one.latency_ms < BUSY * 1000

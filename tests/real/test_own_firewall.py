"""Connects that this machine's own rules drop, told from those that are dropped on the way."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from tests.real.connecting import connected
from tests.real.processes import run

FAR = {4: "10.12.1.2", 6: "fd12:1::2"}
OUTPUT, POSTROUTING, ROUTER, INPUT, NOBODY = 1001, 1002, 1003, 1004, "10.12.1.77"
"""Ports by the place that drops them: our hooks, the router's, and ours for what comes back."""
OURS = f"""table inet own {{
  chain away {{ type filter hook output priority 0; policy accept; tcp dport {OUTPUT} drop; }}
  chain last {{ type filter hook postrouting priority 0; tcp dport {POSTROUTING} drop; }}
  chain back {{ type filter hook input priority 0; policy accept; tcp sport {INPUT} drop; }}
}}"""
THEIRS = f"""table inet path {{
  chain on {{ type filter hook forward priority 0; policy accept; tcp dport {ROUTER} drop; }}
}}"""


@pytest.fixture(scope="module")
def near(need) -> Iterator[str]:
    """A namespace behind its own rules, with a router and a host that has no listener."""
    need("ip", "sysctl", "nft")
    names = near, router, far = [f"reach{os.getpid()}{letter}" for letter in "abd"]
    with ExitStack() as down:
        for name in names:
            run("ip", "netns", "add", name)
            down.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.all.accept_dad=0")
            run("ip", "netns", "exec", name, "sysctl", "-qw", "net.ipv6.conf.default.accept_dad=0")
        for number, end in enumerate((near, far)):
            run(
                *f"ip -n {end} link add cable type veth peer name to{number} netns {router}".split()
            )
            for name, device, host in ((end, "cable", 2), (router, f"to{number}", 1)):
                for address in (f"10.12.{number}.{host}/24", f"fd12:{number}::{host}/64"):
                    run("ip", "-n", name, "address", "add", address, "dev", device)
                run("ip", "-n", name, "link", "set", device, "up")
            run("ip", "-n", end, "route", "add", "default", "via", f"10.12.{number}.1")
            run("ip", "-n", end, "-6", "route", "add", "default", "via", f"fd12:{number}::1")
        for setting in ("net.ipv4.ip_forward=1", "net.ipv6.conf.all.forwarding=1"):
            run("ip", "netns", "exec", router, "sysctl", "-qw", setting)
        run("ip", "netns", "exec", near, "nft", OURS)
        run("ip", "netns", "exec", router, "nft", THEIRS)
        yield near


def silent(name: str, *places: str, seconds: float = 2) -> list[tuple[str, bool]]:
    """Reason of each connect, and True where its SYN did not leave; all at once."""
    found = connected(name, *places, seconds=seconds)
    return [(one.reason, one.not_sent) for one in found]


@pytest.mark.parametrize("version", [4, 6])
def test_a_drop_of_our_own_is_told_from_one_on_the_way(near: str, version: int) -> None:
    ports = (OUTPUT, POSTROUTING, ROUTER, INPUT)
    found = silent(near, *(f"{FAR[version]}|{port}" for port in ports))
    assert found == [
        ("no-response", True),
        ("no-response", True),
        ("no-response", False),
        ("no-response", False),
    ]


def test_a_neighbour_that_gives_no_arp_reply_is_no_drop_of_our_own(near: str) -> None:
    assert silent(near, f"{NOBODY}|1005", "10.12.0.77|1005") == [("no-response", False)] * 2


def test_many_neighbours_without_an_arp_reply_are_no_drop_of_our_own(near: str) -> None:
    places = [f"10.12.0.{host}|1006" for host in range(100, 230)]
    # Of so many, the kernel tells some connects by ICMP and leaves the rest silent; an ARP search
    # of 3 s ends and begins again while the rest goes on.
    found = silent(near, *places, seconds=5.2)
    assert ("no-response", False) in found
    assert not any(held_back for _, held_back in found)

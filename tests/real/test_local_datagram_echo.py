"""Datagrams and echo across a router in network namespaces: the kernel's own answers."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PROGRAM = """
import asyncio, json, sys
from probes.vantage.local.udp import exchange
from probes.vantage.local.icmp import EchoClient, open_datagram, open_raw

WAYS = {"datagram": (open_datagram,), "raw": (open_raw,), "system": ()}
WAYS["any"] = WAYS["datagram"] + WAYS["raw"]

def told(outcome):
    icmp = outcome.icmp and [outcome.icmp.type, outcome.icmp.code, outcome.icmp.offender]
    return [outcome.state, outcome.reason, icmp, outcome.source, outcome.data.decode("latin-1"),
            outcome.latency_ms, outcome.latency_source, outcome.elapsed_ms, outcome.problem]

async def main(calls):
    echoes = {way: EchoClient(openers) for way, openers in WAYS.items()}
    async def one(kind, *values):
        if kind == "exchange":
            address, port, timeout = values
            return await exchange(address, port, b"hello", timeout, lambda data: True)
        return await echoes[kind].ping(*values)
    outcomes = await asyncio.gather(*(one(*call) for call in calls))
    for echo in echoes.values():
        echo.close()
    print(json.dumps([told(outcome) for outcome in outcomes]))

asyncio.run(main(json.load(sys.stdin)))
"""

SERVER = """
import socket
with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
    sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    sock.bind(("::", 5300))
    print("ready", flush=True)
    while True:
        data, peer = sock.recvfrom(65535)
        sock.sendto(b"re:" + data, peer)
"""

RULES = """
table inet wall {
  chain forward {
    type filter hook forward priority 0;
    udp dport 1001 drop
    udp dport 1002 reject with icmpx port-unreachable
    udp dport 1003 reject with icmpx admin-prohibited
    udp dport 1004 reject with icmpx host-unreachable
    udp dport 1005 reject with icmpx no-route
    ip daddr 10.99.0.0/16 reject with icmp net-unreachable
    ip daddr 10.78.255.1 drop
    ip daddr 10.78.255.2 reject with icmp admin-prohibited
    ip daddr 10.78.255.3 reject with icmp port-unreachable
    ip daddr 10.78.255.4 reject with icmp host-unreachable
  }
}
"""

TARGET, ROUTER, PROBER = "10.77.2.2", "10.77.1.1", "10.77.1.2"
TARGET6, ROUTER6, PROBER6 = "fd77:2::2", "fd77:1::1", "fd77:1::2"


class Lab:
    """Prober, router and target, each in a namespace of its own."""

    def __init__(self):
        self.names = {who: f"ar{os.getpid()}{who}" for who in ("prober", "router", "target")}
        self.server = None

    def run(self, who, *command, input=None):
        return subprocess.run(
            ["ip", "netns", "exec", self.names[who], *command],
            input=input,
            check=True,
            capture_output=True,
            text=True,
            timeout=120,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        ).stdout

    def set(self, who, **values):
        for key, value in values.items():
            self.run(who, "sysctl", "-qw", f"net.{key.replace('__', '.')}={value}")

    def measure(self, *calls, unprivileged=False):
        command = [sys.executable, "-c", PROGRAM]
        if unprivileged:
            command = [
                "setpriv",
                "--reuid=65534",
                "--clear-groups",
                "--bounding-set=-all",
                *command,
            ]
        return json.loads(self.run("prober", *command, input=json.dumps(calls)))

    def build(self):
        for name in self.names.values():
            subprocess.run(["ip", "netns", "add", name], check=True, capture_output=True)
        for who, other, near, far, net in (
            ("prober", "router", "toRouter", "toProber", "1"),
            ("target", "router", "toRouter", "toTarget", "2"),
        ):
            self.run(who, "ip", "link", "add", near, "type", "veth", "peer", far)
            self.run(who, "ip", "link", "set", far, "netns", self.names[other])
            self.dress(who, near, net, "2")
            self.dress(other, far, net, "1")
        for who in self.names:
            self.run(who, "ip", "link", "set", "lo", "up")
            # A burst of errors is what these tests ask for.
            self.set(who, ipv4__icmp_ratelimit=0, ipv6__icmp__ratelimit=0)
        self.set("router", ipv4__ip_forward=1, ipv6__conf__all__forwarding=1)
        self.set("prober", ipv4__ping_group_range="0 2147483647")
        for route in ("10.77.2.0/24", "10.78.0.0/16", "10.99.0.0/16"):
            self.run("prober", "ip", "route", "add", route, "via", ROUTER)
        self.run("prober", "ip", "route", "add", "fd77:2::/64", "via", ROUTER6)
        self.run("target", "ip", "route", "add", "default", "via", "10.77.2.1")
        self.run("target", "ip", "route", "add", "default", "via", "fd77:2::1")
        for route in ("10.78.0.0/16", "10.99.0.0/16"):
            # 10.99 is refused by a rule: a missing route's errors come at most once a second.
            self.run("router", "ip", "route", "add", route, "via", TARGET)
        self.run("target", "ip", "route", "add", "local", "10.78.0.0/16", "dev", "lo")
        self.run("router", "nft", "-f", "-", input=RULES)
        self.server = subprocess.Popen(
            ["ip", "netns", "exec", self.names["target"], sys.executable, "-c", SERVER],
            stdout=subprocess.PIPE,
        )
        assert self.server.stdout.readline() == b"ready\n"
        for target in (TARGET, TARGET6):
            self.wait_for(target)

    def wait_for(self, target):
        """Until the links carry packets and the neighbours know each other."""
        ping = ["ip", "netns", "exec", self.names["prober"], "ping", "-nqc1", "-W1", target]
        for _ in range(30):
            if subprocess.run(ping, check=False, capture_output=True).returncode == 0:
                return
        raise RuntimeError(f"{target} does not answer")

    def dress(self, who, device, net, host):
        self.run(who, "ip", "addr", "add", f"10.77.{net}.{host}/24", "dev", device)
        self.run(who, "ip", "addr", "add", f"fd77:{net}::{host}/64", "dev", device, "nodad")
        self.run(who, "ip", "link", "set", device, "up")
        for family in ("ipv4", "ipv6"):
            # A missing neighbour is given up after a tenth of a second, not after three.
            self.set(
                who,
                **{
                    f"{family}__neigh__{device}__mcast_solicit": 2,
                    f"{family}__neigh__{device}__retrans_time_ms": 100,
                },
            )

    def remove(self):
        if self.server is not None:
            self.server.kill()
            self.server.wait()
            self.server.stdout.close()
        for name in self.names.values():
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)


@pytest.fixture(scope="module")
def lab():
    missing = [tool for tool in ("ip", "nft", "sysctl", "setpriv") if shutil.which(tool) is None]
    reason = f"{', '.join(missing)} missing" if missing else ""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        reason = "network namespaces need Linux and root"
    if reason:
        if os.environ.get("CI") == "true":
            pytest.fail(f"not skipped in CI: {reason}")
        pytest.skip(reason)
    lab = Lab()
    try:
        lab.build()
        yield lab
    finally:
        lab.remove()


@pytest.mark.parametrize(("target", "source"), [(TARGET, PROBER), (TARGET6, PROBER6)])
def test_an_answer_across_the_router_is_timed_by_the_kernel(lab, target, source):
    (outcome,) = lab.measure(["exchange", target, 5300, 10])
    state, reason, icmp, ours, data, latency, clock, elapsed, _ = outcome
    assert (state, reason, icmp, ours) == ("open", "udp-response", None, source)
    assert data == "re:hello"
    assert clock == "kernel-timestamp"
    assert 0 < latency <= elapsed


@pytest.mark.parametrize(
    ("port", "state", "reason", "v4", "v6"),
    [
        (1006, "closed", "port-unreach", [3, 3, TARGET], [1, 4, TARGET6]),
        (1002, "filtered", "port-unreach", [3, 3, ROUTER], [1, 4, ROUTER6]),
        (1003, "filtered", "admin-prohibited", [3, 13, ROUTER], [1, 1, ROUTER6]),
        (1004, "unreachable", "host-unreach", [3, 1, ROUTER], [1, 3, ROUTER6]),
        (1005, "unreachable", "net-unreach", [3, 0, ROUTER], [1, 0, ROUTER6]),
    ],
)
def test_a_refused_datagram_names_who_refused(lab, port, state, reason, v4, v6):
    four, six = lab.measure(["exchange", TARGET, port, 10], ["exchange", TARGET6, port, 10])
    assert four[:4] == [state, reason, v4, PROBER]
    assert six[:4] == [state, reason, v6, PROBER6]


def test_a_dropped_datagram_is_open_or_filtered(lab):
    (outcome,) = lab.measure(["exchange", TARGET, 1001, 0.3])
    assert outcome[:4] == ["open|filtered", "no-response", None, PROBER]


def test_a_dead_host_is_unreachable_and_the_last_hop_says_so(lab):
    behind, near, near6 = lab.measure(
        ["exchange", "10.77.2.77", 53, 10],
        ["exchange", "10.77.1.77", 53, 10],
        ["exchange", "fd77:1::77", 53, 10],
    )
    assert behind[:3] == ["unreachable", "host-unreach", [3, 1, ROUTER]]
    assert near[:3] == ["unreachable", "host-unreach", [3, 1, PROBER]]
    assert near6[:3] == ["unreachable", "host-unreach", [1, 3, PROBER6]]


def test_no_route_here_and_no_route_there_are_told_apart(lab):
    here, there = lab.measure(["exchange", "10.200.0.1", 53, 10], ["exchange", "10.99.0.1", 53, 10])
    assert here[:3] == ["unreachable", "net-unreach", None]
    assert there[:3] == ["unreachable", "net-unreach", [3, 0, ROUTER]]


def test_our_own_firewall_is_not_the_networks_fault(lab):
    rules = """table inet own { chain output {
        type filter hook output priority 0;
        udp dport 1010 drop
        udp dport 1011 reject with icmpx admin-prohibited
    }\n}"""
    lab.run("prober", "nft", "-f", "-", input=rules)
    try:
        dropped, rejected = lab.measure(
            ["exchange", TARGET, 1010, 10], ["exchange", TARGET, 1011, 10]
        )
    finally:
        lab.run("prober", "nft", "delete", "table", "inet", "own")
    assert dropped[:2] == ["error", "permission-denied"]
    assert "this machine's own firewall" in dropped[8]
    assert rejected[:3] == ["filtered", "admin-prohibited", [3, 13, PROBER]]


def test_a_narrow_path_does_not_swallow_a_large_datagram(lab):
    """The first is refused as too big with the path's MTU; it goes again, in fragments."""
    narrow = (("router", "toTarget"), ("target", "toRouter"))
    for who, device in narrow:
        lab.run(who, "ip", "link", "set", device, "mtu", "1280")
    try:
        program = PROGRAM.replace('b"hello"', "bytes(1400)")
        output = lab.run(
            "prober",
            sys.executable,
            "-c",
            program,
            input=json.dumps([["exchange", TARGET, 5300, 5], ["exchange", TARGET6, 5300, 5]]),
        )
    finally:
        for who, device in narrow:
            lab.run(who, "ip", "link", "set", device, "mtu", "1500")
    assert [outcome[0] for outcome in json.loads(output)] == ["open", "open"]


@pytest.mark.parametrize("way", ["datagram", "raw", "system"])
@pytest.mark.parametrize(("target", "source"), [(TARGET, PROBER), (TARGET6, PROBER6)])
def test_a_host_that_lives_answers_an_echo_whatever_the_way(lab, way, target, source):
    (outcome,) = lab.measure([way, target, 10])
    assert outcome[:4] == ["open", "echo-reply", None, source]
    assert 0 <= outcome[5] <= outcome[7]
    assert outcome[6] == ("monotonic" if way == "system" else "kernel-timestamp")


@pytest.mark.parametrize("way", ["datagram", "raw", "system"])
def test_an_echo_that_is_refused_names_who_refused(lab, way):
    outcomes = lab.measure(
        *([way, host, 10] for host in ("10.78.255.2", "10.78.255.3", "10.78.255.4", "10.99.0.1"))
    )
    assert [outcome[:3] for outcome in outcomes] == [
        ["filtered", "admin-prohibited", [3, 13, ROUTER]],
        ["filtered", "port-unreach", [3, 3, ROUTER]],
        ["unreachable", "host-unreach", [3, 1, ROUTER]],
        ["unreachable", "net-unreach", [3, 0, ROUTER]],
    ]


@pytest.mark.parametrize("way", ["datagram", "raw"])
def test_an_echo_to_a_missing_neighbour_is_unreachable_and_says_who_looked(lab, way):
    behind, near, near6 = lab.measure(
        [way, "10.77.2.77", 10], [way, "10.77.1.77", 10], [way, "fd77:1::77", 10]
    )
    assert behind[:3] == ["unreachable", "host-unreach", [3, 1, ROUTER]]
    assert near[:3] == ["unreachable", "host-unreach", [3, 1, PROBER]]
    assert near6[:3] == ["unreachable", "host-unreach", [1, 3, PROBER6]]


@pytest.mark.parametrize("way", ["datagram", "raw", "system"])
def test_an_echo_that_is_dropped_is_filtered(lab, way):
    dropped, nowhere = lab.measure([way, "10.78.255.1", 0.3], [way, "10.200.0.1", 0.3])
    assert dropped[:2] == ["filtered", "no-response"]
    assert nowhere[:2] == ["unreachable", "net-unreach"]


@pytest.mark.parametrize("way", ["datagram", "raw"])
def test_a_thousand_hosts_at_once_are_all_found_and_the_dead_among_them_are_not(lab, way):
    alive = [f"10.78.{n >> 8}.{n & 255}" for n in range(1, 1001)]
    dead = ["10.78.255.1", "10.78.255.2", "10.78.255.3", "10.78.255.4"] * 25
    outcomes = lab.measure(*([way, host, 5] for host in [*alive, *dead]))
    assert {tuple(outcome[:2]) for outcome in outcomes[:1000]} == {("open", "echo-reply")}
    assert {outcome[0] for outcome in outcomes[1000:]} == {"filtered", "unreachable"}


def test_an_ordinary_user_may_ping_and_is_told_who_refused(lab):
    alive, refused, datagram = lab.measure(
        ["any", TARGET, 10],
        ["any", "10.78.255.2", 10],
        ["exchange", TARGET, 1002, 10],
        unprivileged=True,
    )
    assert alive[:2] == ["open", "echo-reply"]
    assert refused[:3] == ["filtered", "admin-prohibited", [3, 13, ROUTER]]
    assert datagram[:3] == ["filtered", "port-unreach", [3, 3, ROUTER]]


def test_a_user_who_may_not_ping_at_all_is_told_how_to_allow_it(lab):
    lab.set("prober", ipv4__ping_group_range="1 0")
    try:
        (outcome,) = lab.measure(["any", TARGET, 5], unprivileged=True)
    finally:
        lab.set("prober", ipv4__ping_group_range="0 2147483647")
    # The bounding set takes the capability of the system's ping away as well.
    assert outcome[:2] == ["error", "permission-denied"]
    assert "ping_group_range" in outcome[8]

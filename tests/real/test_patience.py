"""Silent, slow and lossy hosts behind a router that limits its errors, and packets counted there.

    client 10.3.1.9 ── 10.3.1.1 router 10.3.2.1 ── 10.3.2.10 to 10.3.2.13 hosts

Nobody has 10.3.2.77, which the router finds out after three unanswered ARP requests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real.processes import listen, run

ROOT = Path(__file__).parent.parent.parent
QUICK, SLOW, LOSSY, DROPS = (f"10.3.2.{last}" for last in range(10, 14))
NOBODY, ROUTER = "10.3.2.77", "10.3.1.1"
BANNER_AFTER, SNMP_AFTER = 7.0, 6.0
PORTS = range(4001, 4021)
CLOSED = range(4021, 4023)
SYNS, DATAGRAMS = 32, 4
"""Packets that two attempts one after another took on a system that sends a SYN every second."""
RULES = f"""table ip patience {{
  counter syns {{ }}
  counter datagrams {{ }}
  set sources {{ type inet_service; flags dynamic; }}
  chain way {{
    type filter hook forward priority 0; policy accept;
    ip protocol udp ip daddr {DROPS} counter name datagrams
    tcp flags & (syn | ack) == syn ip daddr {{ {DROPS}, {QUICK} }} counter name syns
    tcp flags & (syn | ack) == syn ip daddr {DROPS} add @sources {{ tcp sport }}
    ip daddr {DROPS} drop
    ip daddr {LOSSY} numgen random mod 4 == 0 drop
    ip saddr {LOSSY} numgen random mod 4 == 0 drop
  }}
}}"""
HEAD = """id = "patience"
name = "Patience"
version = "1"
source = "test"
url = "https://example.org"
[[category]]
id = "one"
title = "One"
[[role]]
id = "host"
title = "Host"
category = "one"
"""
CHECK = """[[check]]
id = "host.p{port}"
category = "one"
role = "host"
title = "Port {port}"
probe = "tcp"
transport = "tcp"
port = {port}
purpose = "Is it there?"
consequence = "Unknown."
fix = "Allow it."
"""
Rows = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Site:
    """The namespaces; `client` is where the measuring is done, packets are counted on `router`."""

    client: str
    router: str

    def packets(self) -> dict[str, int]:
        """Packets counted since the last call."""
        words = ("ip", "netns", "exec", self.router, "nft", "--json", "reset", "counters")
        found = json.loads(run(*words))["nftables"]
        return {
            one["counter"]["name"]: one["counter"]["packets"] for one in found if "counter" in one
        }

    def sources(self) -> set[int]:
        """Ports from which DROPS was connected to."""
        words = ("nft", "--json", "list", "set", "ip", "patience", "sources")
        found = json.loads(run("ip", "netns", "exec", self.router, *words))["nftables"]
        (held,) = (one["set"] for one in found if "set" in one)
        return set(held.get("elem", ()))


@pytest.fixture(scope="module")
def site(need) -> Iterator[Site]:
    need("ip", "nft", "sysctl")
    client, router, hosts = (f"patience{os.getpid()}{letter}" for letter in "crh")
    with ExitStack() as down:
        for name in (client, router, hosts):
            run("ip", "netns", "add", name)
            down.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for near, cable in ((client, "near"), (hosts, "far")):
            run(*f"ip -n {near} link add eth0 type veth peer name {cable} netns {router}".split())
        addresses = (
            (client, "eth0", "10.3.1.9/24"),
            (router, "near", f"{ROUTER}/24"),
            (router, "far", "10.3.2.1/24"),
            *((hosts, "eth0", f"{address}/24") for address in (QUICK, SLOW, LOSSY, DROPS)),
        )
        for name, device, address in addresses:
            run(*f"ip -n {name} address add {address} dev {device}".split())
            run(*f"ip -n {name} link set {device} up".split())
        for name, gateway in ((client, ROUTER), (hosts, "10.3.2.1")):
            run(*f"ip -n {name} route add default via {gateway}".split())
        run("ip", "netns", "exec", router, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        run("ip", "netns", "exec", router, "nft", RULES)
        server = [str(Path(__file__).parent / "site" / "slow.py"), QUICK, SLOW, LOSSY]
        times = [str(BANNER_AFTER), str(SNMP_AFTER)]
        words = ["ip", "netns", "exec", hosts, sys.executable, *server, *times]
        listen(words, "ready", down)
        yield Site(client, router)


@pytest.fixture
def measured(site: Site, tmp_path: Path) -> Callable[..., Rows]:
    """Rows by check of a run of the program on the client."""

    def measure(*words: str) -> Rows:
        site.packets()
        command = [sys.executable, "-m", "tui", "run", "--json", "--yes"]
        done = subprocess.run(
            ["ip", "netns", "exec", site.client, *command, "--log", tmp_path / "log", *words],
            cwd=ROOT,
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        records = [json.loads(line) for line in done.stdout.splitlines()]
        rows = {record["check"]: record for record in records if record["type"] == "result"}
        assert rows, done.stderr
        return rows

    return measure


def test_a_windows_target_that_drops_everything_gets_no_more_packets_than_it_did(
    site: Site, measured: Callable[..., Rows]
) -> None:
    rows = measured(f"windows.target={DROPS}")
    sent = site.packets()
    connected = [row for row in rows.values() if row["transport"] == "tcp" and row["attempts"]]
    assert len(connected) == 4
    assert {row["attempts"] for row in connected} == {2}
    assert {(row["state"], row["reason"]) for row in connected} == {("filtered", "no-response")}
    assert sent["syns"] <= SYNS
    assert sent["datagrams"] == DATAGRAMS
    # Each connect has a port of its own.
    assert len(site.sources()) == 2 * len(connected)
    assert all("asked twice: dropped on the way" in row["note"] for row in connected)


def test_a_windows_computer_that_answers_is_asked_nothing_more(
    site: Site, measured: Callable[..., Rows]
) -> None:
    rows = measured(f"windows.target={QUICK}")
    assert rows["windows.winrm"]["status"] == "ok"
    enabling = [row for check, row in rows.items() if check.startswith("enable.")]
    assert {(row["status"], row["attempts"]) for row in enabling} == {("not needed", 0)}
    # The connect, and the question for the logins on a second one.
    assert site.packets()["syns"] == 2


def test_nobody_at_an_address_is_told_by_a_router_that_limits_its_errors(
    measured: Callable[..., Rows],
) -> None:
    rows = measured(f"windows.target={NOBODY}")
    connected = [row for row in rows.values() if row["transport"] == "tcp" and row["attempts"]]
    assert {row["reason"] for row in connected} == {"host-unreach"}
    assert {row["icmp"]["from"] for row in connected} == {ROUTER}


def test_a_fourth_of_all_packets_lost_makes_no_open_port_a_silent_one(
    tmp_path: Path, measured: Callable[..., Rows]
) -> None:
    profile = tmp_path / "profile.toml"
    profile.write_text(HEAD + "".join(CHECK.format(port=port) for port in (*PORTS, *CLOSED)))
    rows = measured("--profile", str(profile), f"host={LOSSY}")
    states = {check: row["state"] for check, row in rows.items()}
    assert states == {
        **{f"host.p{port}": "open" for port in PORTS},
        **{f"host.p{port}": "closed" for port in CLOSED},
    }


def test_an_ssh_server_that_speaks_after_seven_seconds_is_not_blocked(
    measured: Callable[..., Rows],
) -> None:
    row = measured(f"unix.target={SLOW}")["unix.ssh"]
    assert (row["status"], row["service"]) == ("ok", "confirmed")
    assert "OpenSSH 9.2p1" in row["note"]
    assert f"it answered after {BANNER_AFTER:g}" in row["note"]
    assert row["timings_ms"]["banner"] >= BANNER_AFTER * 1000
    # The round trip is the network's, not the server's.
    assert row["latency_ms"] < 1000


def test_an_snmp_agent_that_answers_after_six_seconds_is_not_blocked(
    measured: Callable[..., Rows],
) -> None:
    row = measured(f"snmp.device={SLOW}")["snmp.snmp"]
    assert (row["status"], row["service"]) == ("ok", "confirmed")
    assert f"it answered after {SNMP_AFTER:g}" in row["note"]
    assert row["latency_ms"] >= SNMP_AFTER * 1000

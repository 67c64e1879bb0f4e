"""Parties that have to change something, in namespaces: a router, our own rules, a silent host."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from tests.real.processes import listen, run

ROOT = Path(__file__).parent.parent.parent
HERE, ROUTER = "10.77.0.9", "10.77.0.1"
UNIX, HYPERV, PORTS = "10.77.1.31", "10.77.1.32", "10.77.1.33"
"""Hosts behind a router that rejects TCP 22, TCP 5985, and UDP 161 in three ICMP codes."""
MUTE, OWN, CONTROLLER = "10.77.1.34", "10.77.1.35", "10.77.1.36"
"""A host that the router drops entirely, one that our own rules block, and a controller."""
ROUTER_RULES = f"""table inet path {{
  chain on {{
    type filter hook forward priority 0; policy accept;
    ip daddr {UNIX} tcp dport 22 reject with icmp type admin-prohibited
    ip daddr {HYPERV} tcp dport 5985 reject with icmp type host-prohibited
    ip daddr {PORTS} udp dport 161 reject with icmp type port-unreachable
    ip daddr {MUTE} drop
  }}
}}"""
UNROUTED = "10.78.0.1"
"""An address that our own routes call unreachable."""
OWN_RULES = f"""table inet own {{
  chain away {{
    type filter hook output priority 0; policy accept;
    ip daddr {OWN} tcp dport 22 drop
    ip daddr {OWN} tcp dport 139 reject with icmp type admin-prohibited
    ip daddr {OWN} udp dport 161 drop
    ip daddr {OWN} udp dport 53 reject
  }}
}}"""
KERBEROS = """
import asyncio

async def closed(reader, writer):
    writer.close()

async def main():
    server = await asyncio.start_server(closed, "10.77.1.36", 88)
    print("listens", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def near(need) -> Iterator[str]:
    """A namespace with its own rules, before a router with rules of its own."""
    need("ip", "sysctl", "nft")
    names = near, router, far = [f"reach{os.getpid()}{letter}" for letter in "xyz"]
    with ExitStack() as down:
        for name in names:
            run("ip", "netns", "add", name)
            down.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        for number, end in enumerate((near, far)):
            run(
                *f"ip -n {end} link add cable type veth peer name to{number} netns {router}".split()
            )
            give(router, f"to{number}", f"10.77.{number}.1/24")
        give(near, "cable", f"{HERE}/24")
        give(far, "cable", *(f"10.77.1.{host}/24" for host in range(31, 37)))
        for number, end in enumerate((near, far)):
            run("ip", "-n", end, "route", "add", "default", "via", f"10.77.{number}.1")
        run("ip", "-n", near, "route", "add", "unreachable", f"{UNROUTED}/32")
        for setting in ("net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0"):
            run("ip", "netns", "exec", router, "sysctl", "-qw", setting)
        run("ip", "netns", "exec", near, "nft", OWN_RULES)
        run("ip", "netns", "exec", router, "nft", ROUTER_RULES)
        listen(["ip", "netns", "exec", far, sys.executable, "-c", KERBEROS], "listens", down)
        yield near


def give(name: str, device: str, *addresses: str) -> None:
    for address in addresses:
        run("ip", "-n", name, "address", "add", address, "dev", device)
    run("ip", "-n", name, "link", "set", device, "up")


class Ran:
    """Records of one run, and the exports of its log."""

    def __init__(self, near: str, folder: Path, *targets: str) -> None:
        self.log = folder / "run.jsonl"
        program = [sys.executable, "-B", "-m", "tui"]
        words = [*program, "run", "--json", "--yes", "--log", str(self.log)]
        done = self.execute(["ip", "netns", "exec", near, *words, *targets])
        self.records = [json.loads(line) for line in done.splitlines()]
        assert self.records, targets

    def execute(self, command: list[str]) -> str:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=180, check=False
        )
        assert done.stdout, done.stderr
        return done.stdout

    def row(self, key: str) -> dict[str, Any]:
        return [one for one in self.records if one.get("key") == key][-1]

    def fix(self, role: str, host: str) -> list[str]:
        """Changes of the last verdict on a target."""
        found = [
            one
            for one in self.records
            if one["type"] == "verdict" and (one["role"], one["host"]) == (role, host)
        ]
        return list(found[-1]["fix"])

    @property
    def findings(self) -> list[dict[str, Any]]:
        return [one for one in self.records if one["type"] == "finding"]

    def export(self, form: str) -> str:
        return self.execute(
            [sys.executable, "-B", "-m", "tui", "export", str(self.log), "--format", form]
        )


@pytest.fixture(scope="module")
def ran(near: str, tmp_path_factory: pytest.TempPathFactory) -> Ran:
    return Ran(
        near,
        tmp_path_factory.mktemp("who"),
        f"unix.target={UNIX},{OWN},{MUTE},{UNROUTED}",
        f"hyperv.host={HYPERV},{MUTE}",
        f"snmp.device={PORTS},{OWN}",
        f"nas={OWN}",
        f"dns.server={OWN}",
        f"windows.target={MUTE}",
        f"windows.dc={CONTROLLER}",
    )


@pytest.mark.parametrize(
    ("role", "check", "host", "port"),
    [
        ("unix.target", "unix.ssh", UNIX, "TCP 22"),
        ("hyperv.host", "hyperv.winrm", HYPERV, "TCP 5985"),
        ("snmp.device", "snmp.snmp", PORTS, "UDP 161"),
    ],
)
def test_the_rejecting_router_is_named_by_row_verdict_report_and_request(
    ran: Ran, role: str, check: str, host: str, port: str
) -> None:
    assert ran.row(f"{check}|{host}")["icmp"]["from"] == ROUTER
    assert ran.fix(role, host) == [f"Allow {port} from {HERE} to the host on {ROUTER}."]
    (row,) = (
        one
        for one in csv.DictReader(io.StringIO(ran.export("csv")))
        if (one["check"], one["host"]) == (check, host)
    )
    assert row["to change by"] == ROUTER
    assert row["to change"] == f"Allow {port} from {HERE} to {host} on {ROUTER}."
    (flow,) = (
        one
        for one in csv.DictReader(io.StringIO(ran.export("firewall-csv")))
        if one["Destination"] == host
    )
    assert flow["To change by"] == ROUTER


def test_all_that_the_router_rejects_is_one_finding(ran: Ran) -> None:
    (finding,) = (one for one in ran.findings if one["text"].startswith(f"{ROUTER} rejects"))
    assert (finding["rows"], finding["sure"]) == (3, "certain")
    assert finding["fix"].endswith(f" on {ROUTER}.")


@pytest.mark.parametrize(
    ("role", "check", "port"),
    [("unix.target", "unix.ssh", "TCP 22"), ("nas", "nas.netbios", "TCP 139")],
)
def test_our_own_drop_and_reject_are_our_own_firewalls(
    ran: Ran, role: str, check: str, port: str
) -> None:
    assert ran.row(f"{check}|{OWN}")["status"] == "blocked"
    assert ran.fix(role, OWN) == [f"Allow {port} to the host in the firewall of this machine."]


@pytest.mark.parametrize(
    ("check", "status"), [("snmp.snmp", "error"), ("discovery.dns", "blocked")]
)
def test_a_datagram_that_our_own_rules_drop_or_reject_is_our_own_firewalls(
    ran: Ran, check: str, status: str
) -> None:
    row = ran.row(f"{check}|{OWN}")
    (told,) = (
        one
        for one in csv.DictReader(io.StringIO(ran.export("csv")))
        if (one["check"], one["host"]) == (check, OWN)
    )
    assert (row["status"], told["to change by"]) == (status, "this machine's own firewall")


def test_what_our_own_rules_stop_is_one_finding_and_in_nobodys_request(ran: Ran) -> None:
    (finding,) = (one for one in ran.findings if "own firewall" in one["text"])
    assert finding["kind"] == "this machine"
    assert finding["text"].startswith("This machine's own firewall does not let out TCP 22 and 139")
    assert finding["rows"] == 4
    asked = ran.export("firewall-csv")
    assert UNIX in asked and OWN not in asked
    left = ran.export("firewall").partition("## Left out")[2]
    assert left.count(f"| {OWN} |") == 4
    assert "This machine's own firewall does not let it out" in left


def test_an_address_that_our_own_routes_call_unreachable_is_no_host_that_is_down(ran: Ran) -> None:
    assert ran.row(f"unix.ssh|{UNROUTED}")["reason"] == "host-unreach"
    assert ran.fix("unix.target", UNROUTED) == ["Give this machine a route to the host."]
    assert UNROUTED not in ran.export("firewall-csv")


@pytest.mark.parametrize("role", ["windows.target", "hyperv.host", "unix.target"])
def test_a_silent_host_is_to_be_started_or_let_through(ran: Ran, role: str) -> None:
    # What the domain controllers lack comes after it.
    fix = ran.fix(role, MUTE)[0]
    assert fix.startswith("Start the host or correct its address, or allow ")
    assert not any("PowerShell" in one for one in ran.fix(role, MUTE))


def test_a_controller_that_refuses_389_has_ldap_started_in_both_verdicts(ran: Ran) -> None:
    nothing = "nothing listens on TCP 389, or a firewall refuses it."
    assert f"Start LDAP on the host or correct the port: {nothing}" in ran.fix(
        "windows.dc", CONTROLLER
    )
    assert f"Start LDAP on {CONTROLLER} or correct the port: {nothing}" in ran.fix(
        "windows.target", MUTE
    )

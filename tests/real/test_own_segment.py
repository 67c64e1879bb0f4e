"""A host on the other end of a cable: its MAC address, and its limit of one ICMP error a second."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.real.processes import run

ROOT = Path(__file__).parent.parent.parent
HOST, NOBODY, MAC = "10.9.0.2", "10.9.0.3", "02:00:00:00:09:02"
ROUTER, BEHIND, FORBIDDEN = "10.9.0.4", "10.10.0.1", "10.9.0.5"
"""A router that is not there, a host behind it, and one that this machine's own rules reject."""
RULES = f"""table inet own {{
  chain away {{
    type filter hook output priority 0; policy accept;
    ip daddr {FORBIDDEN} reject with icmp type host-unreachable
  }}
}}"""
PORTS = range(4001, 4011)
REJECTED = range(5001, 5021)
REJECTING = f"""table inet own {{
  chain in {{
    type filter hook input priority 0; policy accept;
    tcp dport {REJECTED[0]}-{REJECTED[-1]} reject with icmpx type admin-prohibited
  }}
}}"""
"""The host's own rule: it rejects more ports at once than it may send ICMP errors."""
HEAD = """id = "segment"
name = "Segment"
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
id = "host.{name}"
category = "one"
role = "host"
title = "{name}"
probe = "{probe}"
transport = "{transport}"
{port}
purpose = "Is it there?"
consequence = "Unknown."
fix = "Allow it."
"""


@pytest.fixture(scope="module")
def client(need) -> Iterator[str]:
    """A namespace with a cable to HOST, which has no listener and limits its ICMP errors."""
    need("ip", "sysctl", "nft")
    near, far = (f"reach{os.getpid()}{letter}" for letter in "nf")
    with ExitStack() as down:
        for name in (near, far):
            run("ip", "netns", "add", name)
            down.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run(*f"ip -n {near} link add cable type veth peer name cable netns {far}".split())
        run(*f"ip -n {far} link set cable address {MAC}".split())
        for name, address in ((near, "10.9.0.1/24"), (far, f"{HOST}/24")):
            run(*f"ip -n {name} address add {address} dev cable".split())
            run(*f"ip -n {name} link set cable up".split())
        limit = ("net.ipv4.icmp_ratelimit=1000", "net.ipv4.icmp_ratemask=6168")
        run("ip", "netns", "exec", far, "sysctl", "-qw", *limit)
        run("ip", "netns", "exec", near, "sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
        run(*f"ip -n {near} route add 10.10.0.0/16 via {ROUTER}".split())
        run("ip", "netns", "exec", near, "nft", RULES)
        run("ip", "netns", "exec", far, "nft", REJECTING)
        yield near


def measured(
    client: str, folder: Path, host: str, *checks: str, timeout: float = 4.0
) -> dict[str, dict]:
    """The rows of a run of the program in the namespace, by check."""
    return rows_of(recorded(client, folder, host, *checks, timeout=timeout))


def rows_of(records: list[dict]) -> dict[str, dict]:
    return {record["check"]: record for record in records if record["type"] == "result"}


def recorded(
    client: str, folder: Path, host: str, *checks: str, timeout: float = 4.0
) -> list[dict]:
    """The records of a run of the program in the namespace."""
    profile = folder / "profile.toml"
    profile.write_text(HEAD + "".join(checks))
    words = ["run", "--json", "--yes", "--profile", profile, "--log", folder / "log.jsonl"]
    words += ["--timeout", str(timeout)]
    done = subprocess.run(
        ["ip", "netns", "exec", client, sys.executable, "-m", "tui", *words, f"host={host}"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert rows_of(records), done.stderr
    return records


PING = CHECK.format(name="ping", probe="ping", transport="icmp", port="")
UDP = [
    CHECK.format(name=f"u{port}", probe="udp", transport="udp", port=f"port = {port}")
    for port in PORTS
]


def test_one_rule_of_a_host_is_one_finding_though_it_limits_its_errors(
    client: str, tmp_path: Path
) -> None:
    checks = [
        CHECK.format(name=f"t{port}", probe="tcp", transport="tcp", port=f"port = {port}")
        for port in REJECTED
    ]
    records = recorded(client, tmp_path, HOST, *checks, timeout=0.5)
    (finding,) = (record for record in records if record["type"] == "finding")
    rows = rows_of(records)
    reasons = {row["reason"] for row in rows.values()}
    assert reasons == {"admin-prohibited", "no-response"}
    assert len(finding["keys"]) == len(rows) == len(REJECTED)
    assert f"The own firewall of {HOST} rejects" in finding["text"]
    assert ", and likely " in finding["text"]
    assert finding["sure"] == "likely"
    assert finding["fix"] == f"Allow 20 TCP ports from 10.9.0.1 in the firewall of {HOST} itself."


def test_the_host_beside_us_has_its_mac_address(client: str, tmp_path: Path) -> None:
    row = measured(client, tmp_path, HOST, PING)["host.ping"]
    assert (row["state"], row["facts"]["mac"]) == ("open", MAC)


def test_an_address_that_nobody_has_gets_no_mac(client: str, tmp_path: Path) -> None:
    row = measured(client, tmp_path, NOBODY, PING)["host.ping"]
    assert row["state"] == "unreachable"
    assert row["note"].startswith("No ARP reply: the host is down or its address is not in use.")
    assert "mac" not in row["facts"]


def test_nobody_answering_arp_is_told_even_when_the_kernel_has_not_given_up(
    client: str, tmp_path: Path
) -> None:
    row = measured(client, tmp_path, "10.9.0.4", PING, timeout=0.5)["host.ping"]
    assert (row["state"], row["reason"]) == ("filtered", "no-response")
    assert "no ARP reply either: the host is down" in row["note"]


def test_no_closed_port_is_called_silent_when_the_host_limits_its_errors(
    client: str, tmp_path: Path
) -> None:
    rows = measured(client, tmp_path, HOST, PING, *UDP)
    seen = {check: (row["state"], row["reason"]) for check, row in rows.items()}
    assert seen.pop("host.ping") == ("open", "echo-reply")
    assert seen == {f"host.u{port}": ("closed", "port-unreach") for port in PORTS}
    tries = [row["attempts"] for row in rows.values()]
    assert max(tries) == 2, "the limit was never met, so nothing is shown"


TCP = CHECK.format(name="tcp", probe="tcp", transport="tcp", port="port = 4001")


@pytest.mark.parametrize(
    ("host", "note"),
    [
        (BEHIND, f"The next router {ROUTER} does not answer (no ARP reply)."),
        (FORBIDDEN, "This machine itself (10.9.0.1) rejected it: host unreachable."),
    ],
)
def test_what_this_machine_says_is_not_laid_on_the_host(
    client: str, tmp_path: Path, host: str, note: str
) -> None:
    for row in measured(client, tmp_path, host, TCP, UDP[0]).values():
        assert row["reason"] == "host-unreach"
        assert row["note"].startswith(note)

"""Addresses of a network that nobody uses, on our segment, behind a router and behind a firewall.

    client 10.66.1.1 ── 10.66.1.2 router 10.66.2.1 ── 10.66.2.71 to 10.66.2.75 hosts
                        and 10.66.1.71 to 10.66.1.75

The hosts accept connections on TCP 22 and greet as an SSH server does; 75 drops everything but ARP.
The router is limited to a few ICMP errors a second.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.real.processes import listen, run

ROOT = Path(__file__).parent.parent.parent
NEAR, FAR = "10.66.1", "10.66.2"
ANSWERING = (71, 72, 73, 74)
SILENT = 75
USED = (*ANSWERING, SILENT)
ADDRESSES = range(65, 127)
"""Of the /26 they are in."""
DROPS = f"""table inet own {{
  chain inwards {{
    type filter hook input priority 0; policy accept;
    ip daddr {{ {NEAR}.{SILENT}, {FAR}.{SILENT} }} drop
  }}
}}"""
DROPS_ALL = f"""table inet before {{
  chain through {{
    type filter hook forward priority 0; policy accept;
    ip daddr {FAR}.0/24 drop
  }}
}}"""
REJECTS = DROPS_ALL.replace("drop", "reject with icmp type admin-prohibited")
SSHD = """
import asyncio

async def greet(reader, writer):
    writer.write(b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\\r\\n")
    await reader.read(256)
    writer.close()

async def main():
    server = await asyncio.start_server(greet, "0.0.0.0", 22)
    print("ready", flush=True)
    await server.serve_forever()

asyncio.run(main())
"""
"""An SSH server as far as its greeting, on every address of its namespace."""


@dataclass(frozen=True)
class Measured:
    """One run: its exit status, what it printed, and the records of its log."""

    status: int
    text: str
    records: list[dict[str, Any]]

    @property
    def rows(self) -> dict[str, str]:
        """Status of each host's last row."""
        return {one["host"]: one["status"] for one in self.records if one["type"] == "result"}

    @property
    def verdicts(self) -> dict[str, str]:
        return {one["host"]: one["verdict"] for one in self.records if one["type"] == "verdict"}

    @property
    def findings(self) -> list[str]:
        return [one["text"] for one in self.records if one["type"] == "finding"]


@pytest.fixture(scope="module")
def spaces(need) -> Iterator[dict[str, str]]:
    """Namespaces of the client, the router with the near hosts, and the far hosts."""
    need("ip", "sysctl", "nft")
    names = {one: f"ar-unused-{one}" for one in ("client", "router", "far")}
    with ExitStack() as down:
        for name in names.values():
            run("ip", "netns", "add", name)
            down.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        client, router, far = names.values()
        run(*f"ip -n {client} link add east type veth peer name west netns {router}".split())
        run(*f"ip -n {router} link add east type veth peer name west netns {far}".split())
        addresses = {
            (client, "east"): [f"{NEAR}.1"],
            (router, "west"): [f"{NEAR}.2", *(f"{NEAR}.{host}" for host in USED)],
            (router, "east"): [f"{FAR}.1"],
            (far, "west"): [f"{FAR}.{host}" for host in USED],
        }
        for (name, link), its in addresses.items():
            for address in its:
                run(*f"ip -n {name} address add {address}/24 dev {link}".split())
            run(*f"ip -n {name} link set {link} up".split())
        for setting in (
            "net.ipv4.ip_forward=1",
            "net.ipv4.icmp_ratelimit=1000",
            "net.ipv4.icmp_ratemask=6168",
        ):
            run("ip", "netns", "exec", router, "sysctl", "-qw", setting)
        run(*f"ip -n {client} route add {FAR}.0/24 via {NEAR}.2".split())
        run(*f"ip -n {far} route add {NEAR}.0/24 via {FAR}.1".split())
        for name in (router, far):
            run("ip", "netns", "exec", name, "nft", DROPS)
            listen(["ip", "netns", "exec", name, sys.executable, "-c", SSHD], "ready", down)
        yield names


@pytest.fixture
def rules(spaces: dict[str, str]) -> Iterator[Callable[[str], str]]:
    """Load rules into the router, until the end of the test."""
    router = ["ip", "netns", "exec", spaces["router"], "nft"]
    yield lambda text: run(*router, text)
    subprocess.run([*router, "delete table inet before"], check=False, capture_output=True)


def measured(spaces: dict[str, str], folder: Path, *targets: str, timeout: float = 4.0) -> Measured:
    log = folder / "log.jsonl"
    log.unlink(missing_ok=True)
    words = [sys.executable, "-m", "tui", "run", "--yes", "--log", str(log)]
    words += ["--timeout", f"{timeout}"]
    done = subprocess.run(
        ["ip", "netns", "exec", spaces["client"], *words, *targets],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert log.exists(), done.stderr
    records = [json.loads(line) for line in log.read_text().splitlines()]
    return Measured(done.returncode, done.stdout, records)


def exported(folder: Path) -> str:
    words = [sys.executable, "-m", "tui", "export", str(folder / "log.jsonl")]
    done = subprocess.run(
        [*words, "--format", "firewall"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return done.stdout


def names(network: str, numbers: Iterable[int]) -> set[str]:
    return {f"{network}.{number}" for number in numbers}


def test_on_our_segment_only_the_five_hosts_count(spaces: dict[str, str], tmp_path: Path) -> None:
    found = measured(spaces, tmp_path, f"unix.target={NEAR}.64/26")
    absent = {host for host, status in found.rows.items() if status == "no host"}
    assert absent == names(NEAR, ADDRESSES) - names(NEAR, USED)
    # It drops every packet, but its ARP reply shows that it is there.
    assert found.rows[f"{NEAR}.{SILENT}"] == "blocked"
    (note,) = [
        one["note"]
        for one in found.records
        if one.get("host") == f"{NEAR}.{SILENT}" and one["type"] == "result"
    ]
    assert "though its address answers ARP: the host is up" in note
    assert set(found.verdicts) == names(NEAR, USED)
    assert found.findings == [
        f"Nobody uses 57 of 62 addresses of {NEAR}.64/26: nothing has come from them"
    ]
    assert found.status == 3
    assert "57 no host" in found.text
    assert f"{NEAR}.100" not in found.text
    assert f"{NEAR}.100" not in exported(tmp_path)


def test_behind_a_router_its_limit_of_icmp_errors_makes_no_difference(
    spaces: dict[str, str], tmp_path: Path
) -> None:
    found = measured(spaces, tmp_path, f"unix.target={FAR}.64/26")
    told = [one for one in found.records if one["type"] == "result" and one["icmp"]]
    silent = [one for one in found.records if one.get("reason") == "no-response"]
    assert told, "the router said of none that nobody is there"
    assert silent, "the router was not limited"
    assert {one["status"] for one in (*told, *silent)} == {"no host"}
    assert set(found.verdicts) == names(FAR, ANSWERING)
    assert found.status == 0
    (finding,) = [one for one in found.records if one["type"] == "finding"]
    assert f"{NEAR}.2 says of {len(told)} of them that nobody is there" in finding["why"]
    assert "## To allow" not in exported(tmp_path)


def test_a_network_that_is_dropped_whole_has_one_verdict_and_one_finding(
    spaces: dict[str, str], rules: Callable[[str], str], tmp_path: Path
) -> None:
    rules(DROPS_ALL)
    network = f"{FAR}.64/26"
    found = measured(spaces, tmp_path, f"unix.target={network}")
    assert set(found.rows.values()) == {"no host"}
    assert found.verdicts == {network: "unknown"}
    (text,) = found.findings
    assert text == f"Nothing has come from {network}: 62 addresses without an answer on TCP 22"
    assert found.status == 5
    assert "## To allow" not in exported(tmp_path)


def test_a_host_named_singly_as_well_is_blocked(
    spaces: dict[str, str], rules: Callable[[str], str], tmp_path: Path
) -> None:
    rules(DROPS_ALL)
    network, host = f"{FAR}.64/29", f"{FAR}.71"
    found = measured(spaces, tmp_path, f"unix.target={network},{host}")
    assert found.rows[host] == "blocked"
    assert found.verdicts == {network: "unknown", host: "blocked"}
    assert found.status == 3
    assert f"| {host} |" in exported(tmp_path)


def test_what_a_firewall_says_no_to_is_blocked(
    spaces: dict[str, str], rules: Callable[[str], str], tmp_path: Path
) -> None:
    rules(REJECTS)
    # So few that the limit of ICMP errors of the router, which rejects them, is not reached.
    found = measured(spaces, tmp_path, f"unix.target={FAR}.71-73")
    assert set(found.rows.values()) == {"blocked"}
    assert set(found.verdicts.values()) == {"blocked"}
    assert found.status == 3


@pytest.mark.parametrize(
    "role",
    ["windows.target", "windows.dc", "snmp.device", "printer", "esxi.host", "discovery.host"],
)
@pytest.mark.parametrize("network", [NEAR, FAR], ids=["segment", "router"])
def test_every_row_of_every_role_is_without_a_host(
    spaces: dict[str, str], tmp_path: Path, role: str, network: str
) -> None:
    part = f"{network}.112/29"
    found = measured(spaces, tmp_path, f"{role}={part}", timeout=1)
    last = {one["key"]: one for one in found.records if one["type"] == "result"}
    assert {one["status"] for one in last.values()} == {"no host"}, found.text
    assert found.verdicts == {part: "unknown"}
    assert found.status == 5


def test_a_host_that_answers_in_one_role_is_there_in_the_others(
    spaces: dict[str, str], tmp_path: Path
) -> None:
    part = f"{FAR}.72-75"
    found = measured(spaces, tmp_path, f"snmp.device={part}", f"unix.target={part}", timeout=1)
    last = {one["key"]: one["status"] for one in found.records if one["type"] == "result"}
    assert [last[f"snmp.snmp|{FAR}.{host}"] for host in (72, 73, 74, 75)] == [
        "blocked",
        "blocked",
        "blocked",
        "no host",
    ]
    assert set(found.verdicts) == names(FAR, (72, 73, 74))

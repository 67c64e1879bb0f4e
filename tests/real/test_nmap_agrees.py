"""nmap looks at the same hosts at the same time; where it says otherwise, the table says why."""

from __future__ import annotations

import json
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
WITHIN = 120
HOSTS = [f"10.1.2.{last}" for last in (*range(10, 21), 34, 35, 53, 61, 99)]
HOSTS += ["10.1.1.77", "10.1.3.1"]
HOSTS_V6 = [f"fd00:1:2::{last}" for last in (10, 11, 12, 13, 15, 16, 99)] + ["fd00:1:1::77"]
ROLES = {("tcp", 5985): "hyperv.host", ("udp", 53): "dns.server", ("udp", 161): "snmp.device"}
SCANS = {
    "connect": ("--unprivileged", "-sT", "-p5985"),
    "syn": ("-sS", "-p5985"),
    "udp": ("-sU", "-p53,161"),
}

Where = tuple[str, str, int]
"""Host, protocol and port."""


class Said(NamedTuple):
    state: str
    reason: str


ONE_ERRNO = (
    "nmap without privileges knows only the errno of connect(), and several ICMP errors share one"
)
REJECT = (
    f"{ONE_ERRNO}: a firewall's reject with port-unreachable is called closed, as if the host had "
    "answered with RST"
)
DEAF = "nmap's connect() over IPv6 takes every ICMPv6 error for silence"
NO_WORD = "nmap has no word for what cannot be reached and calls it filtered"
BY_NAME = "nmap names codes 9 and 10 apart; here they are one reason, with the code beside it"
DEAD = (
    "nobody answers ARP or neighbour discovery there: a router says so after 3 s and the kernel at "
    "once to its own sockets, but nmap sends no packet that could be answered, or has moved on"
)

REFUSED = Said("closed", "conn-refused")
PROHIBITED = Said("filtered", "admin-prohibited")
PORT = Said("filtered", "port-unreach")
HOST = Said("unreachable", "host-unreach")
NET = Said("unreachable", "net-unreach")
LOOP = Said("unreachable", "time-exceeded")
SILENT = Said("filtered", "no-response")

EXPLAINED: dict[tuple[str, Said, Said], str] = {
    ("connect", PORT, REFUSED): REJECT,
    ("connect", PROHIBITED, Said("filtered", "host-unreach")): ONE_ERRNO,
    ("connect", PROHIBITED, Said("filtered", "net-unreach")): ONE_ERRNO,
    ("connect", LOOP, Said("filtered", "host-unreach")): ONE_ERRNO,
    ("connect", HOST, Said("filtered", "host-unreach")): NO_WORD,
    ("connect", NET, Said("filtered", "net-unreach")): NO_WORD,
    ("connect", PORT, SILENT): DEAF,
    ("connect", PROHIBITED, SILENT): DEAF,
    ("connect", HOST, SILENT): DEAD,
    ("syn", HOST, SILENT): DEAD,
    ("udp", HOST, Said("open|filtered", "no-response")): DEAD,
    **{
        (scan, ours, Said("filtered", ours.reason)): NO_WORD
        for scan in ("syn", "udp")
        for ours in (HOST, NET, LOOP)
    },
    **{
        (scan, PROHIBITED, Said("filtered", reason)): BY_NAME
        for scan in ("syn", "udp")
        for reason in ("host-prohibited", "net-prohibited")
    },
}
"""By scan, what we say and what nmap says: why they differ."""


@pytest.fixture(scope="module")
def answers(site: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[Where, Any]]:
    """Results of auditreach (`ours`) and of three scans of nmap, made side by side."""
    log = tmp_path_factory.mktemp("nmap") / "run.jsonl"
    asked = [f"{role}={host}" for role in ROLES.values() for host in HOSTS]
    asked += [f"hyperv.host={host}" for host in HOSTS_V6]
    command = site.command(sys.executable, "-B", "-m", "tui", "run", *asked)
    with ThreadPoolExecutor() as pool:
        scans = {scan: pool.submit(nmap, site, *options) for scan, options in SCANS.items()}
        said = {"ours": ours(command, log)}
        return said | {scan: future.result() for scan, future in scans.items()}


def ours(command: list[str], log: Path) -> dict[Where, dict[str, Any]]:
    done = subprocess.run(
        [*command, "--json", "--log", str(log)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return {
        (record["host"], record["transport"], record["port"]): record
        for record in records
        if record["type"] == "result"
    }


def nmap(site: Any, *options: str) -> dict[Where, dict[str, str]]:
    """nmap's answers, at the patience of a run: two tries of 4 s."""
    patience = ("--initial-rtt-timeout", "4s", "--max-rtt-timeout", "4s", "--max-retries", "1")
    found = {}
    for family in ([], ["-6"]):
        if family and "-sU" in options:
            continue
        hosts = HOSTS_V6 if family else HOSTS
        command = site.command("nmap", *family, *options, "-n", "-Pn", "--reason", *patience)
        done = subprocess.run(
            [*command, "--disable-arp-ping", "-oX", "-", *hosts],
            capture_output=True,
            text=True,
            timeout=WITHIN,
            check=True,
        )
        for host in ET.fromstring(done.stdout).iter("host"):
            address = host.find("address")
            assert address is not None
            for port in host.iter("port"):
                state = port.find("state")
                assert state is not None
                key = (address.attrib["addr"], port.attrib["protocol"], int(port.attrib["portid"]))
                found[key] = dict(state.attrib)
    return found


def pairs(answers: dict[str, dict[Where, Any]]) -> Iterator[tuple[str, Where, Any, Any]]:
    """Scan, place, our row and nmap's, for every port both looked at."""
    for scan in SCANS:
        for where, theirs in answers[scan].items():
            yield scan, where, answers["ours"][where], theirs


def differences(answers: dict[str, dict[Where, Any]]) -> dict[tuple[str, Said, Said], list[Where]]:
    found: dict[tuple[str, Said, Said], list[Where]] = {}
    for scan, where, row, theirs in pairs(answers):
        us = Said(row["state"], row["reason"])
        # The same packet under another name: a raw scan sees a reset, a connect() a refusal.
        reason = "conn-refused" if theirs["reason"] == "reset" else theirs["reason"]
        them = Said(theirs["state"], reason)
        if us != them:
            found.setdefault((scan, us, them), []).append(where)
    return found


def test_every_port_was_looked_at_by_both(answers: dict[str, dict[Where, Any]]) -> None:
    tcp = {(host, "tcp", 5985) for host in (*HOSTS, *HOSTS_V6)}
    udp = {(host, "udp", port) for host in HOSTS for port in (53, 161)}
    assert answers["connect"].keys() == answers["syn"].keys() == tcp
    assert answers["udp"].keys() == udp
    assert answers["ours"].keys() == tcp | udp


def test_nmap_differs_only_where_it_is_explained(answers: dict[str, dict[Where, Any]]) -> None:
    unexplained = {
        key: where for key, where in differences(answers).items() if key not in EXPLAINED
    }
    assert not unexplained


def test_every_explanation_explains_something(answers: dict[str, dict[Where, Any]]) -> None:
    assert not EXPLAINED.keys() - differences(answers).keys()


def test_both_call_the_same_ports_open(answers: dict[str, dict[Where, Any]]) -> None:
    for _, where, row, theirs in pairs(answers):
        assert (row["state"] == "open") == (theirs["state"] == "open"), where


def test_raw_nmap_names_the_same_sender(answers: dict[str, dict[Where, Any]]) -> None:
    compared = 0
    for scan, where, row, theirs in pairs(answers):
        # nmap gives each SYN another time to live, and so a loop ends it elsewhere.
        if scan == "connect" or not row["icmp"] or row["reason"] == "time-exceeded":
            continue
        if theirs["reason"] == "no-response":
            continue
        assert row["icmp"]["from"] == theirs.get("reason_ip", where[0]), where
        compared += 1
    assert compared > len(HOSTS)

"""Responders made from the standards, on their real ports: nmap believes them, and we know more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

import pytest

ROOT = Path(__file__).parent.parent.parent
SERVERS = Path(__file__).parent / "site" / "hypervisors.py"
WITHIN = 120


class Seen(NamedTuple):
    ours: dict[str, dict[str, Any]]
    """Our rows by check."""
    nmap: dict[int, str]
    """All that nmap says of a port, in one text."""


@pytest.fixture(scope="module")
def seen(need: Callable[..., None]) -> Iterator[Seen]:
    """One look of auditreach and one of nmap, side by side, at a namespace of their own."""
    need("ip", "nmap")
    name = f"reach{os.getpid()}v"
    subprocess.run(["ip", "netns", "add", name], check=True)
    inside = ["ip", "netns", "exec", name]
    python = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-B"]
    server = None
    try:
        subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)
        server = subprocess.Popen([*inside, *python, SERVERS], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        with ThreadPoolExecutor() as pool:
            scan = pool.submit(nmap, inside)
            yield Seen(ours([*inside, *python]), scan.result())
    finally:
        if server is not None:
            server.kill()
            server.communicate()
        subprocess.run(["ip", "netns", "delete", name], check=True)


def ours(python: list[str]) -> dict[str, dict[str, Any]]:
    done = subprocess.run(
        [*python, "-m", "tui", "run", "esxi.host=127.0.0.1", "hyperv.host=127.0.0.2", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    return {record["check"]: record for record in records if record["type"] == "result"}


def nmap(inside: list[str]) -> dict[int, str]:
    scripts = "vmware-version,http-auth,banner"
    ports = ["-p443,902,5985", "--script", scripts, "127.0.0.1", "127.0.0.2"]
    done = subprocess.run(
        [*inside, "nmap", "-Pn", "-n", "-sV", "--version-light", "-oX", "-", *ports],
        capture_output=True,
        text=True,
        timeout=WITHIN,
        check=True,
    )
    return {
        int(port.get("portid", "0")): " ".join(
            str(value) for part in port.iter() for value in part.attrib.values()
        )
        for port in ET.fromstring(done.stdout).iter("port")
        if port.find("state[@state='open']") is not None
    }


def test_esxi_is_known_to_nmap_and_to_us_with_version_and_build(seen: Seen) -> None:
    row = seen.ours["esxi.https"]
    assert (row["status"], row["service"]) == ("ok", "confirmed")
    assert row["note"] == "VMware ESXi 8.0.1 build-21495797."
    for known in ("VMware ESXi", "8.0.1", "21495797", "embeddedEsx"):
        assert known in seen.nmap[443]
        assert known in json.dumps(row["facts"])
    assert row["facts"]["certificate"]["subject"] == "esx1.example"


def test_the_daemon_on_902_is_known_to_nmap_and_to_us(seen: Seen) -> None:
    row = seen.ours["esxi.authd"]
    assert (row["status"], row["service"]) == ("ok", "confirmed")
    assert row["facts"]["version"] == "1.10"
    assert "VMware Authentication Daemon" in seen.nmap[902]
    assert "1.10" in seen.nmap[902]


def test_port_80_redirects(seen: Seen) -> None:
    row = seen.ours["esxi.http"]
    assert (row["status"], row["facts"]["location"]) == ("ok", "https://127.0.0.1/")


def test_winrm_is_a_web_server_to_nmap_and_winrm_to_us(seen: Seen) -> None:
    row = seen.ours["hyperv.winrm"]
    assert (row["status"], row["service"]) == ("ok", "confirmed")
    assert row["facts"]["auth_methods"] == ["Negotiate", "Kerberos", "CredSSP"]
    assert row["facts"]["vendor"] == "Microsoft Corporation"
    assert "Microsoft HTTPAPI httpd" in seen.nmap[5985]
    assert "wsman" not in seen.nmap[5985].lower()

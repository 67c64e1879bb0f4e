"""A path that lets the first packet of a port through and no other: the port has one state."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.real.processes import listen, run

ROOT = Path(__file__).parent.parent.parent
HOST = "10.9.7.2"
ONCE = "limit rate over 1/hour burst 1 packets drop"
RULES = f"""table inet lossy {{
  chain in {{
    type filter hook input priority 0; policy accept;
    tcp dport 5985 tcp flags & (syn | ack) == syn {ONCE}
    tcp dport 22 tcp flags & (syn | ack) == syn {ONCE}
    udp dport 161 {ONCE}
  }}
}}"""
SERVER = f"""
import asyncio
from probes.lab import winrm

async def main():
    await winrm.start("{HOST}", 5985)
    print("ready", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""
TARGETS = ("windows.target", "hyperv.host", "unix.target", "xen.host", "snmp.device", "printer")


@pytest.fixture(scope="module")
def rows(need, tmp_path_factory) -> Iterator[dict[str, dict]]:
    """The rows of a run against a host with WinRM alone, by check."""
    need("ip", "nft", "sysctl")
    near, far = (f"port{os.getpid()}{letter}" for letter in "nf")
    with ExitStack() as down:
        for name in (near, far):
            run("ip", "netns", "add", name)
            down.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run(*f"ip -n {near} link add cable type veth peer name cable netns {far}".split())
        for name, address in ((near, "10.9.7.1/24"), (far, f"{HOST}/24")):
            run(*f"ip -n {name} address add {address} dev cable".split())
            run(*f"ip -n {name} link set cable up".split())
        run("ip", "netns", "exec", far, "nft", RULES)
        listen(["ip", "netns", "exec", far, sys.executable, "-c", SERVER], "ready", down)
        log = tmp_path_factory.mktemp("port") / "log.jsonl"
        words = ["--json", "--timeout", "1", "--answer", "enable_remoting=no", "--log", log]
        done = subprocess.run(
            ["ip", "netns", "exec", near, sys.executable, "-m", "tui", "run", *words]
            + [f"{role}={HOST}" for role in TARGETS],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        records = [json.loads(line) for line in done.stdout.splitlines()]
        found = {record["check"]: record for record in records if record["type"] == "result"}
        assert found, done.stderr
        yield found


@pytest.mark.parametrize(
    ("checks", "seen"),
    [
        (("windows.winrm", "hyperv.winrm"), ("open", "syn-ack", "confirmed", "ok")),
        (("unix.ssh", "xen.ssh"), ("closed", "conn-refused", "not asked", "blocked")),
        (("snmp.snmp", "printer.snmp"), ("closed", "port-unreach", "not asked", "blocked")),
    ],
)
def test_both_roles_of_a_port_have_the_state_that_was_told(
    rows: dict[str, dict], checks: tuple[str, str], seen: tuple[str, ...]
) -> None:
    both = [rows[check] for check in checks]
    for row in both:
        assert (row["state"], row["reason"], row["service"], row["status"]) == seen
    told = ["own attempts got no answer" in row["note"] for row in both]
    assert sorted(told) == [False, True], "nothing was lost, so nothing is shown"

"""Discovery of a host without NetBIOS, and of one by a user who may not ping."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.processes import listen, run

ROOT = Path(__file__).parent.parent.parent
WITHOUT, WITH, FIREWALLED = "127.0.0.1", "127.0.0.2", "127.0.0.3"
"""Hosts without NetBIOS and with it, and one whose firewall rejects everything in its name."""
NODE = f"""
import socket
from probes.lab.netbios import node

reply = node("FILESRV", "LAB", "001122334455")
sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
sock.bind(("{WITH}", 137))
print("ready", flush=True)
while True:
    data, peer = sock.recvfrom(2048)
    if answer := reply(data):
        sock.sendto(answer, peer)
"""
RULES = f"""table inet host {{
  chain in {{
    type filter hook input priority 0; policy accept;
    ip daddr {FIREWALLED} icmp type echo-request reject with icmp type port-unreachable
    ip daddr {FIREWALLED} meta l4proto udp reject with icmp type port-unreachable
  }}
}}"""
IP = shutil.which("ip") or "ip"
NOBODY = (shutil.which("setpriv") or "setpriv", "--reuid=65534", "--regid=65534", "--clear-groups")


@dataclass(frozen=True)
class Seen:
    """Rows and verdict of one host, and the exit status of the run."""

    rows: dict[str, dict]
    verdict: dict
    status: int


@pytest.fixture(scope="module")
def space(need) -> Iterator[str]:
    """A namespace with loopback alone, in which no group may ping."""
    need("ip", "sysctl", "nft", "setpriv", "ping")
    name = f"discovery{os.getpid()}"
    with ExitStack() as down:
        run("ip", "netns", "add", name)
        down.callback(run, "ip", "netns", "delete", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        within = ("ip", "netns", "exec", name)
        run(*within, "sysctl", "-qw", "net.ipv4.ping_group_range=1 0", "net.ipv4.icmp_ratelimit=0")
        run(*within, "nft", RULES)
        listen([*within, sys.executable, "-c", NODE], "ready", down)
        yield name


@pytest.fixture
def discovered(space: str) -> Iterator[Callable[..., Seen]]:
    """Measures a host to be discovered, as `who`; without `ping` the system's own cannot run."""
    with tempfile.TemporaryDirectory() as folder:
        # pytest's own folders are closed to other users.
        Path(folder).chmod(0o777)

        def measure(host: str, who: tuple[str, ...] = (), *, ping: bool = True) -> Seen:
            log = Path(folder) / f"{host}.jsonl"
            # Over the system's ping for this command alone: `ip netns exec` has its own mounts.
            hide = f"mount --bind /dev/null {shutil.which('ping')}; " if not ping else ""
            within = [IP, "netns", "exec", space, "sh", "-c", f'{hide}exec "$@"', "sh"]
            words = ["--json", "--timeout", "1", "--log", log, f"discovery.host={host}"]
            done = subprocess.run(
                [*within, *who, sys.executable, "-m", "tui", "run", *words],
                cwd=ROOT,
                env={"PATH": os.environ["PATH"], "HOME": folder},
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            records = [json.loads(line) for line in done.stdout.splitlines()]
            rows = {record["check"]: record for record in records if record["type"] == "result"}
            verdicts = [record for record in records if record["type"] == "verdict"]
            assert rows, done.stderr
            assert verdicts, done.stderr
            return Seen(rows, verdicts[-1], done.returncode)

        yield measure


def test_a_host_that_answers_the_ping_and_refuses_137_itself_is_ready(discovered) -> None:
    seen = discovered(WITHOUT)
    nbns = seen.rows["discovery.nbns"]
    assert (nbns["state"], nbns["reason"], nbns["status"]) == (
        *("closed", "port-unreach"),
        "unverifiable",
    )
    assert nbns["note"].endswith(
        "not every host offers this service, so this is neither a pass nor a failure."
    )
    assert (seen.verdict["verdict"], seen.status) == ("ready", 0)


def test_a_host_that_refuses_the_ping_as_well_stays_blocked(discovered) -> None:
    seen = discovered(FIREWALLED)
    assert seen.rows["discovery.ping"]["status"] == "degraded"
    assert seen.rows["discovery.nbns"]["status"] == "blocked"
    assert (seen.verdict["verdict"], seen.status) == ("blocked", 3)


@pytest.mark.parametrize("host", [WITHOUT, WITH])
@pytest.mark.parametrize(("who", "ping"), [(NOBODY, False), ((*NOBODY, "--no-new-privs"), True)])
def test_where_no_ping_is_permitted_the_row_says_so_and_the_verdict_is_not_unknown(
    discovered, host: str, who: tuple[str, ...], ping: bool
) -> None:
    seen = discovered(host, who, ping=ping)
    row = seen.rows["discovery.ping"]
    assert (row["status"], row["reason"]) == ("error", "permission-denied")
    assert "ping_group_range" in row["note"]
    assert (seen.verdict["verdict"], seen.status) == ("ready", 0)
    assert "Ping (ICMP) could not be tested" in seen.verdict["text"]


def test_the_ping_of_the_system_is_used_where_it_may_send(discovered) -> None:
    seen = discovered(WITH, NOBODY)
    assert {check: row["status"] for check, row in seen.rows.items()} == {
        "discovery.ping": "ok",
        "discovery.nbns": "ok",
        "discovery.nbdgm": "unverifiable",
    }
    assert seen.verdict["verdict"] == "ready"

"""A real agent of a device with two addresses, which answers from the one that was not asked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.real.processes import listen, run

ASKED, OTHER = "10.77.1.31", "10.77.1.32"


@pytest.fixture
def device(need: Callable[..., None], tmp_path: Path) -> Iterator[str]:
    """Namespace with a device whose answers leave under its other address."""
    need("ip", "nft", "snmpd")
    name = f"reach{os.getpid()}g"
    config = tmp_path / "snmpd.conf"
    config.write_text(
        f"agentaddress udp:{ASKED}:161\nrocommunity public\nsysName two-homed\n"
        f"[snmp] persistentDir {tmp_path}\n"
    )
    with ExitStack() as down:
        run("ip", "netns", "add", name)
        down.callback(run, "ip", "netns", "delete", name)
        run("ip", "-n", name, "link", "set", "lo", "up")
        for address in (ASKED, OTHER):
            run("ip", "-n", name, "address", "add", f"{address}/32", "dev", "lo")
        inside = ["ip", "netns", "exec", name]
        for line in (
            "add table ip homes",
            "add chain ip homes out { type filter hook output priority 0; }",
            f"add rule ip homes out udp sport 161 ip saddr set {OTHER}",
        ):
            run(*inside, "nft", line)
        agent = ("snmpd", "-f", "-C", "-c", str(config), "-LSwd", "-Lo", "-I", "-smux")
        listen([*inside, *agent], "NET-SNMP version", down)
        yield name


def test_an_agent_that_answers_from_its_other_address_is_a_warning(
    device: str, tmp_path: Path
) -> None:
    done = subprocess.run(
        [
            *("ip", "netns", "exec", device, sys.executable, "-m", "tui", "run"),
            *(f"snmp.device={ASKED}", "--json", "--timeout", "1"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "XDG_STATE_HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path)},
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    (row,) = (one for one in records if one["type"] == "result")
    assert row["status"] == "warning", row["note"]
    assert row["address"] == ASKED
    assert row["facts"]["sys_name"] == "two-homed"
    assert f"answers, but from {OTHER}" in row["note"]

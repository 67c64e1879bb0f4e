"""Snippets and confirming commands, given to the programs they are meant for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from probes.judging.status import judge
from probes.model import Job, Observation, Reason, Result, State, Target
from probes.registry import PROBES
from probes.registry.shell import System
from probes.remediation import commands, remedy
from profiles.loader import load_profile

NAMESPACE = f"reach{os.getpid()}p"
WITHIN = 60
USAGE = re.compile(
    r"usage|unrecogni[sz]ed|invalid (option|argument)|unknown (option|flag|argument|host key)"
    r"|illegal option|NSE: failed|did not match|bad (option|argument)|no such file|not found"
    r"|is unknown|bad configuration|parse error|syntax|Error in (packet|opt)|Invalid .*protocol",
    re.IGNORECASE,
)
TOOLS = (
    *("nmap", "openssl", "curl", "dig", "snmpget", "ldapsearch", "smbclient", "rpcclient"),
    *("nmblookup", "ssh", "ssh-keyscan", "ping", "getent"),
)
PROFILE = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
CONNECT = """
import socket, sys
try:
    socket.create_connection(("127.0.0.1", 22), 1).close()
    print("open")
except OSError as error:
    print(type(error).__name__)
"""
LISTEN = """
import socket
server = socket.create_server(("127.0.0.1", 22))
print("ready", flush=True)
while True:
    server.accept()[0].close()
"""


def result(check: str, address: str, source: str = "127.0.0.1", **seen) -> Result:
    known = PROFILE.check(check)
    found = Observation(
        seen.pop("state", State.FILTERED),
        seen.pop("reason", Reason.NO_RESPONSE),
        address=address,
        source=source,
        started="x",
        **seen,
    )
    return judge(Job("k", known, Target(known.role, address), known.port), found)


def ran(text: str, *before: str) -> subprocess.CompletedProcess[str]:
    """A line as somebody pastes it; root needs no sudo."""
    words = [*before, "sh", "-c", text.removeprefix("sudo ")]
    return subprocess.run(
        words, capture_output=True, text=True, timeout=WITHIN, check=False, stdin=subprocess.DEVNULL
    )


@pytest.fixture
def empty(need: Callable[..., None]) -> Iterator[list[str]]:
    """Runs a command in a network of its own, where nothing listens."""
    need("ip", "nft", "iptables")
    subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
    try:
        subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
        yield ["ip", "netns", "exec", NAMESPACE]
    finally:
        subprocess.run(["ip", "netns", "delete", NAMESPACE], check=True)


@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
@pytest.mark.parametrize("check", [check.id for check in PROFILE.checks])
def test_every_tool_takes_the_command_it_is_given(empty, need, check, address):
    need(*TOOLS)
    asked = commands(result(check, address, state=State.OPEN, reason=Reason.SYN_ACK))
    lines = [command.text for command in asked if command.system is System.UNIX]
    assert lines
    for line in lines:
        # Their patience is not what is tested.
        done = ran(line.replace("-t 4 -r 1", "-t 0.2 -r 0").replace("+tries=2", "+tries=1"), *empty)
        said = done.stdout + done.stderr
        assert not USAGE.search(said), f"{line}: {said}"
        assert done.returncode not in (126, 127), f"{line}: {said}"


def test_the_commands_find_what_people_run(site, need):
    need(*TOOLS)
    opened = {"source": "10.1.1.9", "state": State.OPEN, "reason": Reason.SYN_ACK}
    question = {"question": "22.2.1.10.in-addr.arpa PTR"}
    for check, address, facts, sign in (
        ("unix.ssh", "10.1.2.22", {}, {"nmap": "22/tcp open", "ssh-keyscan": "ssh-ed25519"}),
        ("snmp.snmp", "10.1.2.61", {}, {"nmap": "161/udp open", "snmpget -v2c": "= OID"}),
        ("discovery.dns", "10.1.2.53", question, {"nmap": "53/udp open", "dig": "HEADER"}),
    ):
        lines = [one.text for one in commands(result(check, address, facts=facts, **opened))]
        for tool, expected in sign.items():
            line = next(line for line in lines if line.removeprefix("sudo ").startswith(tool))
            done = ran(line.replace("COMMUNITY", "public"), *site.command())
            assert expected in done.stdout, f"{line}: {done.stdout}{done.stderr}"


@pytest.mark.parametrize("version", [4, 6])
@pytest.mark.parametrize("check", ["unix.ssh", "discovery.ping", "discovery.nbns"])
def test_the_rules_are_taken_by_nft_and_iptables(empty, check, version):
    run = subprocess.run
    base = "table inet filter { chain input { type filter hook input priority 0; }; }"
    run([*empty, "nft", "-f", "-"], input=base, text=True, check=True)
    address, source = ("10.2.0.14", "10.1.0.9") if version == 4 else ("fd00::14", "fd00::9")
    found = remedy(result(check, address, source))
    assert found is not None
    tried = 0
    for paste in found.snippets:
        for line in paste.lines:
            if line.startswith(("nft ", "iptables ", "ip6tables ")):
                done = ran(line, *empty)
                assert done.returncode == 0, f"{line}: {done.stderr}"
                tried += 1
    assert tried == 2


def test_the_rule_that_is_pasted_opens_what_was_blocked(empty):
    base = (
        "table inet filter { chain input { type filter hook input priority 0; policy drop; "
        "ct state established accept; }; }"
    )
    subprocess.run([*empty, "nft", "-f", "-"], input=base, text=True, check=True)
    python = [*empty, sys.executable, "-c"]
    with subprocess.Popen([*python, LISTEN], stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None and server.stdout.readline() == "ready\n"

            def connects() -> str:
                done = subprocess.run([*python, CONNECT], capture_output=True, text=True)
                return done.stdout.strip()

            assert connects() == "TimeoutError"
            found = remedy(result("unix.ssh", "127.0.0.1"))
            assert found is not None
            (line,) = found.snippets[0].lines
            assert ran(line, *empty).returncode == 0
            assert connects() == "open"
        finally:
            server.terminate()

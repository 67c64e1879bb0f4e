"""Addresses with a scope, addresses of no host, and routes of this machine that let nothing out."""

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
from tests.real.test_own_segment import CHECK, HEAD, ROOT

LINK_LOCAL = "fe80::2"
SERVER = """
import socket, sys
with socket.create_server(("::", 4001), family=socket.AF_INET6) as server:
    print("ready", flush=True)
    while True:
        server.accept()[0].close()
"""
CHECKS = {
    "tcp": CHECK.format(name="tcp", probe="tcp", transport="tcp", port="port = 4001"),
    "closed": CHECK.format(name="closed", probe="tcp", transport="tcp", port="port = 4002"),
    "udp": CHECK.format(name="udp", probe="udp", transport="udp", port="port = 4001"),
    "ping": CHECK.format(name="ping", probe="ping", transport="icmp", port=""),
}


@pytest.fixture(scope="module")
def client(need) -> Iterator[str]:
    """A namespace with a cable to a host with a server on TCP 4001, and routes of many kinds."""
    need("ip", "sysctl")
    near, far = (f"reach{os.getpid()}{letter}" for letter in "st")
    with ExitStack() as down:
        for name in (near, far):
            run("ip", "netns", "add", name)
            down.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run(*f"ip -n {near} link add cable type veth peer name cable netns {far}".split())
        # With a single interface any scope would lead to the host.
        run(*f"ip -n {near} link add apart type veth peer name apart netns {far}".split())
        run("ip", "netns", "exec", near, "sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
        for name, address in ((near, "fe80::1/64"), (far, f"{LINK_LOCAL}/64")):
            for link in ("cable", "apart"):
                run(*f"ip -n {name} link set {link} addrgenmode none".split())
            run(*f"ip -n {name} address add {address} dev cable nodad".split())
        for name, address in ((near, "10.9.8.1/24"), (far, "10.9.8.2/24")):
            run(*f"ip -n {name} address add {address} broadcast + dev cable".split())
            run(*f"ip -n {name} link set cable up".split())
        run(*f"ip -n {near} route add default via 10.9.8.2".split())
        for kind, network in (("blackhole", "10.1.1.0"), ("prohibit", "10.1.2.0")):
            run(*f"ip -n {near} route add {kind} {network}/24".split())
        run(*f"ip -n {near} link set apart up".split())
        listen(["ip", "netns", "exec", far, sys.executable, "-c", SERVER], "ready", down)
        yield near


def measured(
    client: str, folder: Path, host: str, *checks: str, hosts_file: str = ""
) -> tuple[dict[str, dict], str]:
    """The rows of a run of the program in the namespace by check, and all it wrote."""
    profile = folder / "profile.toml"
    profile.write_text(HEAD + "".join(CHECKS[check] for check in checks or CHECKS))
    words = ["run", "--json", "--yes", "--profile", profile, "--log", folder / "log.jsonl"]
    command = [sys.executable, "-m", "tui", *words, "--timeout", "1", f"host={host}"]
    if hosts_file:
        (folder / "hosts").write_text(hosts_file)
        (folder / "resolv.conf").write_text("")
        mounts = " && ".join(
            f'mount --bind "{folder / name}" /etc/{name}' for name in ("hosts", "resolv.conf")
        )
        command = ["unshare", "-m", "sh", "-c", f'{mounts} && exec "$@"', "sh", *command]
    done = subprocess.run(
        ["ip", "netns", "exec", client, *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    records = [json.loads(line) for line in done.stdout.splitlines()]
    rows = {record["check"]: record for record in records if record["type"] == "result"}
    return {check.removeprefix("host."): row for check, row in rows.items()}, done.stdout + (
        done.stderr
    )


def test_a_link_local_address_is_reached_over_every_transport(client: str, tmp_path: Path) -> None:
    rows, _ = measured(client, tmp_path, f"{LINK_LOCAL}%cable")
    seen = {check: (row["state"], row["reason"]) for check, row in rows.items()}
    assert seen == {
        "tcp": ("open", "syn-ack"),
        "closed": ("closed", "conn-refused"),
        "udp": ("closed", "port-unreach"),
        "ping": ("open", "echo-reply"),
    }
    assert {(row["source"], row["interface"]) for row in rows.values()} == {("fe80::1", "cable")}


def test_a_link_local_address_that_nobody_has_is_no_local_error(
    client: str, tmp_path: Path
) -> None:
    rows, _ = measured(client, tmp_path, "fe80::99%cable")
    assert {row["state"] for row in rows.values()} <= {"unreachable", "filtered", "open|filtered"}
    assert all("%" in row["address"] for row in rows.values())


def test_a_link_local_address_without_its_interface_is_refused_when_typed(
    client: str, tmp_path: Path
) -> None:
    rows, said = measured(client, tmp_path, LINK_LOCAL)
    assert not rows
    assert "write it as fe80::1%eth0" in said


SYSTEM_WORDS = tuple(
    os.strerror(number)
    for number in (1, 13, 22, 97, 99, 101, 113)
    if not os.strerror(number).startswith("Unknown")
)


@pytest.mark.parametrize(
    ("host", "said"),
    [
        ("10.9.8.255", "10.9.8.255 is the broadcast address of a network of this machine"),
        ("127.255.255.255", "the broadcast address of a network of this machine"),
        ("10.1.1.7", "as with a blackhole route"),
        ("10.1.2.7", "a route or the security policy of this machine prohibits it"),
        ("fe80::2%gone", "it has no interface 'gone'"),
    ],
)
def test_what_this_machine_does_not_send_is_not_tested_and_told_in_plain_words(
    client: str, tmp_path: Path, host: str, said: str
) -> None:
    rows, written = measured(client, tmp_path, host)
    assert len(rows) == len(CHECKS)
    for row in rows.values():
        assert row["status"] == "error", row["note"]
        assert said in row["note"]
    assert not [words for words in SYSTEM_WORDS if words.lower() in written.lower()]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("0.0.0.0", "0.0.0.0 is the address of no host"),
        ("::", ":: is the address of no host"),
        ("224.0.0.251", "224.0.0.251 is the address of a multicast group"),
        ("255.255.255.255", "255.255.255.255 is the broadcast address"),
        ("fe80::2", "fe80::2 is link-local and wants the interface"),
    ],
)
def test_a_name_that_leads_to_no_host_is_not_tested(
    client: str, tmp_path: Path, address: str, said: str
) -> None:
    rows, written = measured(client, tmp_path, "pc1", hosts_file=f"{address} pc1\n")
    assert len(rows) == len(CHECKS)
    for row in rows.values():
        assert (row["status"], row["reason"]) == ("error", "name-not-resolved")
        assert said in row["note"]
    assert not [words for words in SYSTEM_WORDS if words.lower() in written.lower()]

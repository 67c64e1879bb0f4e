"""Forward, reverse and SRV records of a real name server, beside rows measured on loopback."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
NAMESPACE = f"agree{os.getpid()}"
SERVER = "127.2.0.53"
HOSTS = {
    "good.corp.test": "127.2.0.1",
    "old.corp.test": "127.2.0.2",
    "new.corp.test": "127.2.0.2",
    "moved.corp.test": "127.2.0.3",
    "elsewhere.corp.test": "127.2.0.9",
    "dc1.corp.test": "127.2.0.11",
    "dc9.corp.test": "127.2.0.19",
}
BACK = {
    "127.2.0.1": "good.corp.test",
    "127.2.0.2": "new.corp.test",
    "127.2.0.3": "elsewhere.corp.test",
}


@pytest.fixture(scope="module")
def namespace(need: Callable[..., None]) -> Iterator[str]:
    """A network of its own, whose names are kept by nobody yet."""
    need("ip", "dnsmasq")
    with ExitStack() as down:
        subprocess.run(["ip", "netns", "add", NAMESPACE], check=True)
        down.callback(subprocess.run, ["ip", "netns", "delete", NAMESPACE], check=False)
        subprocess.run(["ip", "-n", NAMESPACE, "link", "set", "lo", "up"], check=True)
        place = Path("/etc/netns") / NAMESPACE
        place.mkdir(parents=True)
        down.callback(shutil.rmtree, place)
        (place / "resolv.conf").write_text(f"nameserver {SERVER}\noptions timeout:1 attempts:1\n")
        (place / "hosts").write_text("127.0.0.1 localhost\n")
        yield NAMESPACE


@contextmanager
def named(namespace: str) -> Iterator[None]:
    """While the name server runs; it has said that it listens."""
    words = ["--keep-in-foreground", "--conf-file=/dev/null", "--pid-file=", "--user=root"]
    words += ["--bind-interfaces", f"--listen-address={SERVER}", "--no-resolv", "--no-hosts"]
    words += ["--local=/test/", "--local=/127.in-addr.arpa/", "--log-facility=-"]
    # The first name of an address would be what it leads back to.
    words += [f"--address=/{name}/{address}" for name, address in HOSTS.items()]
    for address, name in BACK.items():
        words.append(f"--ptr-record={'.'.join(reversed(address.split('.')))}.in-addr.arpa,{name}")
    words.append("--srv-host=_ldap._tcp.dc._msdcs.corp.test,dc1.corp.test,389")
    with subprocess.Popen(
        ["ip", "netns", "exec", namespace, "dnsmasq", *words], stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stderr is not None
        try:
            said = next((line for line in process.stderr if "started" in line), "")
            assert said, "dnsmasq does not listen"
            yield
        finally:
            process.terminate()


@pytest.fixture(scope="module")
def log(namespace: str, tmp_path_factory: pytest.TempPathFactory) -> list[dict]:
    path = tmp_path_factory.mktemp("agree") / "session.jsonl"
    entries = "unix.target=good.corp.test,old.corp.test,moved.corp.test,127.2.0.2"
    with named(namespace):
        subprocess.run(
            [
                *("ip", "netns", "exec", namespace, sys.executable, "-m", "tui", "run"),
                *(entries, "windows.dc=dc1.corp.test,dc9.corp.test", "--log", str(path)),
            ],
            cwd=ROOT,
            capture_output=True,
            timeout=60,
            check=False,
        )
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def found(log: list[dict]) -> list[str]:
    return sorted(one["text"] for one in log if one.get("kind") == "identity")


def test_what_dns_says_otherwise_is_found(log: list[dict]) -> None:
    assert found(log) == [
        "dc9.corp.test is not among the domain controllers that DNS names for corp.test "
        "(dc1.corp.test)",
        "moved.corp.test has the address 127.2.0.3, which leads back to elsewhere.corp.test, "
        "but that name leads to 127.2.0.9",
        "old.corp.test has the address 127.2.0.2, which leads back to new.corp.test, "
        "and that name leads to the same address",
    ]


def test_what_agrees_is_a_fact_and_no_finding(log: list[dict]) -> None:
    rows = {one["host"]: one for one in log if one["type"] == "result"}
    assert rows["good.corp.test"]["facts"]["resolved"]["reverse"] == {
        "address": "127.2.0.1",
        "names": [{"name": "good.corp.test", "addresses": ["127.2.0.1"]}],
    }
    told = [
        one["facts"]["resolved"]
        for one in log
        if one.get("host") == "dc1.corp.test" and "facts" in one
    ]
    assert {"domain": "corp.test", "names": ["dc1.corp.test"]} in [
        one.get("controllers") for one in told
    ]


def test_a_host_named_by_address_is_not_looked_up(log: list[dict]) -> None:
    (row,) = [one for one in log if one.get("host") == "127.2.0.2" and one["type"] == "result"]
    assert "resolved" not in row["facts"]

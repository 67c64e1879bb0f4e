"""The interface of a source address, as the kernel lists them."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
from types import MappingProxyType

import pytest

from probes.vantage.local import netlink as module
from probes.vantage.local.netlink import interface_of, interfaces
from probes.vantage.local.vantage import LocalVantage

linux = pytest.mark.skipif(sys.platform != "linux", reason="rtnetlink is Linux's")


@linux
def test_loopback_is_where_it_is() -> None:
    assert interfaces()["127.0.0.1"] == "lo"


@linux
@pytest.mark.skipif(shutil.which("ip") is None, reason="needs iproute2")
def test_every_address_is_on_the_interface_that_ip_names() -> None:
    told = json.loads(subprocess.check_output(["ip", "-json", "address"]))
    where: dict[str, set[str]] = {}
    for link in told:
        for address in link["addr_info"]:
            where.setdefault(address["local"], set()).add(link["ifname"])
    once = {address: names.pop() for address, names in where.items() if len(names) == 1}
    assert interfaces() == once


def test_an_address_of_two_interfaces_is_on_neither(monkeypatch: pytest.MonkeyPatch) -> None:
    dump = [("192.0.2.9", 1), ("fe80::1", 1), ("fe80::1", 2), ("192.0.2.9", 1)]
    monkeypatch.setattr(module, "_dump_addresses", lambda: iter(dump))
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(socket, "if_indextoname", lambda index: f"eth{index}")
    assert interfaces() == {"192.0.2.9": "eth1"}


@pytest.mark.parametrize("platform", ["darwin", "linux"])
def test_a_system_that_does_not_tell_is_no_error(
    monkeypatch: pytest.MonkeyPatch, platform: str
) -> None:
    def refused(*_: object) -> socket.socket:
        raise PermissionError

    monkeypatch.setattr(socket, "socket", refused)
    monkeypatch.setattr(sys, "platform", platform)
    assert interfaces() == {}


@pytest.mark.parametrize(
    ("source", "interface"),
    [
        ("192.0.2.9", "eth0"),
        ("::ffff:192.0.2.9", "eth0"),
        ("fe80::1%wlan0", "wlan0"),
        ("192.0.2.10", None),
    ],
)
def test_a_scope_names_the_interface_itself(source: str, interface: str | None) -> None:
    known = MappingProxyType({"192.0.2.9": "eth0", "fe80::1": "eth0"})
    assert interface_of(source, known) == interface


@linux
async def test_the_vantage_asks_the_kernel_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[object] = []
    dump = module._dump_addresses
    monkeypatch.setattr(module, "_dump_addresses", lambda: asked.append(None) or dump())
    vantage = LocalVantage()
    try:
        assert {vantage.interface("127.0.0.1") for _ in range(3)} == {"lo"}
    finally:
        await vantage.close()
    assert len(asked) == 1

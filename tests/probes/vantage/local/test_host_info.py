"""Identity of this machine, from its own files and interfaces."""

import ipaddress
import socket
import subprocess
import sys

import pytest

from probes.vantage.local import host_info as module
from probes.vantage.local.host_info import addresses, local_info, resolvers


def test_it_names_this_host_its_user_and_its_system():
    info = local_info()
    assert info.kind == "local"
    assert info.host == socket.gethostname()
    assert info.user
    assert info.os


def test_no_address_is_loopback_or_repeated():
    found = local_info().addresses
    assert len(set(found)) == len(found)
    assert not any(ipaddress.ip_address(address).is_loopback for address in found)


def test_every_address_of_the_machine_is_listed_once(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "source_towards", lambda family, where: None)
    (tmp_path / "fib_trie").write_text(
        "Main:\n  |-- 0.0.0.0\n     /0 universe UNICAST\n"
        "           |-- 10.0.0.9\n              /32 host LOCAL\n"
        "        |-- 10.0.0.255\n           /32 link BROADCAST\n"
        "           |-- 127.0.0.1\n              /32 host LOCAL\n"
        "Local:\n           |-- 10.0.0.9\n              /32 host LOCAL\n"
    )
    (tmp_path / "if_inet6").write_text(
        "00000000000000000000000000000001 01 80 10 80       lo\n"
        "fd000000000000000000000000000002 04 40 00 80     eth0\n"
        "fe8000000000000000fc00fffe000001 04 40 20 80     eth0\n"
        "rubbish\nzzzz0000000000000000000000000002 04\n"
    )
    assert addresses(tmp_path) == ("10.0.0.9", "fd00::2")


def test_the_address_of_the_default_route_comes_first(tmp_path, monkeypatch):
    monkeypatch.setattr(
        module, "source_towards", lambda family, where: "10.0.0.9" if family == 2 else None
    )
    (tmp_path / "fib_trie").write_text(
        "  |-- 10.0.0.1\n     /32 host LOCAL\n  |-- 10.0.0.9\n     /32 host LOCAL\n"
    )
    assert addresses(tmp_path) == ("10.0.0.9", "10.0.0.1")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its resolvers elsewhere")
def test_resolvers_are_the_addresses_of_resolv_conf_in_order(tmp_path):
    path = tmp_path / "resolv.conf"
    path.write_bytes(
        b"# nameserver 10.9.9.9\nsearch example.org\nnameserver 10.0.0.53 # main\n"
        b"nameserver fe80::1%eth0\nnameserver 10.0.0.53\nnameserver \x1b[31m\nnameserver\n\xff\n"
    )
    assert resolvers(path) == ("10.0.0.53", "fe80::1%eth0")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps its resolvers elsewhere")
def test_without_resolv_conf_there_are_no_resolvers(tmp_path):
    assert resolvers(tmp_path / "none") == ()


def test_a_user_without_a_name_does_not_matter(monkeypatch):
    def nobody():
        raise KeyError("uid not found: 4711")

    monkeypatch.setattr(module.getpass, "getuser", nobody)
    assert local_info().user == ""


def test_control_characters_of_a_host_name_are_left_out(monkeypatch):
    monkeypatch.setattr(module.socket, "gethostname", lambda: "dc\x1b[2J1")
    assert local_info().host == "dc[2J1"


def test_it_loads_no_dns_library():
    program = (
        "import sys; from probes.vantage.local.host_info import local_info; local_info();"
        "sys.exit('dns' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0

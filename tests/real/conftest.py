"""A small company in network namespaces: a client, a router with a firewall, and hosts behind it.

    client 10.1.1.9 ── 10.1.1.1 router 10.1.2.1 ── 10.1.2.2 hosts 10.1.2.10 to 10.1.2.61
           fd00:1:1::9          fd00:1:1::1               fd00:1:2::10 to fd00:1:2::16
                                                  and of test_change.py 10.1.2.101 to 10.1.2.112

What is open, dropped and refused stands in the files of `site/`. The hosts share a namespace; each
answers from its own address. Names are kept by a dnsmasq at 10.1.2.53.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.real.processes import listen, run

SITE = Path(__file__).parent / "site"
ROOT = Path(__file__).parent.parent.parent
HOSTS = (10, 11, 12, 13, 14, 22, 31, 32, 33, 34, 35, 36, 37, 38, 53, 61, *range(101, 113))
HOSTS_V6 = ("fd00:1:2::10", "fd00:1:2::11", "fd00:1:2::12", "fd00:1:2::13")
NAMES = {
    "open.site.test": "10.1.2.10",
    "v6only.site.test": "fd00:1:2::10",
    "both.site.test": "10.1.2.10,fd00:1:2::12",
    "refused.site.test": "10.1.2.11",
}
SETTINGS = {
    # One namespace is many hosts and one router stands for many: the kernel's limit of one ICMP
    # error a second for each peer would turn their answers into silence.
    "net.ipv4.icmp_ratelimit": "0",
    "net.ipv6.icmp.ratelimit": "0",
    "net.ipv4.icmp_msgs_per_sec": "100000",
    "net.ipv4.icmp_msgs_burst": "100000",
    "net.ipv4.ip_forward": "1",
    "net.ipv6.conf.all.forwarding": "1",
    "net.ipv4.conf.all.send_redirects": "0",
    "net.ipv4.conf.default.send_redirects": "0",
    "net.ipv6.conf.default.accept_dad": "0",
}


@dataclass(frozen=True)
class Site:
    """The namespaces by name; `client` is where the measuring is done."""

    client: str
    router: str
    hosts: str

    def command(self, *words: str | os.PathLike[str], nobody: bool = False) -> list[str]:
        """A command line that runs these words on the client, without privileges if `nobody`."""
        plain = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if nobody else []
        return ["ip", "netns", "exec", self.client, *plain, *map(os.fspath, words)]


@pytest.fixture(scope="session")
def need() -> Callable[..., None]:
    """Asks for root and programs: skips without them, but fails in CI, where they must be."""

    def need(*programs: str, root: bool = True) -> None:
        missing = [program for program in programs if shutil.which(program) is None]
        why = f"needs {', '.join(missing)}" if missing else ""
        if root and (not hasattr(os, "geteuid") or os.geteuid() != 0):
            why = "needs root"
        if why and os.environ.get("CI") == "true":
            pytest.fail(f"{why}, and CI must have it")
        if why:
            pytest.skip(why)

    return need


@pytest.fixture(scope="session")
def site(need: Callable[..., None], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The company, up and listening; taken down whatever happens."""
    need("ip", "nft", "sysctl", "setpriv", "sshd", "ssh-keygen", "snmpd", "dnsmasq", "nmap")
    folder = tmp_path_factory.mktemp("site")
    made = Site(*(f"reach{os.getpid()}{letter}" for letter in "crh"))
    with ExitStack() as down:
        for name in (made.client, made.router, made.hosts):
            run("ip", "netns", "add", name)
            down.callback(run, "ip", "netns", "delete", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
            settings = [f"{key}={value}" for key, value in SETTINGS.items()]
            inside(name, "sysctl", "-qw", *settings)
        wire(made)
        inside(made.client, "sysctl", "-qw", "net.ipv4.ping_group_range=0 2147483647")
        inside(made.client, "sysctl", "-qw", "net.ipv4.ip_forward=0")
        inside(made.router, "nft", "-f", str(SITE / "router.nft"))
        inside(made.hosts, "nft", "-f", str(SITE / "hosts.nft"))
        use_resolver(made.client, down)
        for words, sign in servers(folder):
            listen(["ip", "netns", "exec", made.hosts, *words], sign, down)
        yield made


def wire(site: Site) -> None:
    """The two cables, the addresses and the routes."""
    for name, client in (("near", site.client), ("far", site.hosts)):
        run(*f"ip -n {client} link add {name} type veth peer {name} netns {site.router}".split())
    give(site.client, "near", "10.1.1.9/24", "fd00:1:1::9/64")
    give(site.router, "near", "10.1.1.1/24", "fd00:1:1::1/64")
    give(site.router, "far", "10.1.2.1/24", "fd00:1:2::1/64")
    give(site.hosts, "far", "10.1.2.2/24", "fd00:1:2::2/64")
    give(site.hosts, "far", *(f"10.1.2.{last}/24" for last in HOSTS))
    give(site.hosts, "far", *(f"{address}/64" for address in HOSTS_V6))
    for name, route in (
        (site.client, "default via 10.1.1.1"),
        (site.hosts, "default via 10.1.2.1"),
        # Router and hosts hand this network to each other until the packet's life is over.
        (site.router, "10.1.3.0/24 via 10.1.2.2"),
        (site.client, "fd00:1::/32 via fd00:1:1::1"),
        (site.hosts, "fd00:1::/32 via fd00:1:2::1"),
    ):
        family = "-6" if "::" in route else "-4"
        run("ip", "-n", name, family, "route", "add", *route.split())


def give(name: str, device: str, *addresses: str) -> None:
    """Addresses for an interface, usable at once."""
    run("ip", "-n", name, "link", "set", device, "up")
    for address in addresses:
        usable = ["nodad"] if ":" in address else []
        run("ip", "-n", name, "address", "add", address, "dev", device, *usable)


def use_resolver(name: str, down: ExitStack) -> None:
    """A resolv.conf for one namespace (ip-netns(8))."""
    place = Path("/etc/netns") / name
    place.mkdir(parents=True)
    down.callback(shutil.rmtree, place)
    (place / "resolv.conf").write_text("nameserver 10.1.2.53\noptions timeout:2 attempts:1\n")


def servers(folder: Path) -> Iterator[tuple[list[str], str]]:
    """The commands of the site's servers, and what each prints once it listens."""
    ours = ["env", f"PYTHONPATH={ROOT}", sys.executable, "-B", str(SITE / "services.py")]
    yield ours, "ready\n"
    records = [f"--host-record={name},{where}" for name, where in NAMES.items()]
    yield (
        [
            *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file="),
            *("--user=root", "--bind-interfaces", "--listen-address=10.1.2.53"),
            *("--except-interface=lo", "--no-resolv", "--no-hosts", "--local=/test/"),
            *("--log-facility=-", "--host-record=ns.site.test,10.1.2.53"),
            "--srv-host=_ldap._tcp.dc._msdcs.corp.test,refused.site.test,389",
            "--srv-host=_kerberos._tcp.corp.test,refused.site.test,88",
            *records,
        ],
        "started",
    )
    key = folder / "host_key"
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))
    Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)
    sshd = shutil.which("sshd")
    assert sshd is not None
    listening = (f"ListenAddress=10.1.2.{last}" for last in (22, 38, 108, 109, 110))
    options = (*listening, "PidFile=none", "UseDNS=no")
    yield (
        [sshd, "-D", "-e", "-f", "/dev/null", "-h", str(key)]
        + [word for option in options for word in ("-o", option)],
        "Server listening",
    )
    conf = folder / "snmpd.conf"
    conf.write_text("rocommunity public\nsysName switch\n")
    yield (
        [
            *("env", f"SNMP_PERSISTENT_DIR={folder}", "snmpd", "-f", "-Lo", "-C"),
            *("-c", str(conf), "-p", str(folder / "pid")),
            ",".join(f"udp:10.1.2.{last}:161" for last in (61, 111, 112)),
        ],
        "NET-SNMP version",
    )


def inside(name: str, *words: str) -> None:
    """Run a command in a namespace."""
    run("ip", "netns", "exec", name, *words)

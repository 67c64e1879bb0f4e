"""A company of twelve hosts, each in a network namespace of its own, on one switch with a client.

Real servers where there are any (Samba as domain controller and as NAS, OpenSSH, net-snmp, nginx,
dnsmasq), responders made from the standards for WinRM, ESXi and raw printing (`probes/lab`). One
host drops everything but ping, one rejects it, and the controller has no WinRM.

`python -m bench.site`, as root, keeps it up until Ctrl-C and says how to enter its client.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from bench import command, servers
from bench.servers import PORTAL_NAMES, Server, run

NEEDED = (
    *("ip", "nft", "nmap", "samba", "samba-tool", "smbd", "nmbd", "sshd", "ssh-keygen"),
    *("snmpd", "nginx", "openssl", "dnsmasq"),
)
NETWORK, CLIENT, ROUTER = "10.88.0", "10.88.0.9", "10.88.0.18"
DROPS = "icmp type echo-request accept\n ct state established,related accept\n drop"
REJECTS = DROPS.replace("drop", "reject with icmp admin-prohibited")
READY_WITHIN = 90
_NEW_NETWORK = 0x40000000
_PR_SET_PDEATHSIG = 1

T = TypeVar("T")


@dataclass(frozen=True)
class Host:
    """One computer: its servers, and what its firewall says to what comes in."""

    name: str
    last: int
    made: Callable[[Path, str], list[Server]]
    roles: tuple[str, ...]
    firewall: str = ""

    @property
    def address(self) -> str:
        return f"{NETWORK}.{self.last}"


NAMES = {"dc1.corp.site.test": f"{NETWORK}.10", "esx1.site.test": f"{NETWORK}.14"}
NAMES |= dict.fromkeys(PORTAL_NAMES, f"{NETWORK}.21")
HOSTS = (
    Host("dc1", 10, servers.samba_dc, ("windows.dc", "windows.target", "discovery.host")),
    Host("win1", 11, servers.ours("windows"), ("windows.target",)),
    Host("win2", 12, servers.nothing, ("windows.target", "discovery.host"), DROPS),
    Host("hv1", 13, servers.ours("hyperv"), ("hyperv.host",)),
    Host("esx1", 14, servers.ours("esxi"), ("esxi.host",)),
    Host("xen1", 15, servers.sshd, ("xen.host",)),
    Host("linux1", 16, servers.sshd, ("unix.target", "discovery.host")),
    Host("linux2", 17, servers.nothing, ("unix.target", "snmp.device"), REJECTS),
    Host("router", 18, servers.router(NAMES), ("snmp.device", "dns.server")),
    Host("printer", 19, servers.printer, ("printer",)),
    Host("nas1", 20, servers.nas, ("nas", "discovery.host")),
    Host("portal", 21, servers.portal, ()),
)
PORTAL_ROLES = ("alloyscan.instance", "cloud.aws", "cloud.azure", "cloud.google")


@dataclass(frozen=True)
class Site:
    """The site while it is up."""

    client: str
    """The namespace to measure from."""
    folder: Path
    hosts: Sequence[Host]

    def arguments(self) -> list[str]:
        """All hosts as ROLE=HOST, the controller by its name, and the authority of the portal."""
        words = [
            f"{role}={'dc1.corp.site.test' if role == 'windows.dc' else host.address}"
            for host in self.hosts
            for role in host.roles
        ]
        if any(host.made is servers.portal for host in self.hosts):
            named = zip(PORTAL_ROLES, PORTAL_NAMES, strict=True)
            words += [f"{role}={name}" for role, name in named]
            words += ["--ca-file", str(self.folder / "portal" / "ca.pem")]
        return words

    def command(self, *words: str | os.PathLike[str]) -> list[str]:
        """A command line that runs these words on the client; its resolver is the router."""
        return ["ip", "netns", "exec", self.client, *(os.fspath(word) for word in words)]


@contextmanager
def up(hosts: Sequence[Host] = HOSTS) -> Iterator[Site]:
    """The site or some hosts of it, serving; taken down whatever happens."""
    command.require(*NEEDED)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with ExitStack() as down:
        # A short path: Samba's Unix sockets below it have 108 bytes.
        folder = Path(down.enter_context(tempfile.TemporaryDirectory(prefix="s")))
        mark = f"site{os.getpid()}"
        switch, client = f"{mark}-switch", f"{mark}-client"
        make_namespace(switch, down)
        run("ip", "-n", switch, "link", "add", "bridge", "type", "bridge")
        run("ip", "-n", switch, "link", "set", "bridge", "up")
        _join(client, switch, CLIENT, down)
        write_resolver(client, ROUTER, down)
        for host in hosts:
            name = f"{mark}-{host.name}"
            _join(name, switch, host.address, down)
            if host.firewall:
                _firewall(name, host.firewall)
            own = folder / host.name
            own.mkdir()
            for server in host.made(own, host.address):
                _serve(name, server, own, host, client, down)
        yield Site(client, folder, hosts)


def make_namespace(name: str, down: ExitStack) -> None:
    run("ip", "netns", "add", name)
    down.callback(_remove, name)
    run("ip", "-n", name, "link", "set", "lo", "up")


def _remove(name: str) -> None:
    """End what runs in a namespace, then the namespace."""
    deadline = time.monotonic() + 10
    while (pids := run("ip", "netns", "pids", name).split()) and time.monotonic() < deadline:
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)
        time.sleep(0.02)
    run("ip", "netns", "delete", name)


def _join(name: str, switch: str, address: str, down: ExitStack) -> None:
    """A namespace with one address on the switch."""
    make_namespace(name, down)
    port = f"p{address.rpartition('.')[2]}"
    run(*f"ip -n {name} link add eth0 type veth peer name {port} netns {switch}".split())
    run(*f"ip -n {switch} link set {port} master bridge up".split())
    run(*f"ip -n {name} address add {address}/24 broadcast + dev eth0".split())
    run(*f"ip -n {name} link set eth0 up".split())


def write_resolver(name: str, server: str, down: ExitStack) -> None:
    """A resolv.conf for one namespace (ip-netns(8))."""
    place = Path("/etc/netns") / name
    place.mkdir(parents=True)
    down.callback(shutil.rmtree, place)
    (place / "resolv.conf").write_text(f"nameserver {server}\noptions timeout:2 attempts:1\n")


def _firewall(name: str, rule: str) -> None:
    chain = f"chain c {{\n type filter hook input priority 0\n {rule}\n }}"
    run("ip", "netns", "exec", name, "nft", "-f", "-", text=f"table ip t {{\n {chain}\n}}\n")


def _serve(
    name: str, server: Server, folder: Path, host: Host, client: str, down: ExitStack
) -> None:
    """Start a server and wait until it serves."""
    said = folder / f"said-{Path(server.command[0]).name}"
    output: IO[bytes] = down.enter_context(said.open("wb"))
    process = subprocess.Popen(
        ["ip", "netns", "exec", name, *server.command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        cwd=servers.ROOT,
        # Samba ends by a signal to its whole process group, which must not be ours.
        start_new_session=True,
        preexec_fn=end_with_parent,
    )
    down.callback(process.wait)
    down.callback(process.kill)
    deadline = time.monotonic() + READY_WITHIN
    while not _serves(server, said, host.address, client):
        if process.poll() is not None or time.monotonic() > deadline:
            sys.exit(f"{server.command[:4]} does not serve: {said.read_text()[-800:]}")
        time.sleep(0.1)


def _serves(server: Server, said: Path, address: str, client: str) -> bool:
    if server.ready_line and server.ready_line not in said.read_text(errors="replace"):
        return False
    return within(client, lambda: all(_accepts(address, port) for port in server.ports))


def _accepts(address: str, port: int) -> bool:
    with socket.socket() as sock:
        sock.settimeout(1)
        return sock.connect_ex((address, port)) == 0


def within(namespace: str, work: Callable[[], T]) -> T:
    """The result of some work, done by a thread whose sockets are in a network namespace."""

    def enter() -> T:
        libc = ctypes.CDLL(None, use_errno=True)
        with (Path("/run/netns") / namespace).open() as entered:
            if libc.setns(entered.fileno(), _NEW_NETWORK) != 0:
                raise OSError(ctypes.get_errno(), f"cannot enter {namespace}")
        return work()

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(enter).result()


def end_with_parent() -> None:
    """End the server when the bench ends, even by SIGKILL."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def main() -> None:
    """Keep the site up for a look around."""
    given = command.parser("bench.site").parse_args()
    with up() as site:
        print(*site.command(sys.executable, "-m", "tui", "run", *site.arguments()))
        if given.smoke:
            return
        with suppress(KeyboardInterrupt):
            threading.Event().wait()


if __name__ == "__main__":
    main()

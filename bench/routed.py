"""A client, a router and hosts behind it, each in a network namespace, and what is done to them.

An action is over when it returns: a listener accepts or refuses, a rule of the router is in force.
"""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Protocol

from bench import servers
from bench.servers import run
from bench.site import end_with_parent, make_namespace, within, write_resolver

NEAR, FAR = "10.89.1", "10.89.2"
ROUTER, CLIENT = f"{NEAR}.1", f"{NEAR}.9"
NAME = "moving.watch.test"
_SOON = 10.0
"""Seconds within which a server that was started has to serve."""
_STEP = 0.01
_FAST_NEIGHBOURS = (
    "retrans_time_ms=200",
    "delay_first_probe_time=1",
    "base_reachable_time_ms=1000",
)
"""A router that finds out within about a second that a host is gone."""

Closing = Callable[[], object]


class Service(Protocol):
    """A server that can be started and stopped again and again."""

    def start(self) -> None:
        """Return when it serves."""

    def stop(self) -> None:
        """Return when its port refuses."""


class Process:
    """A server that is a program of its own."""

    def __init__(self, namespace: str, server: servers.Server, serves: Callable[[], bool]) -> None:
        self._words = ["ip", "netns", "exec", namespace, *server.command]
        self._serves = serves
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._words,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,
        )
        wait_until(self._serves, " ".join(self._words[:5]))

    def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        assert self._process is not None
        self._process.send_signal(number)


class Listener:
    """A server of `probes.lab`, in a thread whose sockets are in a network namespace."""

    def __init__(self, namespace: str, listen: Callable[[], Awaitable[Closing]]) -> None:
        self._namespace = namespace
        self._listen = listen
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        listening = threading.Event()

        async def serve() -> None:
            close = await self._listen()
            self._loop = asyncio.get_running_loop()
            self._ended = asyncio.Event()
            listening.set()
            await self._ended.wait()
            close()

        def work() -> None:
            within(self._namespace, lambda: asyncio.run(serve()))

        self._thread = threading.Thread(target=work, daemon=True)
        self._thread.start()
        if not listening.wait(_SOON):
            sys.exit(f"{self._namespace} does not listen.")

    def stop(self) -> None:
        if self._thread is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._ended.set)
            self._thread.join(_SOON)
            self._thread = None


class Network:
    """The network while it is up; hosts are known by the last number of their addresses."""

    def __init__(self, mark: str, folder: Path, down: ExitStack) -> None:
        self.folder = folder
        self._down = down
        self.client, self.router = f"{mark}-client", f"{mark}-router"
        self._mark = mark
        self._rules: dict[str, str] = {}
        self._dns: Process | None = None
        make_namespace(self.client, down)
        make_namespace(self.router, down)
        self._cable(self.client, "near", f"{CLIENT}/24")
        run(*f"ip -n {self.router} address add {ROUTER}/24 dev near".split())
        run(*f"ip -n {self.client} route add default via {ROUTER}".split())
        run(*f"ip -n {self.router} link add far type bridge".split())
        run(*f"ip -n {self.router} address add {FAR}.1/24 dev far".split())
        run(*f"ip -n {self.router} link set far up".split())
        settings = ["net.ipv4.ip_forward=1", "net.ipv4.icmp_ratelimit=0"]
        settings += [f"net.ipv4.neigh.far.{one}" for one in _FAST_NEIGHBOURS]
        for one in settings:
            self.within(self.router, "sysctl", "-qw", one)

    def within(self, namespace: str, *words: str, text: str | None = None) -> str:
        """Output of a command in a namespace."""
        return run("ip", "netns", "exec", namespace, *words, text=text)

    def host(self, last: int) -> str:
        """Namespace of a host, made when it is first asked for."""
        name = f"{self._mark}-{last}"
        if not (Path("/run/netns") / name).exists():
            make_namespace(name, self._down)
            self._cable(name, f"p{last}", f"{FAR}.{last}/24")
            run(*f"ip -n {self.router} link set p{last} master far".split())
            run(*f"ip -n {name} route add default via {FAR}.1".split())
        return name

    def serve(self, service: Service) -> None:
        """Start a server that is stopped when the network goes down."""
        service.start()
        self._down.callback(service.stop)

    def set_rule(self, name: str, rule: str) -> None:
        """Put a rule of the router in force in place of the one of this name; empty for none."""
        self._rules[name] = rule
        lines = "\n".join(rule for rule in self._rules.values() if rule)
        chain = f"chain c {{\ntype filter hook forward priority 0\n{lines}\n}}"
        table = f"table ip f {{}}\ndelete table ip f\ntable ip f {{\n{chain}\n}}\n"
        self.within(self.router, "nft", "-f", "-", text=table)

    def set_link(self, last: int, *, up: bool) -> None:
        """Pull the cable of a host, or put it in again."""
        name = self.host(last)
        run("ip", "-n", name, "link", "set", "eth0", "up" if up else "down")
        if up:
            run(*f"ip -n {name} route replace default via {FAR}.1".split())

    def set_name(self, last: int | None) -> None:
        """Let the name lead to another host, or to none."""
        hosts = self.folder / "hosts"
        hosts.write_text("" if last is None else f"{FAR}.{last} {NAME}\n")
        if self._dns is None:
            command = [
                *("dnsmasq", "--keep-in-foreground", "--conf-file=/dev/null", "--pid-file="),
                *("--user=root", "--bind-interfaces", f"--listen-address={ROUTER}"),
                *("--no-resolv", "--no-hosts", "--local=/test/", f"--addn-hosts={hosts}"),
            ]
            server = servers.Server(command)
            write_resolver(self.client, ROUTER, self._down)
            self._dns = Process(self.router, server, lambda: self._leads_to(last))
            self.serve(self._dns)
        else:
            self._dns.signal(signal.SIGHUP)
            wait_until(lambda: self._leads_to(last), NAME)

    def _leads_to(self, last: int | None) -> bool:
        words = ["ip", "netns", "exec", self.client, "getent", "ahostsv4", NAME]
        said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
        return said.split()[:1] == ([] if last is None else [f"{FAR}.{last}"])

    def _cable(self, name: str, far_end: str, address: str) -> None:
        words = f"ip -n {name} link add eth0 type veth peer name {far_end} netns {self.router}"
        run(*words.split())
        run(*f"ip -n {self.router} link set {far_end} up".split())
        run(*f"ip -n {name} address add {address} dev eth0".split())
        run(*f"ip -n {name} link set eth0 up".split())


def accepts(namespace: str, port: int) -> bool:
    """True if a TCP port of a namespace accepts connections."""

    def connect() -> bool:
        with socket.socket() as sock:
            return sock.connect_ex(("127.0.0.1", port)) == 0

    return within(namespace, connect)


def answers(namespace: str, port: int, datagram: bytes) -> bool:
    """True if a UDP port of a namespace answers a datagram."""

    def ask() -> bool:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock, suppress(OSError):
            sock.settimeout(0.2)
            sock.connect(("127.0.0.1", port))
            sock.send(datagram)
            return bool(sock.recv(2048))
        return False

    return within(namespace, ask)


def wait_until(happened: Callable[[], bool], what: str, within: float = _SOON) -> None:
    """Wait for an action to be in force; end the bench if it never is."""
    deadline = time.monotonic() + within
    while not happened():
        if time.monotonic() > deadline:
            sys.exit(f"{what}: it did not come to that in {within:g} s.")
        time.sleep(_STEP)

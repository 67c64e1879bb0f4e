"""2,000 hosts on loopback, in a network namespace of their own, with ports of known truth."""

from __future__ import annotations

import os
import select
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench import command
from probes.model import Job, State, Target
from profiles.model import Category, Check, Profile, Role

PORTS = (10001, 10002, 10003, 10004, 10005)
"""Of each host two are open, two refuse and one drops; which ones goes round from host to host."""
HOSTS = 2000
FEW_HOSTS = 40
"""As many as show that a bench works."""
_STATES = (State.OPEN, State.CLOSED, State.FILTERED, State.OPEN, State.CLOSED)


def enter(module: str, *programs: str) -> None:
    """Start a bench again as root in the lab's namespace, unless it is there already."""
    command.enter(module, "nft", *programs)
    for name in ("core/somaxconn", "ipv4/tcp_max_syn_backlog"):
        Path("/proc/sys/net", name).write_text("65535")
    subprocess.run(["nft", "-f", "-"], input=_rules(), text=True, check=True)


def hosts(count: int) -> list[str]:
    """The first addresses of the lab."""
    return [f"127.1.{number >> 8}.{number & 255}" for number in range(1, count + 1)]


def truth(host: str, port: int | None) -> State:
    """True state of a port of a host of the lab."""
    assert port is not None
    return _STATES[(int(host.rpartition(".")[2]) + port) % len(_STATES)]


def _rules() -> str:
    """A reset or nothing for every port that is not open."""
    verdicts = {State.CLOSED: "refused", State.FILTERED: "dropped"}
    sets: dict[str, list[str]] = {name: [] for name in verdicts.values()}
    for host in hosts(HOSTS):
        for port in PORTS:
            name = verdicts.get(truth(host, port))
            if name:
                sets[name].append(f"{host} . {port}")
    made = "".join(
        f"set {name} {{ type ipv4_addr . inet_service; elements = {{ {', '.join(all_of)} }} }}\n"
        for name, all_of in sets.items()
    )
    return f"""table ip lab {{
        {made}
        chain input {{
            type filter hook input priority filter; policy accept;
            tcp flags & (syn | ack) != syn accept
            ip daddr . tcp dport @dropped drop
            ip daddr . tcp dport @refused reject with tcp reset
        }}
    }}"""


def profile() -> Profile:
    """A profile with a bare TCP check for each port of the lab."""
    checks = tuple(
        Check(f"lab.{port}", "lab", "lab", str(port), "tcp", "tcp", "p", "Lost.", "Fix.", port)
        for port in PORTS
    )
    return Profile(
        *("lab", "Lab", "1", "none", "https://example.org"),
        categories=(Category("lab", "Lab"),),
        roles=(Role("lab", "Lab", "lab"),),
        checks=checks,
    )


def targets(count: int) -> list[Target]:
    """The first hosts of the lab as targets of its profile."""
    return [Target("lab", host) for host in hosts(count)]


def count_wrong(seen: dict[str, tuple[Job, State]]) -> int:
    """Number of rows that differ from the truth."""
    return sum(state is not truth(job.target.host, job.port) for job, state in seen.values())


@contextmanager
def listening() -> Iterator[None]:
    """A process that accepts on the open ports and closes at once."""
    ready, told = os.pipe()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _accept(told)
        os._exit(0)
    os.close(told)
    try:
        assert os.read(ready, 1) == b"1"
        yield
    finally:
        os.close(ready)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _accept(told: int) -> None:
    poll = select.epoll()
    listeners = {}
    for port in PORTS:
        sock = socket.create_server(("0.0.0.0", port), backlog=65535)
        sock.setblocking(False)
        poll.register(sock, select.EPOLLIN)
        listeners[sock.fileno()] = sock
    os.write(told, b"1")
    while True:
        for number, _ in poll.poll():
            for _ in range(64):
                try:
                    accepted, _ = listeners[number].accept()
                except OSError:
                    break
                accepted.close()

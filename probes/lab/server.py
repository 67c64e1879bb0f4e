"""Brings the site up: every service on a free port of its host's own loopback address."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from probes.lab import services
from probes.lab.address_map import Directory, Where
from probes.lab.certificates import Authority
from probes.lab.services import Ground
from probes.lab.site import HOSTS, Host

ONLY = "127.0.0.1"
"""The one loopback address every system has; macOS has no other unless it is told to."""


@asynccontextmanager
async def serving(hosts: Iterable[Host] = HOSTS) -> AsyncIterator[Directory]:
    """These hosts, serving on ports that were free; gone afterwards, the CA file too."""
    authorities: dict[str, Authority] = {}
    ports: dict[tuple[str, str, int], Where] = {}
    others: dict[tuple[str, str], Where] = {}
    async with AsyncExitStack() as held:
        folder = held.enter_context(tempfile.TemporaryDirectory(prefix="auditreach-demo-"))
        for host in hosts:
            address = host.address if _is_ours(host.address) else ONLY
            ground = Ground(host.name, address, held, authorities)
            for transport, kinds, spoken in (
                ("tcp", services.TCP, host.tcp),
                ("udp", services.UDP, host.udp),
            ):
                others[transport, host.address] = await kinds[host.others[transport]](ground)
                for port, service in spoken.items():
                    where = await kinds[service.kind](ground, **service.how)
                    ports[transport, host.address, port] = where
        ca_file = Path(folder) / "ca.pem"
        ca_file.write_text("".join(one.pem for one in authorities.values()), encoding="ascii")
        yield Directory(str(ca_file), ports, others)


def _is_ours(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True

"""Server of the site: every service on a free port of its host's own loopback address."""

from __future__ import annotations

import socket
import tempfile
from collections.abc import AsyncIterator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from probes.lab import services
from probes.lab.address_map import AddressMap, Endpoint
from probes.lab.certificates import CertificateAuthority
from probes.lab.services import HostContext
from probes.lab.site import HOSTS, Host

DEFAULT_ADDRESS = "127.0.0.1"
"""The one loopback address every system has; macOS has no other unless it is told to."""


@asynccontextmanager
async def run_lab(hosts: Iterable[Host] = HOSTS) -> AsyncIterator[AddressMap]:
    """Serve these hosts on free ports; close them and delete the CA file afterwards."""
    authorities: dict[str, CertificateAuthority] = {}
    ports: dict[tuple[str, str, int], Endpoint] = {}
    others: dict[tuple[str, str], Endpoint] = {}
    async with AsyncExitStack() as resources:
        folder = resources.enter_context(tempfile.TemporaryDirectory(prefix="auditreach-demo-"))
        for host in hosts:
            address = host.address if _is_bindable(host.address) else DEFAULT_ADDRESS
            context = HostContext(host.name, address, resources, authorities)
            for transport, kinds, services_by_port in (
                ("tcp", services.TCP, host.tcp),
                ("udp", services.UDP, host.udp),
            ):
                others[transport, host.address] = await kinds[host.default_ports[transport]](
                    context
                )
                for port, service in services_by_port.items():
                    endpoint = await kinds[service.kind](context, **service.arguments)
                    ports[transport, host.address, port] = endpoint
        ca_file = Path(folder) / "ca.pem"
        ca_file.write_text("".join(one.pem for one in authorities.values()), encoding="ascii")
        yield AddressMap(str(ca_file), ports, others)


def _is_bindable(address: str) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind((address, 0))
        except OSError:
            return False
    return True

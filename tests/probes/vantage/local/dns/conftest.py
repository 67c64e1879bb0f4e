"""Name servers on loopback, and a hosts file."""

import asyncio

import pytest

from probes.vantage.local.dns_servers import Configuration, Nameservers
from probes.vantage.local.vantage import LocalVantage


@pytest.fixture
async def serve():
    """Name servers on 127.0.0.1, 127.0.0.2 … with one port, and a Nameservers that asks them."""
    transports = []
    vantage = LocalVantage()

    async def start(*zones, search=()):
        loop = asyncio.get_running_loop()
        port = 0
        servers = []
        for number, zone in enumerate(zones, 1):
            servers.append(f"127.0.0.{number}")
            transport, _ = await loop.create_datagram_endpoint(
                lambda zone=zone: zone, local_addr=(servers[-1], port)
            )
            transports.append(transport)
            port = transport.get_extra_info("sockname")[1]
        return Nameservers(vantage, lambda: Configuration(tuple(servers), search, 1, port))

    yield start
    await vantage.close()
    for transport in transports:
        transport.close()
    await asyncio.sleep(0)


@pytest.fixture
def hosts(tmp_path):
    path = tmp_path / "hosts"
    path.write_text("127.0.0.1 localhost\n10.0.0.7\tdc1.corp DC1 # not dc2\n# 10.0.0.8 dc3\n")
    return path

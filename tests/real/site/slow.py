"""Servers of test_patience.py, slow and quick ones, in one process: prints `ready` at the end."""

from __future__ import annotations

import asyncio
import contextlib
import sys

from probes.lab import snmp as lab_snmp
from probes.lab import ssh, winrm
from probes.wire import snmp

QUICK, SLOW, LOSSY = sys.argv[1:4]
BANNER_AFTER, SNMP_AFTER = map(float, sys.argv[4:6])
PORTS = range(4001, 4021)


async def pump(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await source.read(65536):
            sink.write(data)
            await sink.drain()
    sink.close()


class SlowAgent(asyncio.DatagramProtocol):
    """An SNMP agent that takes its time for each answer."""

    def __init__(self) -> None:
        self.agent = lab_snmp.agent(
            (snmp.V2C,), lab_snmp.system("slow1", "A slow device", "1.3.6.1.4.1.9.1.1")
        )

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        said = self.agent(data)
        if said is not None:
            loop = asyncio.get_running_loop()
            loop.call_later(SNMP_AFTER, self.transport.sendto, said, peer)


async def main() -> None:
    behind = await ssh.start("127.0.0.1")

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(BANNER_AFTER)
        up = await asyncio.open_connection("127.0.0.1", behind.get_port())
        await asyncio.gather(pump(reader, up[1]), pump(up[0], writer))

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await reader.read()
        writer.close()

    kept = [
        await asyncio.start_server(relay, SLOW, 22),
        await winrm.start(QUICK, 5985),
        *[await asyncio.start_server(hang, LOSSY, port) for port in PORTS],
    ]
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(SlowAgent, local_addr=(SLOW, 161))
    print("ready", flush=True)
    await asyncio.gather(*(server.serve_forever() for server in kept))


asyncio.run(main())

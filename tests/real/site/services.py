"""The site's listeners of our own, in one process: prints `ready` once all of them listen."""

import asyncio
import socket
import struct

from probes.lab import vsphere, winrm

WINRM = (
    ("10.1.2.10", 5985),
    ("fd00:1:2::10", 5985),
    *((f"10.1.2.{last}", 5985) for last in range(101, 106)),
)
"""Path on which WinRM answers as on Windows."""
ESXI = ("10.1.2.106", "10.1.2.107")
TCP = {
    ("10.1.2.22", 2201): b"",
    ("10.1.2.112", 9100): b"",
    ("10.1.2.22", 2202): b"HTTP/1.1 400 Bad Request\r\n\r\n",
}
"""Listeners that accept, say this, and then nothing."""
RESETS = tuple(("10.1.2.37", port) for port in (22, 80, 139, 443, 902, 5985))
"""Listeners that accept and reset at once, as a balancer does without a server behind it."""
UDP = {("10.1.2.36", 53): b"this is no DNS message"}
"""Sockets that answer everything with this."""


class Parrot(asyncio.DatagramProtocol):
    def __init__(self, word: bytes) -> None:
        self.word = word

    def connection_made(self, transport: asyncio.DatagramTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        self.transport.sendto(self.word, peer)


async def accept(word: bytes, host: str, port: int) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(word)
            await reader.read()
        except ConnectionError:
            pass
        finally:
            writer.close()

    await asyncio.start_server(say, host, port, backlog=100)


async def reset(host: str, port: int) -> None:
    def at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()

    await asyncio.start_server(at_once, host, port, backlog=100)


async def main() -> None:
    for host, port in WINRM:
        await winrm.start(host, port)
    for host in ESXI:
        await vsphere.start_http(host, 80)
        await vsphere.start_https(host, 443)
        await vsphere.start_authd(host, 902)
    for (host, port), word in TCP.items():
        await accept(word, host, port)
    for host, port in RESETS:
        await reset(host, port)
    loop = asyncio.get_running_loop()
    for where, word in UDP.items():
        await loop.create_datagram_endpoint(lambda word=word: Parrot(word), local_addr=where)
    print("ready", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())

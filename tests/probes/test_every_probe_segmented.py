"""Every TCP probe, and bytes that arrive in one segment, or each alone: the row is one."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

import pytest

from probes.lab import http, rpc, ssh, vsphere
from probes.lab.transport import ConnectionHandler, listen_tcp
from probes.model import Result, Service
from probes.registry import PROBES
from probes.vantage.local.tcp import SocketPipe
from probes.wire.pjl import encode_answer
from tests.probes.peers import Serve
from tests.probes.right_services import OVER_TCP

PATIENCE = 4.0
TCP = [name for name, probe in PROBES.items() if probe.module and probe.transport == "tcp"]
GREETINGS = (
    b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n",
    b"220 mail.example.test ESMTP Postfix\r\n",
    b"220-ftp.example.test\r\n220 ready\r\n",
    b"HTTP/1.1 400 Bad Request\r\nServer: nginx\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
    b"<html><title>Router</title><body>Log in</body></html>\r\n",
    b"\x15\x03\x01\x00\x02\x02\x46",
    b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18login: ",
    b"RFB 003.008\n",
    b"J\0\0\0\n8.0.36-0ubuntu0.22.04.1\0" + bytes(range(1, 50)),
    b"\0\0\0\0\x02\0\x28",
    b"\x83\0\0\x01\x8f and more",
    b"no end of line",
)
"""Beginnings of servers that speak first, and of other answers."""


async def pages(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A printer that tells its name over PJL."""
    await reader.readuntil(b"INFO ID\r\n")
    writer.write(encode_answer("HP LaserJet 4050"))
    await writer.drain()
    await reader.read()


RIGHT: dict[str, ConnectionHandler] = {
    **OVER_TCP,
    "printer": pages,
    "rpc_dynamic": rpc.mapper({}),
    "vsphere": http.connection_handler(vsphere.api_handler()),
    "https": OVER_TCP["http_redirect"],
}
WITH_TLS = ("vsphere", "https")


class Segmented(asyncio.Protocol):
    """Hands a connection's bytes on in pieces of `size`, one a turn of the loop."""

    def __init__(self, inner: asyncio.Protocol, size: int) -> None:
        self.inner, self.size = inner, size
        self.waiting: deque[Callable[[], object]] = deque()

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        for at in range(0, len(data), self.size):
            piece = data[at : at + self.size]
            self.later(lambda piece=piece: self.inner.data_received(piece))

    def eof_received(self) -> bool:
        self.later(self.inner.eof_received)
        return True

    def connection_lost(self, exc: Exception | None) -> None:
        self.later(lambda: self.inner.connection_lost(exc))

    def later(self, call: Callable[[], object]) -> None:
        self.waiting.append(call)
        if len(self.waiting) == 1:
            asyncio.get_running_loop().call_soon(self.next)

    def next(self) -> None:
        self.waiting[0]()
        self.waiting.popleft()
        if self.waiting:
            asyncio.get_running_loop().call_soon(self.next)


@pytest.fixture
def in_pieces(monkeypatch: pytest.MonkeyPatch):
    """Let every connection of a vantage get its bytes in pieces of some size from now on."""
    opened = SocketPipe.open

    def use(size: int) -> None:
        async def open(self: SocketPipe, factory: Callable[[], asyncio.Protocol]) -> object:
            return await opened(self, lambda: Segmented(factory(), size))

        monkeypatch.setattr(SocketPipe, "open", open)

    return use


def told(result: Result) -> tuple[object, ...]:
    """A row without what is of the moment."""
    seen = result.observation
    facts = {
        name: fact
        for name, fact in seen.facts.items()
        if not name.endswith(("time", "_s")) and name not in ("certificate", "host_key")
    }
    return result.status, seen.state, seen.service, result.note, facts


def test_there_is_a_right_service_for_every_tcp_probe() -> None:
    assert {*RIGHT, "ssh"} == set(TCP)


@pytest.mark.parametrize("name", TCP)
@pytest.mark.parametrize("size", [1, 2, 7])
async def test_the_right_service_says_the_same_in_whatever_pieces(
    name: str, size: int, row, in_pieces
) -> None:
    if name == "ssh":
        server = await ssh.start()
        port = server.get_port()
    else:
        tls = vsphere.self_signed("esx1.example") if name in WITH_TLS else None
        server = await listen_tcp(RIGHT[name], tls=tls)
        port = server.sockets[0].getsockname()[1]
    whole = await row(name, port, PATIENCE)
    in_pieces(size)
    pieces = await row(name, port, PATIENCE)
    server.close()
    assert told(pieces) == told(whole)
    if name != "https":
        # Its certificate is trusted by nobody.
        assert whole.observation.service is not Service.UNEXPECTED, whole.note


@pytest.mark.parametrize("name", TCP)
async def test_another_service_is_called_the_same_in_whatever_pieces(
    name: str, row, peer, in_pieces
) -> None:
    async def rows(said: bytes) -> Result:
        async with peer(greeting(said)) as port:
            return await row(name, port, PATIENCE)

    whole = [told(one) for one in await asyncio.gather(*map(rows, GREETINGS))]
    in_pieces(1)
    pieces = [told(one) for one in await asyncio.gather(*map(rows, GREETINGS))]
    for said, one, other in zip(GREETINGS, whole, pieces, strict=True):
        assert one == other, said


def greeting(said: bytes) -> Serve:
    """A server that says this unasked, and waits."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        await writer.drain()
        await asyncio.Event().wait()

    return serve


class Recorder:
    """A relay to a handler that keeps what it says, connection by connection."""

    def __init__(self) -> None:
        self.said: list[bytearray] = []

    def of(self, handler: ConnectionHandler) -> Serve:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            said = bytearray()
            self.said.append(said)
            write = writer.write

            def recorded(data: bytes) -> None:
                said.extend(data)
                write(data)

            writer.write = recorded
            await handler(reader, writer)

        return serve


def at_once(said: list[bytearray]) -> Serve:
    """A server that says all of a recorded conversation as soon as it hears the first byte."""
    left = deque(said)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(bytes(left.popleft()))
        await writer.drain()
        await asyncio.Event().wait()

    return serve


@pytest.mark.parametrize(
    "name", [one for one in RIGHT if one not in (*WITH_TLS, "rpc_dynamic", "authd")]
)
async def test_messages_that_come_in_one_segment_are_all_read(name: str, row, peer) -> None:
    kept = Recorder()
    async with peer(kept.of(RIGHT[name])) as port:
        asked = await row(name, port, PATIENCE)
    async with peer(at_once(kept.said)) as port:
        together = await row(name, port, PATIENCE)
    assert told(together) == told(asked)

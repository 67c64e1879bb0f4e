"""Every probe against a peer with bad manners: the right status, an end, and flat memory."""

from __future__ import annotations

import asyncio
import errno
import gc
import os
import tracemalloc
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import pytest

from probes.engine.observation import run_udp_probe
from probes.engine.pacing import HostQueue, Work
from probes.judging.status import judge
from probes.model import Job, Result, Service, State, Status, Target
from probes.options import NO_OPTIONS
from probes.registry import PROBES
from probes.vantage.local.tcp import SocketPipe
from probes.vantage.local.vantage import LocalVantage
from profiles.model import Check
from tests.probes.peers import Serve, endless

HANGS = 60
"""Seconds after which a probe never ends."""
PATIENCE = 0.6
PLENTY = 30.0
"""A deadline that an endless stream must not be read until."""
FLAT = 4 * 1024 * 1024
"""Bytes a peer may make us hold: several times the cap of a connection, and no more."""

LOADED = {name: probe for name, probe in PROBES.items() if probe.module}
TCP = [name for name, probe in LOADED.items() if probe.transport == "tcp"]
UDP = [name for name, probe in LOADED.items() if probe.transport == "udp"]

NUMBERS = {"udp": (135, 137, 138, 139)}
"""Ports that decide the question of a probe."""
WITHOUT_PROTOCOL = frozenset({139})
"""Ports of which neither silence nor an answer tells anything."""

TLS = b"\x16\x03\x03\x40\x00\x02\xff\xff\xff" + bytes(0x3FFC)
"""A handshake record that begins a message of 16 MB."""
HTTP = b"HTTP/1.1 200 OK\r\n"
FRAGMENT = bytes.fromhex("05000c01100000001800000001000000") + bytes(8)
"""A first fragment of a bind_ack that no last one follows."""
PLAUSIBLE = {
    "ssh": (b"Welcome ", b"to this host\r\n"),
    "https": (TLS[:9], TLS),
    "vsphere": (TLS[:9], TLS),
    "kerberos": (b"\x7f\xff\xff\xff", b"\x7e\x84\x7f\xff\xff\xff"),
    "ldap": (b"\x30\x84\x7f\xff\xff\xff", bytes(4096)),
    "rpc": (FRAGMENT, FRAGMENT),
    "rpc_dynamic": (FRAGMENT, FRAGMENT),
    "smb": (b"\0\xff\xff\xff\xfeSMB", bytes(4096)),
    "netbios": (b"\x85\0\0\0", b"\x85\0\0\0"),
    "winrm": (HTTP, b"X-Filler: x\r\n"),
    "http_redirect": (HTTP, b"X-Filler: x\r\n"),
    "authd": (b"220-", b"VMware "),
    "printer": (b"@PJL INFO ID\r\n" + b'"' * 30, b'"'),
}
"""Beginning of a right answer, and the bytes that then repeat without an end."""


def flooding(start: bytes, more: bytes) -> Serve:
    """A server that sends as fast as it is read."""
    return endless(start, more * (16 * 1024 // len(more) + 1))


def refused(name: str, result: Result) -> bool:
    """True if a row tells that no right service is there; a printer need not say anything."""
    if name == "printer" and result.observation.service is Service.NOT_ASKED:
        return result.status is Status.OK and result.observation.state is State.OPEN
    return result.status is Status.BLOCKED and "fault in" not in result.note


def test_the_beginning_of_every_tcp_service_is_known() -> None:
    assert set(PLAUSIBLE) == set(TCP), "PLAUSIBLE says how the right service of a probe begins"


@pytest.mark.parametrize("name", PLAUSIBLE)
async def test_bad_manners_over_tcp_are_no_service(name: str, row, peer, hostile) -> None:
    manner, serve = hostile
    async with peer(serve(PLAUSIBLE[name][0])) as port:
        result = await row(name, port, PLENTY if manner == "endless" else PATIENCE)
    assert refused(name, result), result.note
    if manner in ("silence", "close", "reset") and name != "printer":
        assert result.observation.service is Service.SILENT, result.note
    if manner == "endless":
        assert result.observation.service is Service.UNEXPECTED, result.note


class Breaking(asyncio.Protocol):
    """Passes on what comes, until the peer closes: then the system reports an errno."""

    def __init__(self, inner: asyncio.Protocol, number: int) -> None:
        self.inner, self.number = inner, number

    def __getattr__(self, name: str) -> object:
        return getattr(self.inner, name)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.inner.connection_made(transport)

    def data_received(self, data: bytes) -> None:
        self.inner.data_received(data)

    def eof_received(self) -> bool:
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        self.inner.connection_lost(OSError(self.number, os.strerror(self.number)))


@pytest.mark.parametrize("name", PLAUSIBLE)
@pytest.mark.parametrize(
    "number",
    [errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.ECONNRESET, errno.EPERM],
)
@pytest.mark.parametrize("begins", [True, False], ids=["midway", "at once"])
async def test_a_connection_that_breaks_is_told_in_plain_words(
    name: str, number: int, begins: bool, row, peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = SocketPipe.open

    async def open(self: SocketPipe, factory: Callable[[], asyncio.Protocol]) -> object:
        return await opened(self, lambda: Breaking(factory(), number))

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if begins:
            writer.write(PLAUSIBLE[name][0])
        writer.close()

    monkeypatch.setattr(SocketPipe, "open", open)
    async with peer(serve) as port:
        result = await row(name, port, PATIENCE)
    assert refused(name, result), result.note
    assert os.strerror(number) not in result.note and "Errno" not in result.note


@pytest.mark.parametrize("name", PLAUSIBLE)
@pytest.mark.parametrize("kind", ["plausible", "foreign"])
async def test_an_endless_stream_fills_no_memory(name: str, kind: str, row, peer) -> None:
    start, more = PLAUSIBLE[name] if kind == "plausible" else (b"", bytes(range(255, 0, -1)))
    async with peer(flooding(start, more)) as port:
        await row(name, port, PATIENCE)
        with held() as most:
            result = await row(name, port, PLENTY)
        assert most() < FLAT
    assert refused(name, result), result.note
    assert result.observation.service is Service.UNEXPECTED, "it was read until the deadline"


@pytest.mark.parametrize(
    ("name", "number"), [(name, number) for name in UDP for number in NUMBERS.get(name, (9,))]
)
@pytest.mark.parametrize("said", [None, b"\0", bytes(range(255, 0, -1)) * 5, b"\0" * 60_000])
async def test_bad_manners_over_udp_are_no_service(
    name: str, number: int, said: bytes | None
) -> None:
    async with talker(said) as port:
        await asked(name, number, port)
        with held() as most:
            result = await asked(name, number, port)
        assert most() < FLAT
    observation = result.observation
    assert "fault in" not in result.note
    assert observation.service is not Service.CONFIRMED
    assert observation.state is (State.OPEN_FILTERED if said is None else State.OPEN)
    untold = number in WITHOUT_PROTOCOL
    assert result.status is (Status.UNVERIFIABLE if untold else Status.BLOCKED), result.note


async def asked(name: str, number: int, port: int) -> Result:
    """The row of a UDP probe for a service of some number that is found on another port."""
    ask = PROBES[name].load()
    assert ask is not None
    answers = number not in WITHOUT_PROTOCOL
    check = Check(
        f"t.{name}", "t", "r", name, name, "udp", "", "", "", port=number, answers=answers
    )
    work = Work(Job("k", check, Target("r", "127.0.0.1"), port))
    work.queue, work.addresses = HostQueue(lambda _: None), ("127.0.0.1",)
    vantage = LocalVantage()
    try:
        async with asyncio.timeout(HANGS):
            seen = await run_udp_probe(vantage, ask, work, NO_OPTIONS, PATIENCE, 0)
    finally:
        await vantage.close()
    return judge(work.job, seen)


class Talker(asyncio.DatagramProtocol):
    """Answers every datagram with the same one, again and again."""

    def __init__(self, said: bytes | None) -> None:
        self.said = said

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def datagram_received(self, data: bytes, peer: tuple[str, int]) -> None:
        if self.said is not None:
            self.flood(peer)

    def flood(self, peer: tuple[str, int]) -> None:
        for _ in range(20):
            self.transport.sendto(self.said, peer)
        if not self.transport.is_closing():
            asyncio.get_running_loop().call_later(0.001, self.flood, peer)


@asynccontextmanager
async def talker(said: bytes | None) -> AsyncIterator[int]:
    """The port of a server that floods whoever asks it; that of a silent one without words."""
    loop = asyncio.get_running_loop()
    transport, _ = await loop.create_datagram_endpoint(
        lambda: Talker(said), local_addr=("127.0.0.1", 0)
    )
    try:
        yield transport.get_extra_info("sockname")[1]
    finally:
        transport.abort()


@contextmanager
def held() -> Iterator[Callable[[], int]]:
    """Measures the most bytes that are held at once inside, beyond those held before."""
    gc.collect()
    tracemalloc.start()
    try:
        yield lambda: tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

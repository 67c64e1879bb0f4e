from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from probes.engine.call import Ask, Call
from probes.engine.lanes import Work
from probes.engine.model import Job, Observation, Reason, State, Target, VantageInfo
from probes.engine.observe import converse
from probes.engine.options import NO_OPTIONS, Options
from probes.engine.vantage import Accept, Outcome
from probes.vantage.local.tcp import SocketPipe
from probes.vantage.local.vantage import LocalVantage
from profiles.model import Check
from tests.probes.peers import Serve, resetting

Reply = list[bytes] | Outcome
Script = Callable[[bytes], Reply]


class ScriptedVantage:
    """Datagrams are answered by a function; what was sent is kept."""

    info = VantageInfo("scripted", "here", addresses=("192.0.2.9",))

    def __init__(self, script: Script) -> None:
        self.script = script
        self.sent: list[bytes] = []

    async def exchange(
        self, address: str, port: int, payload: bytes, timeout: float, accept: Accept
    ) -> Outcome:
        self.sent.append(payload)
        await asyncio.sleep(0)
        reply = self.script(payload)
        if isinstance(reply, Outcome):
            return reply
        for data in reply:
            if accept(data):
                return Outcome(State.OPEN, Reason.UDP_RESPONSE, address, latency_ms=1.0, data=data)
        return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)


def _call(
    vantage: object, probe: str, transport: str, port: int, address: str, timeout: float
) -> Call:
    check = Check(f"t.{probe}", "t", "r", probe, probe, transport, "", "", "", port=port)
    job = Job("k", check, Target("r", address), port)
    return Call(vantage, job, address, timeout, 1, asyncio.get_running_loop().time())


@pytest.fixture
def udp_call() -> Callable[..., Call]:
    """A call towards a UDP port that a script answers."""

    def make(
        script: Script, *, probe: str = "udp", port: int = 135, address: str = "192.0.2.1"
    ) -> Call:
        return _call(ScriptedVantage(script), probe, "udp", port, address, 4.0)

    return make


@pytest.fixture
def call_to() -> Callable[..., object]:
    """A call over a real connection to a loopback port, as the engine hands it to a probe."""

    @asynccontextmanager
    async def make(port: int, *, timeout: float = 5.0) -> AsyncIterator[Call]:
        sock = socket.socket()
        sock.setblocking(False)
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
        vantage = LocalVantage()
        call = _call(vantage, "ssh", "tcp", port, "127.0.0.1", timeout)
        pipe = SocketPipe(sock)
        call.outcome = Outcome(State.OPEN, Reason.SYN_ACK, "127.0.0.1", pipe=pipe)
        try:
            yield call
        finally:
            await call.close()
            await vantage.close()

    return make


@pytest.fixture
def peer() -> Callable[..., object]:
    """The port of a loopback server that treats every connection like `serve`."""

    @asynccontextmanager
    async def make(serve: Serve) -> AsyncIterator[int]:
        writers: list[asyncio.StreamWriter] = []
        tasks: list[asyncio.Task[None]] = []

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writers.append(writer)
            tasks.append(asyncio.current_task())
            with suppress(ConnectionError, asyncio.CancelledError):
                await serve(reader, writer)

        server = await asyncio.start_server(accepted, "127.0.0.1", 0)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()
            for task in tasks:
                task.cancel()
            for writer in writers:
                writer.transport.abort()
            await asyncio.gather(*tasks, return_exceptions=True)
            await server.wait_closed()

    return make


@pytest.fixture
def tcp_call(call_to, peer) -> Callable[..., object]:
    """A call over a real loopback connection to a server that behaves like `serve`."""

    @asynccontextmanager
    async def make(serve: Serve, *, timeout: float = 5.0) -> AsyncIterator[Call]:
        async with peer(serve) as port, call_to(port, timeout=timeout) as call:
            yield call

    return make


@pytest.fixture
def observed(call_to) -> Callable[..., Awaitable[Observation]]:
    """What the engine makes of a probe towards a loopback port."""

    async def make(
        ask: Ask, port: int, *, timeout: float = 5.0, options: Options = NO_OPTIONS
    ) -> Observation:
        async with call_to(port, timeout=timeout) as call:
            call.options = options
            return await converse(call, ask, Work(call.job), call.outcome, ())

    return make


def _hostile(name: str, drip: bytes) -> Serve:
    forever = asyncio.Event()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        match name:
            case "silence":
                await forever.wait()
            case "drip":
                for byte in drip * 100:
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0.02)
            case "garbage":
                writer.write(bytes(range(255, 0, -1)) * 8)
                await forever.wait()
            case "endless":
                while True:
                    writer.write(bytes(range(255, 0, -1)) * 64)
                    await writer.drain()
            case "close":
                writer.close()
            case "reset":
                await resetting()(reader, writer)

    return serve


@pytest.fixture(params=["silence", "drip", "garbage", "endless", "close", "reset"])
def hostile(request: pytest.FixtureRequest) -> tuple[str, Callable[[bytes], Serve]]:
    """The name of a bad manner, and a server that has it; `drip` is what one drips slowly."""
    return request.param, lambda drip: _hostile(request.param, drip)


@pytest.fixture
def refused() -> Outcome:
    return Outcome(State.CLOSED, Reason.PORT_UNREACH, "192.0.2.1")

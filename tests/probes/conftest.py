"""Scripted vantages, peers and engine set-up for the tests of probes and engine."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest

from probes.call import Call, ProbeFunction
from probes.engine.middlebox import UNUSED_PORTS
from probes.engine.observation import run_tcp_probe
from probes.engine.pacing import Work
from probes.engine.scheduler import Scheduler
from probes.judging.status import judge
from probes.model import (
    Event,
    Finished,
    Job,
    Observation,
    Reason,
    Resolution,
    Result,
    State,
    Target,
    VantageInfo,
)
from probes.options import NO_OPTIONS, Options
from probes.registry import PROBES
from probes.settings import Settings
from probes.vantage import Accept, Cancel, Done, Outcome
from probes.vantage.local.tcp import SocketPipe
from probes.vantage.local.vantage import LocalVantage
from profiles.model import Check, Profile
from tests.probes.peers import Serve, resetting

HANGS = 60
"""Seconds after which a probe never ends."""

Reply = list[bytes] | Outcome
Script = Callable[[bytes], Reply]


class ScriptedVantage:
    """Datagrams are answered by a function; what was sent is kept.

    `tcp` is how a connect ends, or the loopback port that it is led to.
    """

    info = VantageInfo("scripted", "here", addresses=("192.0.2.9",))

    def __init__(self, script: Script) -> None:
        self.script = script
        self.sent: list[bytes] = []
        self.tcp: Outcome | int = Outcome(State.CLOSED, Reason.CONN_REFUSED, "192.0.2.1")
        self.connects: list[tuple[str, int]] = []
        self.closing: list[asyncio.Future[None]] = []

    def connect(self, address: str, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        self.connects.append((address, port))
        if isinstance(self.tcp, int):
            return self._connect_local(self.tcp, timeout, done, keep=keep)
        done(self.tcp)
        return lambda: None

    def _connect_local(self, port: int, timeout: float, done: Done, *, keep: bool) -> Cancel:
        """Connect to loopback with a vantage that is closed when it has ended, or was given up."""
        local = LocalVantage()

        def close() -> None:
            self.closing.append(asyncio.ensure_future(local.close()))

        def ended(outcome: Outcome) -> None:
            done(outcome)
            close()

        cancel = local.connect("127.0.0.1", port, timeout, ended, keep=keep)

        def give_up() -> None:
            cancel()
            close()

        return give_up

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
    """Observation by a probe towards a loopback port."""

    async def make(
        ask: ProbeFunction, port: int, *, timeout: float = 5.0, options: Options = NO_OPTIONS
    ) -> Observation:
        async with call_to(port, timeout=timeout) as call:
            call.options = options
            return await run_tcp_probe(call, ask, Work(call.job), call.outcome, ())

    return make


@pytest.fixture
def row(observed, ca_file) -> Callable[..., Awaitable[Result]]:
    """The row of a TCP probe towards a port, as a required check; loaded and warm."""

    async def make(name: str, port: int, timeout: float) -> Result:
        ask = PROBES[name].load()
        assert ask is not None
        options = Options(ca_file=ca_file, pjl=True)
        async with asyncio.timeout(HANGS):
            observation = await observed(ask, port, timeout=timeout, options=options)
        check = Check(f"t.{name}", "t", "r", name, name, "tcp", "", "", "", port=port)
        return judge(Job("k", check, Target("r", "127.0.0.1"), port), observation)

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


OPEN = (State.OPEN, Reason.SYN_ACK)
CLOSED = (State.CLOSED, Reason.CONN_REFUSED)
SILENT = (State.FILTERED, Reason.NO_RESPONSE)


class Scripted:
    """Answers connects by (address, port); a list is used up attempt by attempt.

    With `held` set, attempts stay in flight until `let_go`.
    """

    info = VantageInfo("scripted", "here", addresses=("192.0.2.9",))

    def __init__(self, script: dict[Any, Any] | None = None, *, held: bool = False) -> None:
        self.script = script or {}
        self.names: dict[str, Resolution] = {}
        self.neighbours: dict[str, str] = {}
        self.macs: dict[str, str] = {}
        self.held = held
        self.descriptors = 100_000
        self.free: int | None = None
        self.connects: list[tuple[str, int]] = []
        self.flying: list[tuple[str, int, Callable[[Outcome], None]]] = []
        self.most_flying = 0
        self.cancelled: list[tuple[str, int]] = []
        self.looked_up: list[str] = []
        self.looked_back: list[str] = []
        self.pinged: list[str] = []
        self.arrived = asyncio.Event()

    def connect(
        self,
        address: str,
        port: int,
        timeout: float,
        done: Callable[[Outcome], None],
        *,
        keep: bool,
    ) -> Callable[[], None]:
        if self.free is not None and len(self.flying) >= self.free:
            raise OSError(errno.EMFILE, "no descriptor")
        if port in UNUSED_PORTS and not self.scripted(address, port):
            # A port that nothing uses: refused, as a host does that is not tampered with.
            done(Outcome(*CLOSED, address))
            return lambda: None
        self.connects.append((address, port))
        entry = (address, port, done)
        self.flying.append(entry)
        self.most_flying = max(self.most_flying, len(self.flying))
        self.arrived.set()
        if not self.held:
            asyncio.get_running_loop().call_soon(self._end, entry)

        def cancel() -> None:
            if entry in self.flying:
                self.flying.remove(entry)
                self.cancelled.append((address, port))

        return cancel

    def scripted(self, address: str, port: int) -> bool:
        """True if the script names this very port."""
        return (address, port) in self.script

    def let_go(self) -> None:
        for entry in list(self.flying):
            self._end(entry)

    def _end(self, entry: tuple[str, int, Callable[[Outcome], None]]) -> None:
        if entry not in self.flying:
            return
        self.flying.remove(entry)
        address, port, done = entry
        said = self.script.get((address, port), self.script.get(address, OPEN))
        if isinstance(said, list):
            said = said.pop(0) if len(said) > 1 else said[0]
        if isinstance(said, Outcome):
            done(said)
        else:
            state, reason = said
            done(Outcome(state, reason, address, source="192.0.2.9"))

    def interface(self, source: str) -> str | None:
        return "eth9" if source == "192.0.2.9" else None

    def neighbour_mac(self, address: str) -> str:
        return self.macs.get(address, "")

    def unresolved_neighbour(self, address: str) -> str | None:
        return self.neighbours.get(address)

    async def resolve(self, name: str) -> Resolution:
        self.looked_up.append(name)
        await asyncio.sleep(0)
        return self.names.get(name, Resolution(name, (), problem="10.0.0.53 says no such name"))

    async def reverse(self, address: str) -> Resolution:
        self.looked_back.append(address)
        await asyncio.sleep(0)
        return self.names.get(address, Resolution(address, ()))

    async def srv(self, name: str) -> Resolution:
        self.looked_up.append(name)
        return self.names.get(name, Resolution(name, ()))

    async def close(self) -> None:
        self.flying.clear()

    async def ping(self, address: str, timeout: float) -> Outcome:
        self.pinged.append(address)
        await asyncio.sleep(0)
        said = self.script.get((address, "ping"), (State.OPEN, Reason.ECHO_REPLY))
        if isinstance(said, Exception):
            raise said
        return Outcome(*said, address, latency_ms=1.0, latency_source="monotonic")


class Session:
    """One run over a scripted vantage, with everything it reported."""

    def __init__(
        self,
        vantage: Scripted,
        profile: Profile,
        probes: dict[str, Any] | None = None,
        answers: dict[str, str] | None = None,
        earlier: Sequence[Result] = (),
        **settings: Any,
    ) -> None:
        self.vantage = vantage
        self.events: list[Event] = []
        self.batches: list[Sequence[Event]] = []
        usual = {name: PROBES[name] for name in ("tcp", "ping", "auto")}
        self.scheduler = Scheduler(
            vantage,  # type: ignore[arg-type]
            {**usual, **(probes or {})},
            profile,
            {**profile.default_answers, **(answers or {})},
            Settings(**settings),
            self._report,
            earlier=earlier,
        )

    def _report(self, batch: Sequence[Event]) -> None:
        self.batches.append(batch)
        self.events.extend(batch)

    async def measure(self, *jobs: Job) -> dict[str, Result]:
        self.scheduler.add(jobs)
        await self.idle()
        return self.latest

    async def idle(self) -> None:
        await self.scheduler.wait_idle()
        self.scheduler.flush()

    @property
    def latest(self) -> dict[str, Result]:
        return {event.job.key: event for event in self.events if isinstance(event, Result)}

    @property
    def finished(self) -> list[Finished]:
        return [event for event in self.events if isinstance(event, Finished)]


def check(id: str, port: int | None = 80, **more: Any) -> Check:
    transport = more.pop("transport", "tcp" if port else "icmp")
    return Check(
        id,
        more.pop("category", "c"),
        more.pop("role", "r"),
        more.pop("title", id.upper()),
        more.pop("probe", "tcp" if port else "ping"),
        transport,
        "purpose",
        more.pop("consequence", "Something is lost."),
        "change it",
        port=port,
        **more,
    )


def profile(*checks: Check, questions: Any = (), roles: Any = ()) -> Profile:
    return Profile(
        "p", "P", "1", "s", "u", roles=tuple(roles), questions=tuple(questions), checks=checks
    )


def job(check: Check, host: str = "10.0.0.1") -> Job:
    return Job(f"{check.id}|{host}", check, Target(check.role, host), check.port)


class Kit:
    """The pieces above under one name, since tests import no modules of each other."""

    Scripted = Scripted
    Session = Session
    check = staticmethod(check)
    profile = staticmethod(profile)
    job = staticmethod(job)
    OPEN = OPEN
    CLOSED = CLOSED
    SILENT = SILENT


@pytest.fixture
def kit() -> type[Kit]:
    return Kit

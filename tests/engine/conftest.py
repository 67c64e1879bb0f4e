"""A vantage that plays a script, and small profiles, for tests of the run and the judge."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from probes import Probe
from probes.engine.calibrate import PORTS
from probes.engine.model import (
    Event,
    Finished,
    Job,
    Reason,
    Resolution,
    Result,
    Settings,
    State,
    Target,
    VantageInfo,
)
from probes.engine.run import Run
from probes.engine.vantage import Outcome
from profiles.model import Check, Profile

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
        if port in PORTS and not self.scripted(address, port):
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
        """Whether the script says something of this very port."""
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

    def unanswered(self, address: str) -> str | None:
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
        usual = {"tcp": Probe("tcp"), "ping": Probe("icmp")}
        self.run = Run(
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
        self.run.add(jobs)
        await self.idle()
        return self.latest

    async def idle(self) -> None:
        await self.run.idle()
        self.run.flush()

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

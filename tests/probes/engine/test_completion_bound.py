"""The bound of a run: it is never over later than was said, whatever the network does."""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from probes.call import Answer, Call, Unexpected
from probes.engine.completion_bound import MAX_ROWS, RemainingRow, seconds_left
from probes.engine.plan import plan
from probes.engine.scheduler import Scheduler
from probes.model import Finished, Reason, Resolution, Result, Service, State, Target
from probes.options import NO_OPTIONS
from probes.registry import PROBES
from probes.settings import Settings
from probes.vantage import Outcome
from profiles.loader import load_profile
from profiles.recognition import AUTO
from tests.probes.simulated import simulated

PROFILE = load_profile(None, {name: probe.transport for name, probe in PROBES.items()})
ROLES = [role.id for role in PROFILE.roles if not role.hosts]
NEVER = 1e6
SETTINGS = Settings()


class Pipe:
    def close(self) -> None:
        pass


@dataclass
class Network:
    """Every end of every attempt is drawn by lot, those just before a deadline most of all."""

    draw: random.Random
    settings: Settings
    info: object = None
    descriptors: int = 100_000
    pending: set[asyncio.TimerHandle] = field(default_factory=set)

    def seconds(self, most: float) -> float:
        return self.draw.choice((0.001, self.draw.uniform(0, most), most * 0.999, NEVER))

    def connect(self, address, port, timeout, done, *, keep):
        loop, after = asyncio.get_running_loop(), self.seconds(timeout)
        how = self.draw.choice(
            ((State.OPEN, Reason.SYN_ACK), (State.OPEN, Reason.SYN_ACK),
             (State.CLOSED, Reason.CONN_REFUSED), (State.UNREACHABLE, Reason.HOST_UNREACH))
        )  # fmt: skip
        if after > timeout:
            after, how = timeout, (State.FILTERED, Reason.NO_RESPONSE)
        pipe = Pipe() if keep and how[0] is State.OPEN else None
        outcome = Outcome(*how, address, latency_ms=after * 1000, pipe=pipe)
        return loop.call_later(after, done, outcome).cancel

    async def datagram(self, address, timeout, reason) -> Outcome:
        after = self.seconds(timeout)
        await asyncio.sleep(min(after, timeout))
        if after > timeout:
            return Outcome(State.OPEN_FILTERED, Reason.NO_RESPONSE, address)
        how = self.draw.choice(((State.OPEN, reason), (State.CLOSED, Reason.PORT_UNREACH)))
        return Outcome(*how, address, latency_ms=after * 1000, data=b"x")

    async def exchange(self, address, port, payload, timeout, accept) -> Outcome:
        return await self.datagram(address, timeout, Reason.UDP_RESPONSE)

    async def ping(self, address, timeout) -> Outcome:
        return await self.datagram(address, timeout, Reason.ECHO_REPLY)

    async def resolve(self, name) -> Resolution:
        await asyncio.sleep(self.draw.uniform(0, 5))
        return Resolution(name, tuple(f"10.1.0.{at}" for at in range(self.draw.randint(0, 3))))

    async def reverse(self, address) -> Resolution:
        await asyncio.sleep(self.seconds(5))
        return Resolution(address, ())

    srv = reverse

    def interface(self, source):
        return None

    def neighbour_mac(self, address):
        return ""

    def unresolved_neighbour(self, address):
        return None


@dataclass(frozen=True)
class Dawdling:
    """A probe whose service answers when the lot says, rightly, otherwise or never."""

    network: Network
    transport: str
    domain_controller: bool = False

    def is_ipv4_only(self, port):
        return False

    def load(self):
        if self.transport == "icmp":
            return None

        async def ask(call: Call) -> Answer:
            draw = self.network.draw
            if self.transport == "udp":
                for _ in range(draw.randint(1, 3)):
                    await call.exchange(b"?", lambda data: True)
            await asyncio.sleep(self.network.seconds(call.patience))
            if draw.random() < 0.3:
                raise Unexpected("a web server")
            return Answer(draw.choice((Service.CONFIRMED, Service.NOT_ASKED)), {"summary": "x"})

        return ask


def measure(seed: int, hosts: list[str], roles: list[str], chosen: Settings) -> None:
    """Run it in simulated time, and hold every bound that was told against the end."""
    told: list[tuple[float, float]] = []
    ended: list[float] = []

    async def main() -> None:
        network = Network(random.Random(seed), chosen)
        loop = asyncio.get_running_loop()

        def report(events) -> None:
            ended.extend(loop.time() for event in events if isinstance(event, Finished))

        run = Scheduler(
            network,
            {name: Dawdling(network, probe.transport) for name, probe in PROBES.items()},
            PROFILE,
            PROFILE.default_answers,
            chosen,
            report,
            NO_OPTIONS,
        )
        targets = [Target(role, host) for role in roles for host in hosts]
        run.add(plan(PROFILE, targets))
        while not ended:
            latest = run.latest_end()
            if latest is not None:
                told.append((loop.time(), latest))
            assert not told or loop.time() < told[-1][1] + 60, "it is never over"
            await asyncio.sleep(0.5)

    simulated(main, turn=1e-9)
    for when, latest in told:
        assert ended[0] <= latest, (when, latest, ended[0])
    assert told == sorted(told, key=lambda one: -one[1]), "it only comes nearer"
    # No end is told while a name is looked up or a role looked for: that may be the last of all.
    if not any(host.isalpha() for host in hosts) and AUTO not in roles:
        assert told


@settings(max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    hosts=st.lists(st.sampled_from(["10.0.0.1", "10.0.0.2", "web"]), min_size=1, unique=True),
    roles=st.lists(st.sampled_from(ROLES), min_size=1, max_size=4, unique=True),
    chosen=st.builds(
        Settings,
        timeout=st.sampled_from([0.3, 1.0, 2.0, 4.0]),
        answer_timeout=st.sampled_from([1.0, 15.0]),
        retries=st.integers(0, 2),
        concurrency=st.sampled_from([1, 3, 1000]),
        per_host=st.integers(1, 3),
    ),
)
def test_a_run_is_never_over_after_the_bound(seed, hosts, roles, chosen):
    measure(seed, hosts, roles, chosen)


def row(key: str, **more) -> RemainingRow:
    return RemainingRow(key, **{"queue": "10.0.0.1", "transport": "tcp", **more})


def left(*rows: RemainingRow, limit: int = 1000, named: bool = False) -> float:
    return seconds_left(rows, SETTINGS, limit, named=named)


def test_nothing_is_left_but_the_end_where_no_row_remains():
    assert 0 < left() <= 1


def test_rows_side_by_side_take_as_long_as_one_and_rows_in_turn_longer():
    alone = left(row("a"))
    assert alone >= 2 * SETTINGS.timeout + SETTINGS.answer_timeout
    assert left(row("a"), row("b", queue="10.0.0.2")) == pytest.approx(alone, abs=0.1)
    after = left(row("a"), row("b", queue="10.0.0.2", after=("a",)))
    assert after > 1.9 * alone
    assert left(*(row(f"{number}") for number in range(6))) > alone


def test_a_ring_of_rows_that_wait_for_each_other_has_a_bound_too():
    ring = [row("a", after=("b",)), row("b", after=("a", "b"))]
    assert left(row("a")) < left(*ring) < 3 * left(row("a"))


def test_what_a_row_has_spent_in_flight_is_not_left():
    assert left(row("a", elapsed=5.0)) == pytest.approx(left(row("a")) - 5)
    assert left(row("a", elapsed=1e9)) == pytest.approx(left(), abs=0.6)
    assert left(row("a", connected=True)) < left(row("a"))


@pytest.mark.parametrize("transport", ["tcp", "udp", "icmp"])
def test_more_addresses_fewer_attempts_and_names_take_longer(transport):
    one = left(row("a", transport=transport))
    assert left(row("a", transport=transport, addresses=3)) > one
    assert left(row("a", transport=transport), named=True) > one
    many = [row(f"{at}", transport=transport, queue=f"10.0.0.{at}") for at in range(100)]
    assert left(*many, limit=10) > left(*many, limit=1000)


def test_of_too_many_rows_there_is_no_bound():
    async def main() -> None:
        network = Network(random.Random(1), SETTINGS)
        probes = {name: Dawdling(network, one.transport) for name, one in PROBES.items()}
        answers = PROFILE.default_answers
        run = Scheduler(network, probes, PROFILE, answers, SETTINGS, lambda events: None)
        hosts = [
            Target("unix.target", f"10.{at // 250}.0.{at % 250 + 1}") for at in range(MAX_ROWS)
        ]
        run.add(plan(PROFILE, hosts))
        assert run.latest_end() is not None
        run.add(plan(PROFILE, [Target("unix.target", "10.200.0.1")]))
        assert run.latest_end() is None
        run.stop()
        assert run.latest_end() is None

    simulated(main)


def test_while_the_role_of_a_host_is_looked_for_there_is_no_bound():
    told: list[tuple[bool, float | None]] = []

    async def main() -> None:
        network = Network(random.Random(1), SETTINGS)
        probes = {name: Dawdling(network, one.transport) for name, one in PROBES.items()}
        ends = []
        looked_for = {"10.0.0.2"}

        def report(events) -> None:
            ends.extend(event for event in events if isinstance(event, Finished))
            for event in events:
                if isinstance(event, Result) and event.job.check.role == AUTO:
                    looked_for.discard(event.job.target.host)

        run = Scheduler(network, probes, PROFILE, PROFILE.default_answers, SETTINGS, report)
        run.add(plan(PROFILE, [Target("unix.target", "10.0.0.1")]))
        told.append((False, run.latest_end()))
        run.add(plan(PROFILE, [Target(AUTO, "10.0.0.2")]))
        while not ends:
            run.flush()
            told.append((bool(looked_for), run.latest_end()))
            await asyncio.sleep(0.25)

    simulated(main, turn=1e-9)
    assert told[0][1] is not None
    assert any(looking for looking, _ in told)
    assert not any(latest for looking, latest in told if looking)

"""Connects side by side to one address or several, on a loop without waiting."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable

import pytest

from probes.model import Reason, State
from probes.vantage import Outcome
from probes.vantage.repeated_connect import RepeatedConnect
from tests.probes.simulated import simulated

TIMEOUT = 4.0
OPEN = (State.OPEN, Reason.SYN_ACK)
CLOSED = (State.CLOSED, Reason.CONN_REFUSED)
UNREACHABLE = (State.UNREACHABLE, Reason.HOST_UNREACH)
SILENT = (State.FILTERED, Reason.NO_RESPONSE)
End = tuple[float, tuple[State, Reason]]


class Pipe:
    closed = False

    def close(self) -> None:
        self.closed = True


class Network:
    """Connects end as is given for each of an address, in their order; the last way stays."""

    def __init__(self, ends: dict[str, list[End]], free: int = 99) -> None:
        self.ends = ends
        self.free = free
        self.order: list[str] = []
        self.cancelled: list[str] = []
        self.pipes: list[Pipe] = []

    def connect(self, address, port, timeout, done, *, keep):
        if len(self.order) >= self.free:
            raise OSError(errno.EMFILE, "none left")
        given = self.ends.get(address, [(TIMEOUT, SILENT)])
        place = self.order.count(address)
        self.order.append(address)
        after, (state, reason) = given[min(place, len(given) - 1)]

        def end() -> None:
            outcome = Outcome(state, reason, address, elapsed_ms=after * 1000)
            if state is State.OPEN:
                self.pipes.append(Pipe())
                outcome.pipe = self.pipes[-1]  # type: ignore[assignment]
            done(outcome)

        timer = asyncio.get_running_loop().call_later(after, end)

        def cancel() -> None:
            if not timer.cancelled() and timer.when() > asyncio.get_running_loop().time():
                self.cancelled.append(address)
            timer.cancel()

        return cancel


def connected(
    network: Network,
    *addresses: str,
    beside: float = 1.1,
    act: Callable[[RepeatedConnect], Awaitable[None]] | None = None,
) -> tuple[list[tuple[Outcome, tuple[Outcome, ...]]], RepeatedConnect]:
    """Reports and the connects; a second one begins after so many seconds."""
    told: list[tuple[Outcome, tuple[Outcome, ...]]] = []
    kept: list[RepeatedConnect] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        connects = RepeatedConnect(
            loop,
            network,  # type: ignore[arg-type]
            addresses,
            80,
            TIMEOUT,
            lambda outcome, tried=(): told.append((outcome, tried)),
            keep=True,
        )
        kept.append(connects)
        connects.begin()
        if act is not None:
            await act(connects)
        else:
            await asyncio.sleep(beside)
            if not told and connects.is_silent:
                connects.begin()
        await asyncio.sleep(20)

    simulated(main)
    return told, kept[0]


def states(connects: RepeatedConnect) -> list[tuple[str, State]]:
    return [(one.address, one.state) for one, _ in connects.ended]


def test_every_address_that_says_nothing_is_asked_again() -> None:
    network = Network({})
    told, connects = connected(network, "a", "b")
    assert network.order == ["a", "b", "a", "b"]
    ((outcome, tried),) = told
    assert outcome.reason is Reason.NO_RESPONSE
    assert [one.address for one in tried] == ["a", "b"]
    assert states(connects) == [(one, State.FILTERED) for one in "abab"]
    assert connects.attempts == 2


def test_what_opens_in_the_second_round_ends_both() -> None:
    network = Network({"b": [(TIMEOUT, SILENT), (0.02, OPEN)]})
    told, connects = connected(network, "a", "b")
    ((outcome, _),) = told
    assert (outcome.address, outcome.state) == ("b", State.OPEN)
    assert sorted(network.cancelled) == ["a", "a", "b"]
    # Those that were under way had not answered by then, and are not called silent.
    assert sorted(states(connects)) == [
        ("a", State.NOT_RUN),
        ("a", State.NOT_RUN),
        ("b", State.NOT_RUN),
        ("b", State.OPEN),
    ]


def test_every_address_has_the_time_of_its_own_end() -> None:
    ends = {"a": [(0.1, CLOSED)], "b": [(0.05, UNREACHABLE)], "c": [(0.4, OPEN)]}
    network = Network(ends)
    _, connects = connected(network, *ends)
    # The next address follows at once where one has failed, and else after 250 ms (RFC 8305).
    told = {one.address: (ended - one.elapsed_ms / 1000, ended) for one, ended in connects.ended}
    assert told["a"] == pytest.approx((0, 0.1))
    assert told["b"] == pytest.approx((0.1, 0.15))
    assert told["c"] == pytest.approx((0.15, 0.55))


@pytest.mark.parametrize("said", [CLOSED, UNREACHABLE])
def test_nothing_is_repeated_beside_an_address_that_has_answered_in_any_way(said) -> None:
    network = Network({"a": [(0.02, said)]})
    connected(network, "a", "b")
    assert network.order == ["a", "b"]


def test_a_late_answer_to_the_first_connect_is_the_one_that_counts() -> None:
    network = Network({"a": [(3.9, OPEN), (TIMEOUT, SILENT)]})
    told, connects = connected(network, "a")
    assert [outcome.state for outcome, _ in told] == [State.OPEN]
    assert states(connects) == [("a", State.OPEN), ("a", State.NOT_RUN)]


def test_a_cancelled_connect_reports_nothing_and_tells_what_was_begun() -> None:
    network = Network({"a": [(2.0, OPEN)]})

    async def act(connects: RepeatedConnect) -> None:
        await asyncio.sleep(1.1)
        connects.begin()
        await asyncio.sleep(0.1)
        connects.cancel()

    told, connects = connected(network, "a", act=act)
    assert told == []
    assert states(connects) == [("a", State.NOT_RUN)] * 2
    assert [round(one.elapsed_ms) for one, _ in connects.ended] == [1200, 100]
    assert connects.attempts == 2


def test_a_connection_that_opens_after_the_end_is_closed() -> None:
    network = Network({})

    async def act(connects: RepeatedConnect) -> None:
        connects.cancel()
        pipe = Pipe()
        late = Outcome(*OPEN, "a")
        late.pipe = pipe  # type: ignore[assignment]
        connects._on_connected(0, late)
        network.pipes.append(pipe)

    told, _ = connected(network, "a", act=act)
    assert told == []
    assert network.pipes[0].closed


def test_without_a_descriptor_for_the_second_connect_the_first_goes_on() -> None:
    network = Network({"a": [(2.0, OPEN)]}, free=1)

    async def act(connects: RepeatedConnect) -> None:
        await asyncio.sleep(1.1)
        with pytest.raises(OSError, match="none left"):
            connects.begin()

    told, connects = connected(network, "a", act=act)
    assert [outcome.state for outcome, _ in told] == [State.OPEN]
    assert connects.attempts == 1

from __future__ import annotations

import asyncio
import errno
import socket

from probes.model import Reason, State
from probes.vantage import Outcome
from probes.vantage.happy_eyeballs import HappyEyeballs
from probes.vantage.local.tcp import SocketPipe


class Hand:
    """A vantage whose connects end when the test says so."""

    def __init__(self) -> None:
        self.open: dict[str, object] = {}
        self.order: list[str] = []
        self.cancelled: list[str] = []
        self.refuse_descriptors = 0
        self.tried_b = asyncio.Event()

    def connect(self, address, port, timeout, done, *, keep):
        if self.refuse_descriptors:
            self.refuse_descriptors -= 1
            raise OSError(errno.EMFILE, "none left")
        self.order.append(address)
        self.open[address] = done
        if address == "b":
            self.tried_b.set()

        def cancel():
            if self.open.pop(address, None):
                self.cancelled.append(address)

        return cancel

    def end(self, address, state, reason):
        self.open.pop(address)(Outcome(state, reason, address))


def start(hand, *addresses):
    told = []
    attempts = HappyEyeballs(hand, addresses, 80, 4.0, lambda *said: told.append(said), keep=False)
    attempts.try_first()
    return attempts, told


async def test_the_next_address_is_tried_at_once_when_one_is_refused():
    hand = Hand()
    _, told = start(hand, "a", "b")
    hand.end("a", State.CLOSED, Reason.CONN_REFUSED)
    assert hand.order == ["a", "b"]
    hand.end("b", State.OPEN, Reason.SYN_ACK)
    ((outcome, tried),) = told
    assert outcome.address == "b"
    assert [one.address for one in tried] == ["a", "b"]


async def test_an_open_address_ends_the_attempts_beside_it():
    hand = Hand()
    attempts, told = start(hand, "a", "b")
    attempts._try_next()
    hand.end("b", State.OPEN, Reason.SYN_ACK)
    assert hand.cancelled == ["a"]
    outcome, tried = told[0]
    assert outcome.address == "b"
    # One that was asked before it and had not answered is told, and is not called silent.
    assert [(one.address, one.state) for one in tried] == [
        ("b", State.OPEN),
        ("a", State.NOT_RUN),
    ]


async def test_an_address_that_was_asked_after_the_one_that_opened_is_not_told():
    hand = Hand()
    attempts, told = start(hand, "a", "b")
    attempts._try_next()
    hand.end("a", State.OPEN, Reason.SYN_ACK)
    assert [one.address for one in told[0][1]] == ["a"]


async def test_the_most_telling_failure_is_reported_when_none_opens():
    hand = Hand()
    attempts, told = start(hand, "a", "b", "c")
    attempts._try_next()
    attempts._try_next()
    hand.end("a", State.FILTERED, Reason.NO_RESPONSE)
    hand.end("b", State.CLOSED, Reason.CONN_REFUSED)
    assert told == []
    hand.end("c", State.UNREACHABLE, Reason.NET_UNREACH)
    assert told[0][0].address == "b"


async def test_silence_tells_more_than_having_no_route():
    hand = Hand()
    attempts, told = start(hand, "a", "b")
    attempts._try_next()
    hand.end("b", State.UNREACHABLE, Reason.NET_UNREACH)
    hand.end("a", State.FILTERED, Reason.NO_RESPONSE)
    assert told[0][0].address == "a"


async def test_a_late_connection_is_closed_and_not_leaked():
    hand = Hand()
    attempts, told = start(hand, "a")
    done = hand.open["a"]
    attempts.cancel()
    left, right = socket.socketpair()
    done(Outcome(State.OPEN, Reason.SYN_ACK, "a", pipe=SocketPipe(left)))
    assert told == []
    assert left.fileno() == -1
    right.close()


async def test_a_missing_descriptor_for_the_second_address_is_waited_for(monkeypatch):
    monkeypatch.setattr("probes.vantage.happy_eyeballs.ATTEMPT_DELAY", 0.001)
    hand = Hand()
    _, told = start(hand, "a", "b")
    hand.refuse_descriptors = 1
    hand.end("a", State.CLOSED, Reason.CONN_REFUSED)
    await asyncio.wait_for(hand.tried_b.wait(), 5)
    hand.end("b", State.CLOSED, Reason.CONN_REFUSED)
    assert len(told) == 1

"""A connection that was handed over: opened once or closed, and never left behind."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator

import pytest

from probes.call import Call
from probes.model import Reason, State
from probes.ssh.banner import BannerSniffer
from probes.ssh.probe import ask
from probes.vantage import Outcome
from probes.vantage.local.tcp import SocketPipe
from probes.vantage.stream import open_stream


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A socket and its peer."""
    ours, theirs = socket.socketpair()
    theirs.settimeout(5)
    yield ours, theirs
    ours.close()
    theirs.close()


async def turns(count: int) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def ended(task: asyncio.Task[object]) -> None:
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    # A transport closes its socket in the turn after it was closed itself.
    await turns(2)


async def test_an_opened_pipe_is_its_transports_to_close(ends) -> None:
    ours, theirs = ends
    pipe = SocketPipe(ours)
    stream = await open_stream(pipe)
    pipe.close()
    await stream.send(b"hello")
    assert theirs.recv(100) == b"hello"
    await stream.close()
    await turns(2)
    assert ours.fileno() == -1


async def test_a_pipe_that_was_never_opened_is_closed_once_and_again(ends) -> None:
    ours, theirs = ends
    pipe = SocketPipe(ours)
    pipe.close()
    pipe.close()
    assert ours.fileno() == -1
    assert theirs.recv(100) == b""


async def test_a_closed_pipe_and_an_opened_one_cannot_be_opened(ends) -> None:
    closed, open_ = (SocketPipe(sock) for sock in ends)
    closed.close()
    with pytest.raises(OSError, match="descriptor"):
        await open_stream(closed)
    stream = await open_stream(open_)
    with pytest.raises(OSError, match="connected"):
        await open_stream(open_)
    await stream.close()


async def test_a_protocol_that_cannot_be_made_leaves_nothing_open(ends) -> None:
    ours, _ = ends

    def failing() -> asyncio.Protocol:
        raise LookupError

    with pytest.raises(LookupError):
        await SocketPipe(ours).open(failing)
    assert ours.fileno() == -1


@pytest.mark.parametrize("after", range(4))
async def test_opening_that_is_cancelled_leaves_nothing_open(ends, after: int) -> None:
    """In whichever turn of the loop it is, with the close of whoever has the pipe."""
    ours, theirs = ends
    pipe = SocketPipe(ours)
    task = asyncio.create_task(pipe.open(asyncio.Protocol))
    await turns(after)
    if task.done():
        task.result().abort()
        await turns(2)
    else:
        await ended(task)
    pipe.close()
    assert ours.fileno() == -1
    assert theirs.recv(100) == b""


@pytest.fixture
async def call(kit, ends) -> Call:
    """A call on a connection that was just opened."""
    job = kit.job(kit.check("a"))
    pipe = SocketPipe(ends[0])
    outcome = Outcome(State.OPEN, Reason.SYN_ACK, "10.0.0.1", pipe=pipe)
    return Call(kit.Scripted(), job, "10.0.0.1", 4.0, 0, 0.0, outcome=outcome)


@pytest.mark.parametrize("after", range(3))
@pytest.mark.parametrize("asks", [Call.stream, ask])
async def test_a_conversation_that_is_cancelled_as_it_begins_leaves_nothing_open(
    ends, call: Call, after: int, asks
) -> None:
    task = asyncio.create_task(asks(call))
    task.add_done_callback(call.close_unused)
    await turns(after)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await call.close()
    await turns(2)
    assert ends[0].fileno() == -1


@pytest.mark.parametrize("after", range(4))
async def test_a_tap_that_ends_early_leaves_nothing_open(ends, after: int) -> None:
    tap = BannerSniffer(SocketPipe(ends[0]))
    task = asyncio.create_task(tap.create_connection(asyncio.Protocol, "10.0.0.1", 22))
    await turns(after)
    tap.close()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await turns(2)
    assert ends[0].fileno() == -1


async def test_a_call_that_takes_no_stream_closes_its_connection(ends, call: Call) -> None:
    await call.close()
    assert ends[0].fileno() == -1

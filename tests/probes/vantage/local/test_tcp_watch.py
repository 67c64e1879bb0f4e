from __future__ import annotations

import asyncio
import errno
import sys

import pytest

from probes.model import Reason, State
from probes.vantage.local import tcp
from probes.vantage.local.tcp import Connector
from probes.vantage.stream import open_stream

linux = pytest.mark.skipif(sys.platform != "linux", reason="epoll is Linux's")


@pytest.fixture(params=["own", "loop's"])
def connector_of(request, monkeypatch):
    """Makes connectors of this platform's watch, and of the one every platform has."""
    if request.param == "loop's":
        monkeypatch.setattr(tcp, "write_watcher", tcp._LoopWatcher)
        monkeypatch.setattr(tcp, "_TCP_INFO", 0)
    made = []

    def make():
        made.append(Connector(asyncio.get_running_loop()))
        return made[-1]

    yield make
    for one in made:
        one.close()


async def outcome(connector, port, *, keep=False):
    future = asyncio.get_running_loop().create_future()
    connector.connect("127.0.0.1", port, 5.0, future.set_result, keep=keep)
    return await asyncio.wait_for(future, 30)


async def test_every_watch_tells_open_from_closed(connector_of, listening, closed):
    connector = connector_of()
    opened, refused = await outcome(connector, listening), await outcome(connector, closed)
    assert (opened.state, opened.reason) == (State.OPEN, Reason.SYN_ACK)
    assert (refused.state, refused.reason) == (State.CLOSED, Reason.CONN_REFUSED)
    assert refused.errno == errno.ECONNREFUSED


async def test_a_kept_connection_is_the_loops_to_use(connector_of):
    async def serve(reader, writer):
        writer.write(await reader.read(100))
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server:
        kept = await outcome(connector_of(), port, keep=True)
        stream = await open_stream(kept.pipe)
        await stream.send(b"hello")
        assert await asyncio.wait_for(stream.read(), 5) == b"hello"
        await stream.close()


async def test_one_failing_callback_costs_no_other_its_answer(connector_of, listening):
    loop = asyncio.get_running_loop()
    faults, answers, all_seen = [], [], asyncio.Event()
    loop.set_exception_handler(lambda _, context: faults.append(context["exception"]))
    connector = connector_of()

    def failing(_):
        raise LookupError

    def answered(one):
        answers.append(one.state)
        if len(answers) == 20:
            all_seen.set()

    for number in range(21):
        done = failing if number == 3 else answered
        connector.connect("127.0.0.1", listening, 5.0, done, keep=False)
    await asyncio.wait_for(all_seen.wait(), 5)
    assert [type(fault) for fault in faults] == [LookupError]
    assert set(answers) == {State.OPEN}


@linux
async def test_a_word_about_a_connect_under_way_is_no_answer(listening, monkeypatch):
    """A descriptor's number may be new while the word is about the socket that had it before."""
    connector = Connector(asyncio.get_running_loop())
    seen = []
    monkeypatch.setattr(tcp._ConnectAttempt, "_tcp_info", lambda self: bytes([2]) + bytes(103))
    cancel = connector.connect("127.0.0.1", listening, 5.0, seen.append, keep=False)
    cancel.__self__._on_ready(False)
    assert seen == []
    cancel()
    connector.close()

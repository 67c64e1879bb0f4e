"""A probe made of a coroutine, and a port that listens."""

from __future__ import annotations

import asyncio
import sys
import types
from dataclasses import replace

import pytest

from probes.registry import PROBES


@pytest.fixture
def a_probe(monkeypatch):
    """Make a coroutine loadable as a probe's module."""

    def make(transport, ask):
        module = types.ModuleType("a_probe_for_tests")
        module.ask = ask
        monkeypatch.setitem(sys.modules, "a_probe_for_tests", module)
        return replace(PROBES["tcp"], transport=transport, module="a_probe_for_tests")

    return make


@pytest.fixture
async def a_server(kit):
    """A real listening port and a vantage that really connects."""
    from probes.vantage.local.tcp import Connector

    held: list[asyncio.StreamWriter] = []

    async def serve(reader, writer):
        held.append(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    connector = Connector(asyncio.get_running_loop())

    class Real(kit.Scripted):
        def connect(self, address, port, timeout, done, *, keep):
            return connector.connect(address, port, timeout, done, keep=keep)

    yield server.sockets[0].getsockname()[1], Real()
    connector.close()
    for writer in held:
        writer.transport.abort()
    server.close()
    await server.wait_closed()
